import { abandonSource, crc32c, eachChunk, StorageError } from '@stowage/core/backend'
import type { BlobKey, ByteSource, PutBlobOptions, StoredBlob } from '@stowage/core/backend'
import { ChunkBuffer } from './chunk-buffer.ts'
import { translate } from './errors.ts'
import { ResumableUpload } from './resumable-upload.ts'
import { uploadSimple } from './simple-upload.ts'
import type { Store } from './store.ts'

/** The arguments of a `Backend.put`. */
export interface PutBlobCall {
  readonly key: BlobKey
  readonly body: ByteSource
  readonly options: PutBlobOptions
}

/**
 * Writes a blob as `Backend.put` promises. Holds at most two chunks of it (`chunkSize`): one is sent while the next comes in. The
 * chunks of the body are copied, and given back at once.
 */
export async function putBlob(store: Store, { key, body, options }: PutBlobCall): Promise<StoredBlob> {
  const { signal } = options
  const { blobSizeMax } = store.options
  try {
    signal?.throwIfAborted()
    if (options.size !== undefined && options.size > blobSizeMax)
      throw new StorageError('ObjectTooLarge', { size: options.size, max: blobSizeMax })
  } catch (error) {
    abandonSource(body)
    throw error
  }
  const upload = new Upload(store, key)
  const onAbort = (): void => upload.stop(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  const { closed } = store
  const onClosed = (): void => upload.stop(closed.reason)
  closed.addEventListener('abort', onClosed, { once: true })
  let bodyFailed = false
  try {
    await eachChunk(body, upload.signal, (chunk) => {
      const added = upload.add(chunk, options.size)
      if (added === undefined) {
        body.releaseChunk?.(chunk)
        return undefined
      }
      return added.then(() => body.releaseChunk?.(chunk))
    }).catch((error: unknown) => {
      // What stopped the upload came through its signal; all else is the body's, or is wrong with it.
      bodyFailed = !upload.signal.aborted
      throw error
    })
    return { size: await upload.finish(options.size) }
  } catch (error) {
    upload.stop(error)
    await upload.settle()
    throw signal?.aborted === true ? signal.reason : bodyFailed ? error : translate(error, { operation: 'put', key })
  } finally {
    signal?.removeEventListener('abort', onAbort)
    closed.removeEventListener('abort', onClosed)
  }
}

/** The bytes of one put on their way: collected into chunks, summed up, sent. */
class Upload {
  readonly #store: Store
  readonly #key: BlobKey
  readonly #session: ResumableUpload
  /** Stops the body and every request: the caller gave up, or a chunk could not be sent. */
  readonly #stop = new AbortController()
  #chunk: ChunkBuffer
  #spare: ChunkBuffer | null = null
  #sending: Promise<void> | null = null
  #isResumable = false
  #size = 0
  #crc32c = 0

  constructor(store: Store, key: BlobKey) {
    this.#store = store
    this.#key = key
    this.#session = new ResumableUpload(store, { key, signal: this.signal })
    this.#chunk = new ChunkBuffer(store.options.chunkSize, store.pieces)
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Takes a chunk of the body. Where it returns a promise, the next one must wait for it. */
  add(bytes: Uint8Array, promised: number | undefined): Promise<void> | undefined {
    this.#count(bytes.length, promised)
    this.#crc32c = crc32c(bytes, this.#crc32c)
    const taken = this.#chunk.add(bytes)
    return taken === bytes.length ? undefined : this.#addMore(bytes.subarray(taken))
  }

  /** Sends what is left, and resolves with the size when the blob is there. */
  async finish(promised: number | undefined): Promise<number> {
    const content = { size: this.#size, crc32c: this.#crc32c }
    if (promised !== undefined && promised !== content.size)
      throw new StorageError('IncompleteBody', { expected: promised, actual: content.size })
    if (!this.#isResumable && content.size <= this.#store.options.resumableThreshold) {
      await uploadSimple(this.#store, { key: this.#key, pieces: this.#chunk.pieces(), content, signal: this.signal })
    } else {
      await this.#sending
      await this.#session.finish(this.#chunk.pieces(), content)
    }
    // Of a put that fails it is left to the collector.
    this.#chunk.giveBack()
    this.#spare?.giveBack()
    return content.size
  }

  /** Gives up: no byte is sent any more, and the session is ended. */
  stop(reason: unknown): void {
    this.#stop.abort(reason)
  }

  /** Waits for the request that was under way, and ends the session. */
  async settle(): Promise<void> {
    await this.#sending?.catch(() => undefined)
    this.#session.cancel()
  }

  /** The chunk is full, and there is more: so it is not the last one, and can go. */
  async #addMore(bytes: Uint8Array): Promise<void> {
    let rest = bytes
    while (rest.length > 0) {
      if (this.#chunk.isFull) await this.#sendChunk()
      rest = rest.subarray(this.#chunk.add(rest))
    }
  }

  async #sendChunk(): Promise<void> {
    this.#isResumable = true
    await this.#sending
    const full = this.#chunk
    this.#chunk = this.#spare ?? new ChunkBuffer(this.#store.options.chunkSize, this.#store.pieces)
    this.#spare = full
    this.#chunk.clear()
    this.#sending = this.#session.send(full.pieces())
    // The body may be silent for long: it must not take the next chunk to learn that this one failed.
    this.#sending.catch((error: unknown) => this.stop(error))
  }

  /** Fails at once where the body goes on too long: it may never end. */
  #count(length: number, promised: number | undefined): void {
    this.#size += length
    const { blobSizeMax } = this.#store.options
    if (promised !== undefined && this.#size > promised)
      throw new StorageError('IncompleteBody', { expected: promised, actual: this.#size })
    if (this.#size > blobSizeMax) throw new StorageError('ObjectTooLarge', { size: this.#size, max: blobSizeMax })
  }
}
