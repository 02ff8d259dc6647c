import { StorageError } from '../errors/storage-error.ts'

declare const blobKey: unique symbol

/** An opaque name that the engine made. Never a user's key; never reused; 1 to 200 of `[a-z0-9/_-]`. */
export type BlobKey = string & { readonly [blobKey]: true }

/** The longest blob key, in characters. */
export const BLOB_KEY_LENGTH_MAX = 200

const PATTERN = /^[a-z0-9_-]+(?:\/[a-z0-9_-]+)*$/

/** Takes a name for a blob key, or throws `InvalidArgument`. No empty segments, no dots: it is safe as a relative path. */
export function parseBlobKey(name: string): BlobKey {
  if (name.length > BLOB_KEY_LENGTH_MAX || !PATTERN.test(name)) {
    throw new StorageError('InvalidArgument', { argument: 'blob', reason: `a blob key is 1 to ${BLOB_KEY_LENGTH_MAX} of [a-z0-9/_-]` })
  }
  return name as BlobKey
}
