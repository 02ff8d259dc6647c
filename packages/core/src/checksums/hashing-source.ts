import { types } from 'node:util'
import type { ByteSource } from '../backend/backend.ts'
import { StorageError } from '../errors/storage-error.ts'
import { assert } from '../util/assert.ts'
import { BodyDigests, checkSizeSoFar, checkWholeSize, wantedDigests } from './body-digests.ts'
import type { DigestOptions, ExpectedDigest } from './body-digests.ts'
import type { DigestAlgorithm } from './checksum-algorithm.ts'
import type { HashStream } from './hash-stream.ts'
import type { HashWorkers } from './hash-worker-pool.ts'
import { createRunningChecksum, isHash } from './running-checksum.ts'
import type { RunningChecksum } from './running-checksum.ts'

/** What is computed over a body, what it must be, and who computes it. */
export interface HashingSourceOptions extends DigestOptions {
  /** Threads for MD5 and SHA, used for bodies of 1 MiB and more. Default: none, everything inline. */
  readonly workers?: Pick<HashWorkers, 'open'>
}

/** Below this, in bytes, a body is hashed before a worker would have answered. */
const WORKER_BODY_SIZE_MIN = 1024 * 1024

/** What `next` answers at the end. */
const DONE: IteratorResult<Uint8Array> = { done: true, value: undefined }

/**
 * A body on its way to a backend; computes every wanted digest in the same pass. Read it once, to its end, then ask
 * `finish`.
 *
 * Hashed on this thread, its chunks go through unchanged and uncopied. Hashed on a worker, they are gathered in memory
 * that the worker shares: the reader gets larger chunks, which it must not write to and may give back (`releaseChunk`).
 *
 * Promises: a body that is too large or not as long as was said fails while it is read (`ObjectTooLarge`,
 * `IncompleteBody`), as soon as that is known; then, and when the reader stops early, the source's `return()` is called.
 * What the source throws comes out unchanged. It reads ahead no more than the rest of a chunk.
 */
export class HashingSource implements ByteSource {
  readonly #source: ByteSource
  readonly #options: HashingSourceOptions
  readonly #inline = new Map<DigestAlgorithm, RunningChecksum>()
  #offloaded: readonly DigestAlgorithm[] = []
  #stream: HashStream | null = null
  /** The chunk that is being copied into slabs, and what is left of it. */
  #chunk: Uint8Array = new Uint8Array()
  #rest: Uint8Array = this.#chunk
  #sourceEnded = false
  #size = 0
  #state: 'unread' | 'reading' | 'ended' | 'abandoned' = 'unread'

  /** Throws `ObjectTooLarge` for a length that was announced and is too much; the source is untouched then. */
  constructor(source: ByteSource, options: HashingSourceOptions) {
    checkSizeSoFar(options.size ?? 0, options)
    this.#source = source
    this.#options = options
  }

