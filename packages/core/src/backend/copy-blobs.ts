import type { Readable } from 'node:stream'
import { crc32c } from '../checksums/crc32c.ts'
import { isStorageError, StorageError } from '../errors/storage-error.ts'
import type { Backend, BlobEntry } from './backend.ts'
import type { BlobKey } from './blob-key.ts'
import { isLendingReadable } from './lending-readable.ts'
import { pairedBlobs } from './paired-blobs.ts'

/** How far copying is. `total` is what there was to copy when it began. */
export interface CopyBlobsStep {
  readonly blobs: number
  readonly bytes: number
  readonly total: { readonly blobs: number; readonly bytes: number }
}

/** How blobs are copied. */
export interface CopyBlobsOptions {
  /** How many at once. Memory is that of as many puts and gets. Default 4. */
  readonly concurrency?: number
  /** Hears of every blob that has been copied. */
  readonly onProgress?: (step: CopyBlobsStep) => void
  /** Aborting rejects with `signal.reason`; what was copied stays, and need not be copied again. */
  readonly signal?: AbortSignal
}

/** What was done: blobs and bytes copied, and blobs that were there already. */
export interface CopiedBlobs {
  readonly blobs: number
  readonly bytes: number
  readonly present: number
}

const CONCURRENCY = 4

/**
 * Copies every blob of one backend into another that does not have it, under the same key. Each is read back and held against what was
 * read; what is there already, from a run that was interrupted, must have the same size, and is copied anew where it has not.
 *
 * Both may be in use: nothing is put into `from` any more, and who deletes does so in `from` first and in `to` afterwards.
 * Rejects with `ChecksumMismatch` where the copy is not what was read, and then deletes it; with what a backend says otherwise.
 */
export async function copyBlobs(from: Backend, to: Backend, options: CopyBlobsOptions = {}): Promise<CopiedBlobs> {
  const { concurrency = CONCURRENCY, onProgress, signal } = options
  const total = { blobs: 0, bytes: 0 }
  let present = 0
  for await (const { left, right } of pairedBlobs(from.list({ prefix: '' }), to.list({ prefix: '' }))) {
    signal?.throwIfAborted()
    if (left === null) continue
    if (left.size === right?.size) present += 1
    else {
      total.blobs += 1
      total.bytes += left.size
    }
  }
  const copied = { blobs: 0, bytes: 0 }
  const missing = missingBlobs(from, to)
  const stop = new AbortController()
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const work = async (): Promise<void> => {
    for (let step = await missing.next(); step.done !== true; step = await missing.next()) {
      stopped.throwIfAborted()
      // Not in one statement: others add while this one waits.
      const bytes = await copyBlob(step.value, { from, to, signal: stopped })
      if (bytes === null) continue
      copied.bytes += bytes
      copied.blobs += 1
      onProgress?.({ ...copied, total })
    }
  }
  // One that fails stops the others: none goes on behind the caller's back.
  const workers = Array.from({ length: concurrency }, () =>
    work().catch((error: unknown) => {
      stop.abort(error)
      throw error
    }),
  )
  const ends = await Promise.allSettled(workers)
  await missing.return(undefined)
  signal?.throwIfAborted()
  if (stop.signal.aborted) throw stop.signal.reason
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return { ...copied, present }
}

/** A blob to copy, and whether something else stands in its place. */
interface Missing {
  readonly entry: BlobEntry
  readonly inTheWay: boolean
}

async function* missingBlobs(from: Backend, to: Backend): AsyncGenerator<Missing, void, undefined> {
  for await (const { left, right } of pairedBlobs(from.list({ prefix: '' }), to.list({ prefix: '' }))) {
    if (left !== null && left.size !== right?.size) yield { entry: left, inTheWay: right !== null }
  }
}

interface Route {
  readonly from: Backend
  readonly to: Backend
  readonly signal: AbortSignal
}

/** Copies one blob, and gives back how many bytes that were; null where it was deleted meanwhile. */
async function copyBlob({ entry: { key, size }, inTheWay }: Missing, { from, to, signal }: Route): Promise<number | null> {
  if (inTheWay) await to.delete([key], { signal })
  const read = { crc: 0 }
  try {
    const source = await from.get(key, { signal })
    await to.put(key, { [Symbol.asyncIterator]: () => summed(source, read) }, { size, signal })
  } catch (error) {
    if (isStorageError(error) && error.code === 'BlobNotFound') return null
    throw error
  }
  const actual = await sumOf(to, key, signal)
  if (actual !== read.crc) {
    await to.delete([key])
    const hex = (crc: number): string => crc.toString(16).padStart(8, '0')
    throw new StorageError('ChecksumMismatch', { algorithm: 'CRC32C', expected: hex(read.crc), actual: hex(actual) })
  }
  // Deleted in `from` while it was copied: then its deletion here may have come too early.
  if (await isThere(from, { key, size }, signal)) return size
  await to.delete([key], { signal })
  return null
}

async function* summed(source: Readable, sum: { crc: number }): AsyncGenerator<Uint8Array> {
  // Chunks are passed on, so that they are not given back.
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    sum.crc = crc32c(chunk, sum.crc)
    yield chunk
  }
}

async function sumOf(backend: Backend, key: BlobKey, signal: AbortSignal): Promise<number> {
  let crc = 0
  const stream = await backend.get(key, { signal })
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    crc = crc32c(chunk, crc)
    if (isLendingReadable(stream)) stream.releaseChunk(chunk)
  }
  return crc
}

async function isThere(backend: Backend, { key, size }: Pick<BlobEntry, 'key' | 'size'>, signal: AbortSignal): Promise<boolean> {
  try {
    const stream = await backend.get(key, size === 0 ? { signal } : { range: { start: 0, end: 1 }, signal })
    stream.destroy()
    return true
  } catch (error) {
    if (isStorageError(error) && error.code === 'BlobNotFound') return false
    throw error
  }
}
