import { types } from 'node:util'
import { StorageError } from '../errors/storage-error.ts'
import { assert } from '../util/assert.ts'
import { BodyDigests, checkSizeSoFar, checkWholeSize, wantedDigests } from './body-digests.ts'
import type { DigestOptions, ExpectedDigest } from './body-digests.ts'
import type { DigestAlgorithm } from './checksum-algorithm.ts'
import type { HashStream } from './hash-stream.ts'
import type { HashWorkerPool } from './hash-worker-pool.ts'
import { createRunningChecksum, isHash } from './running-checksum.ts'
import type { HashAlgorithm, RunningChecksum } from './running-checksum.ts'

/** What is computed over a body, what it must be, and who computes it. */
export interface HashingSourceOptions extends DigestOptions {
  /** Threads for MD5 and SHA, used for bodies of 1 MiB and more. Default: none, everything inline. */
  readonly workers?: HashWorkerPool
}

/** Below this, in bytes, a body is hashed before a worker would have answered. */
const WORKER_BODY_SIZE_MIN = 1024 * 1024

/**
 * A body on its way to a backend: hands the chunks through, unchanged and uncopied, and computes every wanted digest in
 * the same pass. Read it once, to its end, then ask `finish`.
 *
 * Promises: a body that is too large or not as long as was said fails while it is read (`ObjectTooLarge`,
 * `IncompleteBody`), as soon as that is known; then, and when the reader stops early, the source's `return()` is called.
 * What the source throws comes out unchanged. It reads ahead nothing.
 */
export class HashingSource implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterable<Uint8Array>
  readonly #options: HashingSourceOptions
  readonly #inline = new Map<DigestAlgorithm, RunningChecksum>()
  #offloaded: readonly HashAlgorithm[] = []
  #stream: HashStream | null = null
  #size = 0
  #state: 'unread' | 'reading' | 'ended' | 'abandoned' = 'unread'

  /** Throws `ObjectTooLarge` for a length that was announced and is too much; the source is untouched then. */
  constructor(source: AsyncIterable<Uint8Array>, options: HashingSourceOptions) {
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
    const take = (step: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> | Promise<IteratorResult<Uint8Array>> => {
      try {
        const pause = step.done === true ? this.#end() : this.#absorb(step.value)
        return pause === undefined ? step : pause.then(() => step, refuse)
      } catch (error) {
        return refuse(error)
      }
    }
    // Not awaited: a source that hangs in its cleaning up must not keep the error from the reader.
    const refuse = (error: unknown): Promise<never> => {
      void stop(iterator)
      return fail(error)
    }
    return {
      // Not an async function: that is one promise more for each chunk.
      next: () => iterator.next().then(take, fail),
      return: async () => {
        if (this.#state !== 'ended') this.abandon()
        await iterator.return?.()
        return { done: true, value: undefined }
      },
    }
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
    const hashes = wanted.filter(isHash)
    if (size >= WORKER_BODY_SIZE_MIN && hashes.length > 0) this.#stream = workers?.open(hashes) ?? null
    if (this.#stream !== null) this.#offloaded = hashes
    for (const algorithm of wanted) {
      if (this.#stream === null || !isHash(algorithm)) this.#inline.set(algorithm, createRunningChecksum(algorithm))
    }
  }

  #absorb(chunk: unknown): Promise<void> | undefined {
    if (!types.isUint8Array(chunk)) throw new StorageError('InvalidArgument', { argument: 'body', reason: 'its chunks are Uint8Arrays' })
    this.#size += chunk.length
    checkSizeSoFar(this.#size, this.#options)
    for (const running of this.#inline.values()) running.update(chunk)
    return this.#stream?.write(chunk)
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
