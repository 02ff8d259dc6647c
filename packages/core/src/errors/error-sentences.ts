import type { StorageErrorCode, StorageErrorDetails } from './error-details.ts'

type Sentences = { readonly [C in StorageErrorCode]: (details: StorageErrorDetails[C]) => string }

/** What each error says where nobody said more: a sentence with the values that matter, no secret, no path but one the caller gave. */
const SENTENCES: Sentences = {
  AccessDenied: ({ action }) => `${action} is not allowed.`,
  BackendUnavailable: ({ backend, operation }) => `The backend ${backend} could not ${operation}.`,
  BlobNotFound: ({ blob }) => `The blob ${blob} is not in the backend.`,
  BlobDamaged: ({ blob, reason }) => `The blob ${blob} is damaged: ${reason}.`,
  BucketAlreadyExists: ({ bucket }) => `There is a bucket ${bucket} already.`,
  BucketNotEmpty: ({ bucket }) => `The bucket ${bucket} is not empty.`,
  BucketPolicyNotFound: ({ bucket }) => `The bucket ${bucket} has no policy.`,
  BucketNotFound: ({ bucket }) => `There is no bucket ${bucket}.`,
  ChecksumMismatch: ({ algorithm, expected, actual }) =>
    `The ${algorithm} you specified (${expected}) did not match what we received (${actual}).`,
  Conflict: ({ what }) => `Other writers were faster: ${what}. Try again.`,
  DirectoryInUse: ({ directory }) => `The directory ${directory} is in use by another process.`,
  DeleteMarkerFound: ({ key, versionId }) => `The version ${versionId} of ${key} is a delete marker.`,
  IncompleteBody: ({ expected, actual }) => `The body should have had ${expected} bytes and had ${actual}.`,
  InvalidArgument: ({ argument, reason }) => `The value of ${argument} is not valid: ${reason}.`,
  InvalidBucketName: ({ bucket, reason }) => `${JSON.stringify(bucket)} cannot be a bucket's name: ${reason}.`,
  InvalidPart: ({ partNumber, reason }) => `Part ${partNumber} cannot be used: ${reason}.`,
  InvalidPartOrder: ({ partNumber }) => `Part ${partNumber} is not in ascending order.`,
  InvalidRange: ({ size }) => `The range lies outside the ${size} bytes that there are.`,
  KeyTooLong: ({ length, max }) => `The key has ${length} bytes, and ${max} are the most.`,
  LimitExceeded: ({ limit, max }) => `The limit ${limit} is ${max}.`,
  MalformedPolicy: ({ place, reason }) => `The policy is not valid: ${place} ${reason}.`,
  NotModified: ({ etag }) => `What you have, ${etag}, is current.`,
  NotSupported: ({ feature }) => `${feature} is not supported.`,
  ObjectLocked: ({ key, versionId }) => `The version ${versionId} of ${key} is locked.`,
  ObjectNotFound: ({ key }) => `There is no object ${key}.`,
  ObjectTooLarge: ({ size, max }) => `${size} bytes are too many: ${max} are the most.`,
  OffsetMismatch: ({ expected, actual }) => `The upload stands at byte ${actual}, not at ${expected}.`,
  OutcomeUnknown: ({ command }) => `Whether ${command} was carried out is not known. Read back to find out.`,
  PartTooSmall: ({ partNumber, size, min }) => `Part ${partNumber} has ${size} bytes, and ${min} are the least.`,
  PolicyFailed: ({ reason }) => `The policy could not be evaluated: ${reason}.`,
  PreconditionFailed: ({ condition }) => `The condition ${condition} does not hold.`,
  SchemaTooNew: ({ found, supported }) =>
    `The metadata has schema ${found}, written by a newer release. This one knows schemas up to ${supported}: use the newer release.`,
  SchemaTooOld: ({ found, needed }) =>
    `The metadata has ${found === 0 ? 'no schema' : `schema ${found}`}, and schema ${needed} is needed: a server of this release brings it up to date when it starts.`,
  StorageFull: ({ where }) => `There is no space left in ${where}.`,
  StoreNotUsable: ({ reason }) => `The metadata store cannot be used as it is: ${reason}.`,
  StoreUnavailable: ({ store, reason }) => `The metadata store ${store} is not available: ${reason}.`,
  UploadNotFound: ({ uploadId }) => `There is no upload ${uploadId}.`,
  VersionNotFound: ({ key, versionId }) => `There is no version ${versionId} of ${key}.`,
}

/** The sentence for an error. */
export function errorSentence<C extends StorageErrorCode>(code: C, details: StorageErrorDetails[C]): string {
  return SENTENCES[code](details)
}
