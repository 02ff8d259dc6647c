import type { Clock } from '../util/clock.ts'

/** What a `PolicyVersionWatch` asks, and whom it tells. */
export interface PolicyVersionWatchOptions {
  /** The store's policy version: see `MetadataStore.policyVersion`. */
  readonly read: () => Promise<number>
  /** Is told every answer, before those who wait for it go on. Must not throw. */
  readonly heard: (version: number) => void
  /** Is told of every question that failed. Must not throw. */
  readonly failed: (error: unknown) => void
  /** By which ages are told. */
  readonly clock: Clock
  /** When what is known already was asked for; null where nothing is known yet. */
  readonly knownSince: Date | null
}

/** What is known serves for so long without a question, in milliseconds. */
const ASK_AFTER_MS = 500
/** And for so long while one is under way: the bound within which other processes hear of a new policy, in milliseconds. */
const STALE_AFTER_MS = 1000

/**
 * Keeps what a process knows of the store's policy version at most a second old while it is used, and asks nothing while it is
 * not: there is no timer. One question at a time, at most two a second; a call waits for the answer only after a pause, or
 * where the store takes half a second for it. Commits need no such watch, they carry the version; reads do.
 */
export class PolicyVersionWatch {
  readonly #options: PolicyVersionWatchOptions
  #knownSince: number
  #asking: Promise<void> | null = null

  constructor(options: PolicyVersionWatchOptions) {
    this.#options = options
    this.#knownSince = options.knownSince?.getTime() ?? Number.NEGATIVE_INFINITY
  }

  /**
   * To be asked before each decision: null where what is known is recent enough, otherwise what to wait for. That rejects with
   * the store's error where the store does not answer: nothing is decided on a policy that may be gone.
   */
  refresh(): Promise<void> | null {
    const now = this.#options.clock().getTime()
    const age = now - this.#knownSince
    // A clock that was set back says nothing about the age.
    if (age >= 0 && age < ASK_AFTER_MS) return null
    const asking = this.#asking ?? this.#ask(now)
    return age >= 0 && age < STALE_AFTER_MS ? null : asking
  }

  /** Resolves when no question is under way; none begins any more unless somebody calls `refresh`. */
  async idle(): Promise<void> {
    await this.#asking?.catch(() => undefined)
  }

  #ask(now: number): Promise<void> {
    const asking = this.#askNow(now).finally(() => {
      this.#asking = null
    })
    this.#asking = asking
    // Where nobody waits, `failed` has been told.
    asking.catch(() => undefined)
    return asking
  }

  async #askNow(now: number): Promise<void> {
    try {
      const version = await this.#options.read()
      this.#knownSince = now
      this.#options.heard(version)
    } catch (error) {
      this.#options.failed(error)
      throw error
    }
  }
}
