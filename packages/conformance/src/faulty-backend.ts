import { Readable } from 'node:stream'
import { abandonSource, StorageError } from '@stowage/core/backend'
import type {
  Backend,
  BackendLimits,
  BlobEntry,
  BlobKey,
  ByteSource,
  CallOptions,
  CopyFacet,
  EveryMember,
  GetBlobOptions,
  JoinFacet,
  ListBlobsOptions,
  PresignFacet,
  PutBlobOptions,
  StoredBlob,
  UnfinishedFacet,
} from '@stowage/core/backend'
import { cutSource, cutStream, Hanging } from './faults.ts'

/** The calls that are counted and may fail. */
export type FaultyOperation = 'put' | 'get' | 'delete' | 'list' | 'copy' | 'join'

/**
 * How a call fails.
 * - `before`: nothing has happened.
 * - `after`: all has happened, and the caller is told that it failed. A `get` opens the blob and gives no stream.
 * - `partial`: a `put` reads part of its body, a `get` gives part of the bytes, a `delete` removes the first half of
 *   the keys, a `list` gives one entry; a `copy` and a `join` know no halves and fail as with `before`.
 * - `hang`: nothing happens until the caller aborts, or the backend is closed.
 */
export type FaultMode = 'before' | 'after' | 'partial' | 'hang'

/** Which calls fail, and how. */
export interface FaultPlan {
  /** The number of the first call that fails, from 1. Default: none does, calls are only counted. */
  readonly failAt?: number
  /** Default: `before`. */
  readonly mode?: FaultMode
  /** How many calls in a row fail; Infinity for a backend that stays broken. Default: 1. */
  readonly times?: number
  /** Only these are counted and may fail. Default: all. */
  readonly operations?: readonly FaultyOperation[]
  /** What a failing call rejects with. Default: `BackendUnavailable`, not retryable. */
  readonly error?: (operation: FaultyOperation) => Error
}

/** A backend that fails as planned, and counts. */
export interface FaultyBackend extends Backend {
  /** How many counted calls there were: run once without `failAt` to learn how many points there are to fail at. */
  readonly calls: number
  /** The operations counted so far, in their order. */
  readonly history: readonly FaultyOperation[]
}

/** Wraps a backend so that the n-th call fails: the tool for failing at every point of a path, one run each. */
export function faultyBackend(inner: Backend, plan: FaultPlan = {}): FaultyBackend {
  return new Faulty(inner, plan)
}

interface Steps<T> {
  /** The call itself. */
  whole(): Promise<T>
  /** The part of it that happens where it breaks in the middle. */
  part?(error: Error): Promise<T>
  /** Lets go of what the caller handed in, where no part of the call happens. */
  skip?(): void
  /** Undoes what the caller of a whole call would hold. */
  drop?(result: T): void
  /** The call's own signal. */
  readonly signal: AbortSignal | undefined
}

class Faulty implements EveryMember<Backend>, FaultyBackend {
  readonly contract = 1
  readonly history: FaultyOperation[] = []
  readonly #inner: Backend
  readonly #plan: FaultPlan
  readonly #hanging = new Hanging()

  constructor(inner: Backend, plan: FaultPlan) {
    this.#inner = inner
    this.#plan = plan
  }

  get calls(): number {
    return this.history.length
  }

  get name(): string {
    return this.#inner.name
  }

  get limits(): BackendLimits {
    return this.#inner.limits
  }

  get copying(): CopyFacet | undefined {
    const facet = this.#inner.copying
    if (facet === undefined) return undefined
    return { copy: (from, to, options) => this.#run('copy', { signal: options?.signal, whole: () => facet.copy(from, to, options) }) }
  }

  get joining(): JoinFacet | undefined {
    const facet = this.#inner.joining
    if (facet === undefined) return undefined
    const { sourceCountMax, sourceSizeMin, sourceSizeMax, sourceSizesEqual } = facet
    const join: JoinFacet['join'] = (to, sources, options) =>
      this.#run('join', { signal: options.signal, whole: () => facet.join(to, sources, options) })
    return { sourceCountMax, sourceSizeMin, sourceSizeMax, sourceSizesEqual, join }
  }

  get unfinished(): UnfinishedFacet | undefined {
    return this.#inner.unfinished
  }

  get presigning(): PresignFacet | undefined {
    return this.#inner.presigning
  }

  init(options?: CallOptions): Promise<void> {
    return this.#inner.init(options)
  }

  put(key: BlobKey, body: ByteSource, options: PutBlobOptions): Promise<StoredBlob> {
    return this.#run('put', {
      signal: options.signal,
      whole: () => this.#inner.put(key, body, options),
      part: (error) => this.#inner.put(key, cutSource(body, error), options),
      skip: () => abandonSource(body),
    })
  }

  get(key: BlobKey, options: GetBlobOptions): Promise<Readable> {
    return this.#run('get', {
      signal: options.signal,
      whole: () => this.#inner.get(key, options),
      part: async (error) => Readable.from(cutStream(await this.#inner.get(key, options), error), { objectMode: false }),
      drop: (stream) => stream.destroy(),
    })
  }

  delete(keys: readonly BlobKey[], options?: CallOptions): Promise<void> {
    return this.#run('delete', {
      signal: options?.signal,
      whole: () => this.#inner.delete(keys, options),
      part: async (error) => {
        await this.#inner.delete(keys.slice(0, Math.floor(keys.length / 2)), options)
        throw error
      },
    })
  }

  async *list(options: ListBlobsOptions): AsyncGenerator<BlobEntry> {
    const error = this.#count('list')
    const mode = error === null ? null : (this.#plan.mode ?? 'before')
    if (mode === 'hang') await this.#hanging.until(options.signal)
    if (mode === 'before' && error !== null) throw error
    for await (const entry of this.#inner.list(options)) {
      yield entry
      if (mode === 'partial') break
    }
    if (error !== null) throw error
  }

  close(): Promise<void> {
    this.#hanging.end()
    return this.#inner.close()
  }

  async #run<T>(operation: FaultyOperation, steps: Steps<T>): Promise<T> {
    const error = this.#count(operation)
    if (error === null) return steps.whole()
    const mode = this.#plan.mode ?? 'before'
    if (mode === 'partial' && steps.part !== undefined) return steps.part(error)
    if (mode === 'after') {
      const result = await steps.whole()
      steps.drop?.(result)
    } else steps.skip?.()
    if (mode === 'hang') await this.#hanging.until(steps.signal)
    throw error
  }

  /** Counts a call; the error where it is one that fails. */
  #count(operation: FaultyOperation): Error | null {
    const { operations, failAt, times = 1, error } = this.#plan
    if (operations !== undefined && !operations.includes(operation)) return null
    this.history.push(operation)
    if (failAt === undefined || this.calls < failAt || this.calls >= failAt + times) return null
    if (error !== undefined) return error(operation)
    return new StorageError(
      'BackendUnavailable',
      { backend: this.name, operation },
      { message: `A fault was planned for this ${operation}.` },
    )
  }
}
