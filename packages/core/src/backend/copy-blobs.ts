import type { Readable } from 'node:stream'
import { crc32c } from '../checksums/crc32c.ts'
import { isStorageError, StorageError } from '../errors/storage-error.ts'
import type { Backend, BlobEntry } from './backend.ts'
import type { BlobKey } from './blob-key.ts'
import { isLendingReadable } from './lending-readable.ts'
import { pairedBlobs } from './paired-blobs.ts'
import type { BlobPair } from './paired-blobs.ts'

/** How far copying is. `total` is what there was to look at when it began. */
export interface CopyBlobsStep {
  readonly blobs: number
  readonly bytes: number
  readonly total: { readonly blobs: number; readonly bytes: number }
  /** This blob, and every one before it, is copied: where a further run may begin. Null before the first. */
  readonly through: BlobKey | null
}

/** How blobs are copied. */
export interface CopyBlobsOptions {
  /** How many at once. Memory is that of as many puts and gets. Default 4. */
  readonly concurrency?: number
  /** What a former run had got through: blobs up to there are not looked at. Default: none is. */
  readonly after?: BlobKey | null
  /**
   * Whether a blob that is there is known to be whole: it is not read then, nor is its source, which may have been cut short since. A blob that
   * is shorter than its source never is. Default: none is.
   */
  readonly trusts?: (there: BlobEntry) => boolean
  /** Hears of every blob that was not trusted, and so read, before it is. */
  readonly onRead?: (key: BlobKey) => void
  /** Hears of every blob that is done. */
  readonly onProgress?: (step: CopyBlobsStep) => void
  /** Aborting rejects with `signal.reason`; what was copied stays, and need not be copied again. */
  readonly signal?: AbortSignal
}

/** What was done: blobs and bytes copied, and blobs that were there already, whole. */
export interface CopiedBlobs {
  readonly blobs: number
  readonly bytes: number
  readonly present: number
}

const CONCURRENCY = 4

/**
 * Copies every blob of one backend into another that does not have it, under the same key. Each is read back and held against what was
 * read; what is there already, from a run that a crash may have ended, is compared, and copied anew where it is not the same.
 *
 * Both may be in use: nothing is put into `from` any more, and who deletes does so in `from` first and in `to` afterwards.
 * Rejects with `ChecksumMismatch` where the copy is not what was read, and then deletes it; with what a backend says otherwise.
 */
