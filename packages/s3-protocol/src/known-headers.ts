/**
 * The `x-amz-*` headers that some operation reads, or that may be passed over because they ask for nothing.
 * Any other one might change what a request means, so it is refused by name (501) rather than ignored.
 */
const READ: ReadonlySet<string> = new Set([
  'x-amz-acl',
  'x-amz-bypass-governance-retention',
  'x-amz-checksum-algorithm',
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc32c',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-mode',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
  'x-amz-checksum-type',
  'x-amz-content-sha256',
  'x-amz-confirm-remove-self-bucket-access',
  'x-amz-copy-source',
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-modified-since',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-unmodified-since',
  'x-amz-copy-source-range',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-expected-bucket-owner',
  'x-amz-max-parts',
  'x-amz-metadata-directive',
  'x-amz-mp-object-size',
  'x-amz-object-attributes',
  'x-amz-object-ownership',
  'x-amz-part-number-marker',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-security-token',
  'x-amz-source-expected-bucket-owner',
  'x-amz-storage-class',
  'x-amz-tagging',
  'x-amz-tagging-directive',
  'x-amz-trailer',
  'x-amz-website-redirect-location',
])

/** They name the client, or who pays; nothing here depends on them. */
const WITHOUT_MEANING: ReadonlySet<string> = new Set([
  'x-amz-user-agent',
  'x-amz-request-payer',
  'x-amz-optional-object-attributes',
  'x-amz-te',
])

/** Whether a header in S3's name space may be passed over wherever it stands. */
export function isWithoutMeaning(name: string): boolean {
  return WITHOUT_MEANING.has(name)
}

const COPIES: ReadonlySet<string> = new Set(['CopyObject', 'UploadPartCopy'])

/** Headers that would change any request they are on, and that only some operations read. */
const ONLY_ON: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['x-amz-bypass-governance-retention', new Set(['DeleteObject', 'DeleteObjects'])],
  // The owner can always take a policy back: there is nobody to protect from himself.
  ['x-amz-confirm-remove-self-bucket-access', new Set(['PutBucketPolicy'])],
  ['x-amz-copy-source', COPIES],
  ['x-amz-copy-source-if-match', COPIES],
  ['x-amz-copy-source-if-modified-since', COPIES],
  ['x-amz-copy-source-if-none-match', COPIES],
  ['x-amz-copy-source-if-unmodified-since', COPIES],
  ['x-amz-copy-source-range', new Set(['UploadPartCopy'])],
])

/** Whether a header may be on a request for this operation: it is not S3's, it is user metadata, or it is one that is known there. */
export function isKnownHeader(name: string, operation: string): boolean {
  if (!name.startsWith('x-amz-') || name.startsWith('x-amz-meta-') || WITHOUT_MEANING.has(name)) return true
  return READ.has(name) && ONLY_ON.get(name)?.has(operation) !== false
}
