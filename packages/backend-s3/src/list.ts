import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { StorageError } from '@stowage/core/backend'
import type { BlobEntry, BlobKey, ListBlobsOptions } from '@stowage/core/backend'
import type { FailedCall } from './errors.ts'
import { incompleteAnswer } from './incomplete-answer.ts'
import { readBlobKey } from './read-blob-key.ts'
import { attempt, flatName, objectKey } from './store.ts'
import type { Store } from './store.ts'
import { leadsNowhere } from './upload.ts'

/** In a row. */
const EMPTY_PAGES_MAX = 1_000
const CALL: FailedCall = { operation: 'list', request: 'ListObjectsV2' }

/** Lists blobs as `Backend.list` promises, a page at a time. Objects under the prefix that are no blobs are somebody else's, and left out. */
export async function* listBlobs(store: Store, { prefix, after, signal }: ListBlobsOptions): AsyncGenerator<BlobEntry> {
  let token: string | undefined
  let last = ''
  let emptyPages = 0
  const circle = new Circle()
  do {
    const input = {
      Bucket: store.options.bucket,
      Prefix: store.options.prefix + flatName(prefix),
      // Both at once mean different things to different services.
      ...(token === undefined ? (after === undefined ? {} : { StartAfter: objectKey(store, after) }) : { ContinuationToken: token }),
    }
    const page = await attempt(store, { call: CALL, signal }, (options) => store.client.send(new ListObjectsV2Command(input), options))
    // A 200 with nothing in it is no empty bucket: whoever compares would take every blob for lost.
    if (page.Name === undefined && page.KeyCount === undefined && page.IsTruncated === undefined) throw incompleteAnswer(CALL)
    for (const object of page.Contents ?? []) {
      signal?.throwIfAborted()
      // Left out, a blob would be taken for lost.
      if (object.Key === undefined) throw incompleteAnswer(CALL)
      const key = readBlobKey(store, object.Key)
      if (key === null) continue
      if (object.Size === undefined || object.LastModified === undefined) throw incompleteAnswer(CALL)
      if (key <= last) throw outOfOrder()
      last = key
      if (isWanted(key, { prefix, after })) yield { key, size: object.Size, modifiedAt: object.LastModified }
    }
    if (page.IsTruncated === undefined && page.NextContinuationToken !== undefined) throw incompleteAnswer(CALL)
    if (page.IsTruncated === true && page.NextContinuationToken === undefined) throw outOfOrder()
    const next = page.IsTruncated === true ? page.NextContinuationToken : undefined
    // Pages of others' objects get on; a service that goes round would keep us for good.
    emptyPages = (page.Contents ?? []).length === 0 ? emptyPages + 1 : 0
    if (next !== undefined && (next === token || emptyPages >= EMPTY_PAGES_MAX || circle.isAt(page.Contents?.[0]?.Key)))
      throw leadsNowhere(CALL)
    token = next
  } while (token !== undefined)
}

/** Finds out, in no memory to speak of, when pages come again: names of no listing do. Brent's way: each is held against one before. */
class Circle {
  #before: string | undefined
  #count = 0

  /** Whether the page that begins with this name has been there; known by the time it has come three times. */
  isAt(name: string | undefined): boolean {
    if (name === undefined) return false
    if (name === this.#before) return true
    this.#count += 1
    // At the pages 1, 2, 4, 8: far enough in, and far enough apart, for a circle of any length.
    if (Number.isInteger(Math.log2(this.#count))) this.#before = name
    return false
  }
}

/** A service may give what was not asked for: StartAfter is not known to all. */
function isWanted(key: BlobKey, { prefix, after }: { readonly prefix: string; readonly after: BlobKey | undefined }): boolean {
  return key.startsWith(prefix) && (after === undefined || key > after)
}

/** Whoever compares a listing with rows would take blobs for missing. Directory buckets of AWS (S3 Express) list so. */
function outOfOrder(): StorageError<'NotSupported'> {
  return new StorageError('NotSupported', { feature: 'a bucket whose listings are not in the order of bytes' })
}
