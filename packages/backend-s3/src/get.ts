import { Readable } from 'node:stream'
import { StorageError } from '@stowage/core/backend'
import type { BlobKey, ByteRange, GetBlobOptions } from '@stowage/core/backend'
import { BlobReadable } from './blob-readable.ts'
import type { ReadBlob } from './blob-readable.ts'
import { getObjectFacts } from './find-object.ts'
import { openObject } from './open-object.ts'
import type { Store } from './store.ts'

/** Opens a blob as `Backend.get` promises: everything that can be wrong with it is known before the first byte. */
export async function getBlob(store: Store, key: BlobKey, { range, signal }: GetBlobOptions): Promise<Readable> {
  signal?.throwIfAborted()
  if (range !== undefined) checkRange(range)
  if (range !== undefined && range.start === range.end) {
    // S3 has no range of no bytes.
    const { size } = await getObjectFacts(store, key, { operation: 'get', signal })
    if (range.end > size) throw tooShort(key, range, size)
    return Readable.from([], { objectMode: false })
  }
  const end = new AbortController()
  const onAbort = (): void => end.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const opened = await openObject(store, key, { ...(range === undefined ? {} : { range }), signal: end.signal })
    if (range !== undefined && opened.end < range.end) {
      opened.body.destroy()
      throw tooShort(key, range, opened.end)
    }
    return readableOf(store, { key, opened, end })
  } finally {
    // From here on the stream is its reader's: destroying it is how it is given up.
    signal?.removeEventListener('abort', onAbort)
  }
}

function readableOf(store: Store, blob: ReadBlob): BlobReadable {
  try {
    return new BlobReadable(store, blob)
  } catch (error) {
    // The backend was closed since the answer began.
    blob.opened.body.destroy()
    throw error
  }
}

function checkRange({ start, end }: ByteRange): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end) return
  throw new StorageError('InvalidArgument', {
    argument: 'range',
    reason: 'a range starts at 0 or later and does not end before it starts',
  })
}

/** Ranges come from what was committed, so the object is not what it was then. */
function tooShort(key: BlobKey, range: ByteRange, size: number): StorageError<'BlobDamaged'> {
  return new StorageError('BlobDamaged', { blob: key, reason: `it holds ${size} bytes, ${range.end} were expected` })
}
