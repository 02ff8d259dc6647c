import { Readable } from 'node:stream'
import { StorageError } from '../errors/storage-error.ts'
import { systemClock } from '../util/clock.ts'
import type { Clock } from '../util/clock.ts'
import { abandonSource, eachChunk } from './each-chunk.ts'
import type { Backend, BackendLimits, BlobEntry, ByteRange, CallOptions, CopyFacet, GetBlobOptions, JoinFacet } from './backend.ts'
import type { ByteSource, JoinOptions, ListBlobsOptions, PutBlobOptions, StoredBlob } from './backend.ts'
import type { BlobKey } from './blob-key.ts'

/** Options of `memoryBackend`. */
export interface MemoryBackendOptions {
  /** The largest blob, in bytes. Default: 1 GiB. */
  readonly blobSizeMax?: number
  /** When a blob was written. Default: the system's clock. */
  readonly clock?: Clock
}

interface Blob {
  readonly bytes: Uint8Array
  readonly modifiedAt: Date
}

/** What one chunk of a `get` holds at most, in bytes. */
const CHUNK_SIZE = 256 * 1024

/** Keeps blobs in this process's memory: for tests, and to be copied by authors of backends. Everything is lost at the end. */
export function memoryBackend(options: MemoryBackendOptions = {}): Backend {
  return new MemoryBackend(options)
}

class MemoryBackend implements Backend {
  readonly contract = 1
  readonly name = 'memory'
  readonly limits: BackendLimits
  readonly copying: CopyFacet = { copy: (from, to, options) => this.#join(to, [from], options) }
  readonly joining: JoinFacet = {
    sourceCountMax: 10_000,
    sourceSizeMin: 0,
    sourceSizeMax: Number.MAX_SAFE_INTEGER,
    sourceSizesEqual: false,
    join: (to: BlobKey, sources: readonly BlobKey[], options: JoinOptions) => this.#join(to, sources, options),
  }
  readonly #blobs = new Map<BlobKey, Blob>()
  readonly #clock: Clock

  constructor(options: MemoryBackendOptions) {
    this.limits = Object.freeze({ blobSizeMax: options.blobSizeMax ?? 1024 ** 3, deleteBatchMax: 1_000 })
    this.#clock = options.clock ?? systemClock
  }

  async init(options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted()
  }

  async put(key: BlobKey, body: ByteSource, options: PutBlobOptions): Promise<StoredBlob> {
    if (options.size !== undefined && options.size > this.limits.blobSizeMax) {
      abandonSource(body)
      throw new StorageError('ObjectTooLarge', { size: options.size, max: this.limits.blobSizeMax })
    }
    const chunks: Uint8Array[] = []
    let size = 0
    await eachChunk(body, options.signal, (chunk) => {
      chunks.push(chunk)
      size += chunk.length
      // A body that goes on too long is stopped at once, not when it ends: it may never end.
      this.#checkSize(size, options.size ?? size)
    })
    if (size !== (options.size ?? size)) throw new StorageError('IncompleteBody', { expected: options.size ?? size, actual: size })
    // The only moment at which the blob appears. Copied, because a small chunk may hold on to a large buffer.
    this.#keep(key, Buffer.concat(chunks))
    return { size }
  }

  async get(key: BlobKey, options: GetBlobOptions): Promise<Readable> {
    options.signal?.throwIfAborted()
    const bytes = this.#find(key).bytes
    const range = options.range ?? { start: 0, end: bytes.length }
    checkRange(key, range, bytes.length)
    return Readable.from(chunksOf(bytes.subarray(range.start, range.end)), { objectMode: false })
  }

  async delete(keys: readonly BlobKey[], options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted()
    for (const key of keys) this.#blobs.delete(key)
  }

  async *list(options: ListBlobsOptions): AsyncGenerator<BlobEntry> {
    const after = options.after ?? ''
    // Blob keys are ASCII, so the order of strings is the order of bytes.
    const keys = [...this.#blobs.keys()].filter((key) => key.startsWith(options.prefix) && key > after).sort()
    for (const key of keys) {
      options.signal?.throwIfAborted()
      const blob = this.#blobs.get(key)
      if (blob !== undefined) yield { key, size: blob.bytes.length, modifiedAt: blob.modifiedAt }
    }
  }

  async close(): Promise<void> {
    // Nothing to free but the blobs, and those go with the object: close() must not lose what a test still looks at.
  }

  async #join(to: BlobKey, sources: readonly BlobKey[], options?: CallOptions): Promise<StoredBlob> {
    options?.signal?.throwIfAborted()
    const bytes = Buffer.concat(sources.map((source) => this.#find(source).bytes))
    this.#checkSize(bytes.length, bytes.length)
    this.#keep(to, bytes)
    return { size: bytes.length }
  }

  #find(key: BlobKey): Blob {
    const blob = this.#blobs.get(key)
    if (blob === undefined) throw new StorageError('BlobNotFound', { blob: key })
    return blob
  }

  #keep(key: BlobKey, bytes: Uint8Array): void {
    this.#blobs.set(key, { bytes, modifiedAt: this.#clock() })
  }

  #checkSize(size: number, promised: number): void {
    if (size > promised) throw new StorageError('IncompleteBody', { expected: promised, actual: size })
    if (size > this.limits.blobSizeMax) throw new StorageError('ObjectTooLarge', { size, max: this.limits.blobSizeMax })
  }
}

function checkRange(key: BlobKey, range: ByteRange, size: number): void {
  if (!(range.start >= 0 && range.start <= range.end)) {
    throw new StorageError('InvalidArgument', {
      argument: 'range',
      reason: 'a range starts at 0 or later and does not end before it starts',
    })
  }
  if (range.end > size) throw new StorageError('BlobDamaged', { blob: key, reason: `it holds ${size} bytes, ${range.end} were expected` })
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  // Copies: a consumer owns its chunks, and may hand their memory to another thread.
  for (let start = 0; start < bytes.length; start += CHUNK_SIZE) yield Buffer.copyBytesFrom(bytes, start, CHUNK_SIZE)
}
