import type { ObjectAttributes, ObjectHeaders } from '@stowage/core'
import { listHeader, parseQuery } from '@stowage/http'
import type { QueryPair } from '@stowage/http'
import { S3Error } from '../../s3-error.ts'
import type { S3Headers } from '../../s3-headers.ts'

/** The content headers that S3 keeps with an object, and the names they have in the engine. */
export const CONTENT_HEADERS: readonly (readonly [header: string, field: keyof ObjectHeaders])[] = [
  ['content-type', 'contentType'],
  ['cache-control', 'cacheControl'],
  ['content-disposition', 'contentDisposition'],
  ['content-encoding', 'contentEncoding'],
  ['content-language', 'contentLanguage'],
  ['expires', 'expires'],
  ['x-amz-website-redirect-location', 'websiteRedirectLocation'],
  ['x-amz-storage-class', 'storageClass'],
]

const META = 'x-amz-meta-'
/** They are kept and shown; all bytes lie in the same place. API_PutObject. */
const STORAGE_CLASSES: ReadonlySet<string> = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'GLACIER_IR',
  'DEEP_ARCHIVE',
])
const CANNED_ACLS_OF_AN_ENFORCED_BUCKET: ReadonlySet<string> = new Set(['private', 'bucket-owner-full-control'])

/** What the headers of a write say about the object besides its bytes. API_PutObject, API_CreateMultipartUpload. */
export function readObjectAttributes(headers: S3Headers): ObjectAttributes {
  refuseAcl(headers)
  const content: { -readonly [field in keyof ObjectHeaders]: ObjectHeaders[field] } = {}
  for (const [header, field] of CONTENT_HEADERS) {
    const value = field === 'contentEncoding' ? readContentEncoding(headers) : headers.get(header)
    if (value !== undefined && value !== '') content[field] = value
  }
  checkStorageClass(content.storageClass)
  const tagging = headers.get('x-amz-tagging')
  return {
    headers: content,
    userMetadata: readUserMetadata(headers),
    ...(tagging === undefined ? {} : { tags: readTagging(tagging) }),
  }
}

/** Only what a bucket without ACLs accepts (BucketOwnerEnforced, the default since 2023); grants would be promises we do not keep. */
export function refuseAcl(headers: S3Headers): void {
  const acl = headers.get('x-amz-acl')
  if (acl !== undefined && !CANNED_ACLS_OF_AN_ENFORCED_BUCKET.has(acl)) {
    throw new S3Error('AccessControlListNotSupported', 'The bucket does not allow ACLs.')
  }
}

/** `x-amz-meta-*`, names in lower case; values are Latin-1 bytes on the wire and mean UTF-8. Values of one name are joined. */
function readUserMetadata(headers: S3Headers): Readonly<Record<string, string>> {
  // A null prototype: `__proto__` is a name like any other.
  const metadata: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of headers.all) {
    if (!name.startsWith(META)) continue
    const key = name.slice(META.length)
    const text = utf8FromLatin1(value)
    const former = metadata[key]
    metadata[key] = former === undefined ? text : `${former},${text}`
  }
  return metadata
}

function readTagging(header: string): Readonly<Record<string, string>> {
  const tags: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of parseTagging(header)) {
    if (Object.hasOwn(tags, name)) throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key')
    tags[name] = value
  }
  return tags
}

function parseTagging(header: string): readonly QueryPair[] {
  try {
    return parseQuery(header)
  } catch (error) {
    throw new S3Error('InvalidArgument', "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters.", {
      fields: { ArgumentName: 'x-amz-tagging' },
      cause: error,
    })
  }
}

/** The codings of the content, in order; `aws-chunked` names the transfer. Undefined where nothing is left. */
function readContentEncoding(headers: S3Headers): string | undefined {
  const codings = listHeader(headers.all, 'content-encoding').filter((coding) => coding.toLowerCase() !== 'aws-chunked')
  return codings.length === 0 ? undefined : codings.join(', ')
}

function checkStorageClass(name: string | undefined): void {
  if (name === undefined || STORAGE_CLASSES.has(name)) return
  throw new S3Error('InvalidStorageClass', 'The storage class you specified is not valid', { fields: { StorageClassRequested: name } })
}

function utf8FromLatin1(value: string): string {
  let ascii = true
  for (let index = 0; index < value.length; index++) {
    if (value.charCodeAt(index) > 0x7f) ascii = false
  }
  if (ascii) return value
  const bytes = Uint8Array.from(value, (character) => character.charCodeAt(0))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Latin-1 after all: kept as the characters it stands for.
    return value
  }
}