export async function copyBlobs(from: Pick<Backend, 'get' | 'list'>, to: Backend, options: CopyBlobsOptions = {}): Promise<CopiedBlobs> {
  const { concurrency = CONCURRENCY, after = null, trusts = () => false, onRead = () => undefined, onProgress, signal } = options
  const range = { prefix: '', ...(after === null ? {} : { after }) }
  const total = { blobs: 0, bytes: 0 }
  for await (const { size } of from.list(range)) {
    signal?.throwIfAborted()
    total.blobs += 1
    total.bytes += size
  }
  const done = { blobs: 0, bytes: 0 }
  const copied = { blobs: 0, bytes: 0, present: 0 }
  const progress = new DoneInOrder(after)
  const found = foundIn(pairedBlobs(from.list(range), to.list(range)))
  const stop = new AbortController()
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const work = async (): Promise<void> => {
    for (let step = await found.next(); step.done !== true; step = await found.next()) {
      stopped.throwIfAborted()
      const { entry } = step.value
      progress.begin(entry.key)
      const outcome = await copyBlob(step.value, { from, to, trusts, onRead, signal: stopped })
      if (outcome === 'present') copied.present += 1
      if (outcome === 'copied') {
        copied.blobs += 1
        copied.bytes += entry.size
      }
      done.blobs += 1
      done.bytes += entry.size
      progress.end(entry.key)
      onProgress?.({ ...done, total, through: progress.through })
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
  await found.return(undefined)
  signal?.throwIfAborted()
  if (stop.signal.aborted) throw stop.signal.reason
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return copied
}

/** Knows up to where all is done, of what is begun in order and ends as it likes. */
class DoneInOrder {
  through: BlobKey | null
  readonly #begun: { readonly key: BlobKey; done: boolean }[] = []

  constructor(through: BlobKey | null) {
    this.through = through
  }

  begin(key: BlobKey): void {
    this.#begun.push({ key, done: false })
  }

  end(key: BlobKey): void {
    const own = this.#begun.find((each) => each.key === key)
    if (own !== undefined) own.done = true
    for (let first = this.#begun[0]; first?.done === true; first = this.#begun[0]) {
      this.through = first.key
      this.#begun.shift()
    }
  }
}

/** A blob of `from`, and what stands in its place. */
interface Found {
  readonly entry: BlobEntry
  readonly there: BlobEntry | null
}

async function* foundIn(pairs: AsyncIterable<BlobPair>): AsyncGenerator<Found, void, undefined> {
  for await (const { left, right } of pairs) if (left !== null) yield { entry: left, there: right }
}

interface Route {
  readonly from: Pick<Backend, 'get' | 'list'>
  readonly to: Backend
  readonly trusts: (there: BlobEntry) => boolean
  readonly onRead: (key: BlobKey) => void
  readonly signal: AbortSignal
}

/** Copies one blob, where it is not there already, and was not deleted meanwhile. */
async function copyBlob(
  { entry: { key, size }, there }: Found,
  { from, to, trusts, onRead, signal }: Route,
): Promise<'copied' | 'present' | 'gone'> {
  try {
    if (there !== null && there.size >= size && trusts(there)) return 'present'
    onRead(key)
    if (there?.size === size && (await sumOf(from, key, signal)) === (await sumOf(to, key, signal))) return 'present'
    if (there !== null) await to.delete([key], { signal })
    const source = await from.get(key, { signal })
    const read = { crc: 0 }
    try {
      await to.put(key, { [Symbol.asyncIterator]: () => summed(source, read) }, { size, signal })
    } finally {
      source.destroy()
    }
    await checkCopy(to, { key, crc: read.crc }, signal)
  } catch (error) {
    // Deleted, by its last owner.
    if (isStorageError(error) && error.code === 'BlobNotFound' && !(await isThere(from, { key, size }, signal))) return 'gone'
    throw error
  }
  // Deleted in `from` while it was copied: then its deletion here may have come too early.
  if (await isThere(from, { key, size }, signal)) return 'copied'
  await to.delete([key], { signal })
  return 'gone'
}

async function checkCopy(to: Backend, { key, crc }: { readonly key: BlobKey; readonly crc: number }, signal: AbortSignal): Promise<void> {
  const actual = await sumOf(to, key, signal)
  if (actual === crc) return
  await to.delete([key])
  const hex = (sum: number): string => sum.toString(16).padStart(8, '0')
  throw new StorageError('ChecksumMismatch', { algorithm: 'CRC32C', expected: hex(crc), actual: hex(actual) })
}

async function* summed(source: Readable, sum: { crc: number }): AsyncGenerator<Uint8Array> {
  // Chunks are passed on, so that they are not given back.
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    sum.crc = crc32c(chunk, sum.crc)
    yield chunk
  }
}

async function sumOf(backend: Pick<Backend, 'get'>, key: BlobKey, signal: AbortSignal): Promise<number> {
  let crc = 0
  const stream = await backend.get(key, { signal })
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    crc = crc32c(chunk, crc)
    if (isLendingReadable(stream)) stream.releaseChunk(chunk)
  }
  return crc
}

/** Whether a backend has a blob. The size is 0 where it is not known. */
export async function isThere(
  backend: Pick<Backend, 'get'>,
  { key, size }: Pick<BlobEntry, 'key' | 'size'>,
  signal?: AbortSignal,
): Promise<boolean> {
  const range = size === 0 ? {} : { range: { start: 0, end: 1 } }
  try {
    const stream = await backend.get(key, { ...range, ...(signal === undefined ? {} : { signal }) })
    stream.destroy()
    return true
  } catch (error) {
    if (isStorageError(error) && error.code === 'BlobNotFound') return false
    throw error
  }
}
