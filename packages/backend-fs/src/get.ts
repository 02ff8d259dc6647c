import { constants } from 'node:fs'
import type { Readable } from 'node:stream'
import { StorageError } from '@stowage/core/backend'
import type { BlobKey, ByteRange, GetBlobOptions } from '@stowage/core/backend'
import { BlobReadable } from './blob-readable.ts'
import { translate } from './errors.ts'
import { blobPath } from './paths.ts'
import type { Store } from './store.ts'

/** Opens a blob as `Backend.get` promises: everything that can be wrong with it is known before the first byte. */
export async function getBlob(store: Store, key: BlobKey, options: GetBlobOptions): Promise<Readable> {
  options.signal?.throwIfAborted()
  try {
    const descriptor = await store.fileSystem.open(`${store.root}/${blobPath(key).file}`, constants.O_RDONLY)
    try {
      const { size } = await store.fileSystem.fstat(descriptor)
      // Asked after the file was opened: before that a put could begin in between.
      if (store.unreadable.has(key)) throw new StorageError('BlobNotFound', { blob: key })
      const range = checkRange(key, options.range ?? { start: 0, end: size }, size)
      options.signal?.throwIfAborted()
      return new BlobReadable(store, { key, descriptor, range })
    } catch (error) {
      await store.fileSystem.close(descriptor).catch(() => {})
      throw error
    }
  } catch (error) {
    throw options.signal?.aborted === true ? options.signal.reason : translate(error, { operation: 'get', key })
  }
}

function checkRange(key: BlobKey, range: ByteRange, size: number): ByteRange {
  const { start, end } = range
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || start > end) {
    throw new StorageError('InvalidArgument', {
      argument: 'range',
      reason: 'a range starts at 0 or later and does not end before it starts',
    })
  }
  // Ranges come from what was committed, so the file is not what it was then.
  if (end > size) throw new StorageError('BlobDamaged', { blob: key, reason: `it holds ${size} bytes, ${end} were expected` })
  return range
}
