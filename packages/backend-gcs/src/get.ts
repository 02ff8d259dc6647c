import { Readable } from 'node:stream'
import { StorageError } from '@stowage/core/backend'
import type { BlobKey, ByteRange, GetBlobOptions } from '@stowage/core/backend'
import { BlobReadable } from './blob-readable.ts'
import { translate } from './errors.ts'
import { findObject } from './find-object.ts'
import { openRange, outside } from './open-range.ts'
import type { Store } from './store.ts'

/** Opens a blob as `Backend.get` promises: everything that can be wrong with it is known before the first byte. */
export async function getBlob(store: Store, key: BlobKey, options: GetBlobOptions): Promise<Readable> {
  const { signal, range } = options
  signal?.throwIfAborted()
  try {
    if (range !== undefined) checkRange(range)
    // HTTP has no range of no bytes.
    if (range !== undefined && range.start === range.end) return await openNothing(store, key, range, signal)
    const opened = await openRange(store, { key, range: range ?? null, generation: null, signal })
    if (signal?.aborted === true) opened.response.destroy()
    signal?.throwIfAborted()
    return new BlobReadable(store, { key, opened })
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : translate(error, { operation: 'get', key })
  }
}

async function openNothing(store: Store, key: BlobKey, { end }: ByteRange, signal: AbortSignal | undefined): Promise<Readable> {
  const facts = await findObject(store, key, signal)
  if (facts === null) throw new StorageError('BlobNotFound', { blob: key })
  if (end > facts.size) throw outside(key, end, facts.size)
  return Readable.from([], { objectMode: false })
}

function checkRange({ start, end }: ByteRange): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end) return
  throw new StorageError('InvalidArgument', { argument: 'range', reason: 'a range starts at 0 or later and does not end before it starts' })
}
