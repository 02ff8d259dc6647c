import { types } from 'node:util'
import type { ByteSource } from '../../backend/backend.ts'
import { StorageError } from '../../errors/storage-error.ts'

/** What is known of a body before it is read. */
export interface BodyReaderOptions {
  /** The length that was promised, in bytes. */
  readonly size: number | undefined
  /** How much there is room for, in bytes. */
  readonly sizeMax: number
  /** What a body that is longer than that is told. */
  readonly tooLong: (size: number) => StorageError
  /** Aborting ends the body; what was read before is kept. */
  readonly signal: AbortSignal | undefined
}

/**
 * Reads a body piece by piece, and takes its breaking off for an end: what came before is kept. `failure` says afterwards
 * what went wrong. It never throws: a source that fails, an abort, a body of another length than promised, all end it.
 */
export class BodyReader {
  readonly #iterator: AsyncIterator<Uint8Array>
  readonly #options: BodyReaderOptions
  #rest: Uint8Array = new Uint8Array(0)
  #size = 0
  #over = false
  #failure: { readonly error: unknown } | null = null

  constructor(body: ByteSource | Uint8Array, options: BodyReaderOptions) {
    this.#iterator = types.isUint8Array(body) ? oneChunk(body) : body[Symbol.asyncIterator]()
    this.#options = options
  }

  /** Why the body broke off; null where it did not. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure
  }

  /** The next bytes, 1 to `max`; null where nothing more will come. */
  async read(max: number): Promise<Uint8Array | null> {
    while (this.#rest.length === 0 && !this.#over) await this.#fetch()
    if (this.#rest.length === 0) return null
    const bytes = this.#rest.subarray(0, max)
    this.#rest = this.#rest.subarray(bytes.length)
    return bytes
  }

  /** Tells the source that nobody will read on. After its end this does nothing. */
  stop(): void {
    if (this.#over) return
    this.#over = true
    void this.#return()
  }

  async #fetch(): Promise<void> {
    try {
      this.#options.signal?.throwIfAborted()
      const step = await this.#next()
      if (step.done === true) this.#end()
      else this.#take(step.value)
    } catch (error) {
      this.#fail(error)
    }
  }

  #next(): Promise<IteratorResult<Uint8Array>> {
    const { signal } = this.#options
    if (signal === undefined) return this.#iterator.next()
    // An abort must be heard while the source is silent.
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      const settled = (): void => signal.removeEventListener('abort', onAbort)
      this.#iterator.next().then(resolve, reject).finally(settled)
    })
  }

  #take(chunk: unknown): void {
    if (!types.isUint8Array(chunk)) throw new StorageError('InvalidArgument', { argument: 'body', reason: 'its chunks are Uint8Arrays' })
    const { size, sizeMax, tooLong } = this.#options
    const end = this.#size + chunk.length
    const max = Math.min(size ?? sizeMax, sizeMax)
    this.#rest = end > max ? chunk.subarray(0, max - this.#size) : chunk
    this.#size = Math.min(end, max)
    if (end <= max) return
    this.#fail(size !== undefined && size <= sizeMax ? incomplete(size, end) : tooLong(end))
  }

  #end(): void {
    this.#over = true
    const { size } = this.#options
    if (size !== undefined && this.#size < size) this.#failure = { error: incomplete(size, this.#size) }
  }

  #fail(error: unknown): void {
    this.#failure = { error }
    this.stop()
  }

  async #return(): Promise<void> {
    try {
      await this.#iterator.return?.()
    } catch {
      // The caller has an error already, or wants nothing more; what the source throws while it cleans up concerns nobody.
    }
  }
}

function incomplete(expected: number, actual: number): StorageError<'IncompleteBody'> {
  return new StorageError('IncompleteBody', { expected, actual })
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