  /** How many bytes have gone by. */
  get size(): number {
    return this.#size
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    assert(this.#state === 'unread', 'a body is read once')
    this.#state = 'reading'
    this.#startHashes()
    const iterator = this.#source[Symbol.asyncIterator]()
    const fail = async (error: unknown): Promise<never> => {
      this.abandon()
      throw error
    }
    // Not awaited: a source that hangs in its cleaning up must not keep the error from the reader.
    const refuse = (error: unknown): Promise<never> => {
      if (!this.#sourceEnded) void stop(iterator)
      return fail(error)
    }
    const take = (step: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> | Promise<never> => {
      try {
        if (step.done === true) this.#end()
        else this.#absorb(step.value)
        return step
      } catch (error) {
        return refuse(error)
      }
    }
    const stream = this.#stream
    return {
      // Not an async function: that is one promise more for each chunk.
      next: stream === null ? () => iterator.next().then(take, fail) : () => this.#nextSlab(stream, () => iterator.next()).catch(refuse),
      return: async () => {
        if (this.#state !== 'ended') this.abandon()
        await iterator.return?.()
        return { done: true, value: undefined }
      },
    }
  }

  /** Takes back a chunk that the reader needs no more; it goes back to where its memory is from. Anything else is ignored. */
  releaseChunk(chunk: Uint8Array): void {
    if (this.#stream === null) this.#source.releaseChunk?.(chunk)
    else this.#stream.release(chunk)
  }

  /**
   * Says what the body was, after it has been read to its end. Throws `ChecksumMismatch` if it was not what the options
   * or `late` say: what became known only behind the body, in a trailer; of algorithms that the options name.
   */
  async finish(late: readonly ExpectedDigest[] = []): Promise<BodyDigests> {
    assert(this.#state === 'ended', 'the body has not been read to its end')
    const digests = new Map<DigestAlgorithm, Buffer>()
    for (const [algorithm, running] of this.#inline) digests.set(algorithm, running.digest())
    const offloaded = (await this.#stream?.digests()) ?? []
    for (const [index, algorithm] of this.#offloaded.entries()) {
      const digest = offloaded[index]
      if (digest !== undefined) digests.set(algorithm, digest)
    }
    const body = new BodyDigests(this.#size, digests)
    body.verify(this.#options.expected ?? [])
    body.verify(late)
    return body
  }

  /** Frees what the hashing holds, where nobody will ask `finish`. Calling it at any time, or twice, is fine. */
  abandon(): void {
    this.#state = 'abandoned'
    this.#stream?.abort()
  }

  #startHashes(): void {
    const { size = WORKER_BODY_SIZE_MIN, workers } = this.#options
    const wanted = wantedDigests(this.#options)
    // A CRC alone is not worth the copy.
    if (size >= WORKER_BODY_SIZE_MIN && wanted.some(isHash)) this.#stream = workers?.open(wanted) ?? null
    if (this.#stream !== null) this.#offloaded = wanted
    else for (const algorithm of wanted) this.#inline.set(algorithm, createRunningChecksum(algorithm))
  }

  /** Reads on until a slab is full or the body has ended. */
  async #nextSlab(stream: HashStream, read: () => Promise<IteratorResult<Uint8Array>>): Promise<IteratorResult<Uint8Array>> {
    // Given up while we waited: nobody reads what we answer.
    while (this.#state === 'reading') {
      if (this.#rest.length > 0) {
        const filled = stream.fill(this.#rest)
        if (filled === 0) await stream.change()
        else this.#copied(filled)
        const value = stream.takeFull()
        if (value !== null) return { done: false, value }
      } else if (this.#sourceEnded) {
        this.#state = 'ended'
      } else {
        const value = await this.#readOn(stream, read)
        if (value !== null) return { done: false, value }
      }
    }
    return DONE
  }

  #copied(size: number): void {
    this.#rest = this.#rest.subarray(size)
    if (this.#rest.length === 0) this.#source.releaseChunk?.(this.#chunk)
  }

  /** Takes the next chunk in; at the end of the body answers what is left to hand out. */
  async #readOn(stream: HashStream, read: () => Promise<IteratorResult<Uint8Array>>): Promise<Uint8Array | null> {
    this.#sourceEnded = true
    const step = await read()
    if (step.done !== true) {
      // Set back only here: a source that has thrown has ended, too.
      this.#sourceEnded = false
      this.#absorb(step.value)
      this.#chunk = step.value
      this.#rest = step.value
      return null
    }
    checkWholeSize(this.#size, this.#options)
    return this.#state === 'reading' ? stream.end() : null
  }

  #absorb(chunk: unknown): void {
    if (!types.isUint8Array(chunk)) throw new StorageError('InvalidArgument', { argument: 'body', reason: 'its chunks are Uint8Arrays' })
    this.#size += chunk.length
    checkSizeSoFar(this.#size, this.#options)
    for (const running of this.#inline.values()) running.update(chunk)
  }

  #end(): undefined {
    checkWholeSize(this.#size, this.#options)
    this.#state = 'ended'
  }
}

async function stop(iterator: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    await iterator.return?.()
  } catch {
    // The reader already gets the first error; what the source throws while it cleans up concerns nobody.
  }
}
