import type { MetadataStore } from '../../metadata/metadata-store.ts'

/** Which lease is kept, and how. */
export interface KeptLeaseOptions {
  /** Where the lease is. */
  readonly metadata: MetadataStore
  /** The job that was taken. */
  readonly id: string
  /** By whom. */
  readonly owner: string
  /** As it was taken, and is renewed. */
  readonly leaseSeconds: number
  /** Shorter than the lease, so that one renewal that fails does not lose it. */
  readonly renewEverySeconds: number
  /** When the job was asked for, monotonic, in milliseconds: the lease began no earlier. */
  readonly since: number
  /** Hears of a renewal that failed; another one will be tried. */
  readonly failed: (error: unknown) => void
}

/**
 * Renews the lease of a job while it is worked on. `signal` is aborted when the lease is lost: when the store says so, or when so much
 * time has passed since the last renewal that another process may have taken the job. Keeps no process alive.
 */
export class KeptLease {
  readonly #options: KeptLeaseOptions
  readonly #lost = new AbortController()
  #renewal: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  #renewing: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: KeptLeaseOptions) {
    this.#options = options
    this.#confirmed(options.since)
    this.#schedule()
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  /** No further renewal; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#renewal)
    await this.#renewing
    clearTimeout(this.#deadline)
  }

  #schedule(): void {
    if (this.#stopped || this.#lost.signal.aborted) return
    this.#renewal = setTimeout(() => {
      this.#renewing = this.#renew().then(() => this.#schedule())
    }, this.#options.renewEverySeconds * 1000).unref()
  }

  async #renew(): Promise<void> {
    const { metadata, id, owner, leaseSeconds, failed } = this.#options
    const askedAt = performance.now()
    try {
      const { outcome } = await metadata.renewJob({ id, owner, leaseSeconds })
      if (outcome === 'lost') this.#lose()
      else this.#confirmed(askedAt)
    } catch (error) {
      failed(error)
    }
  }

  #confirmed(since: number): void {
    clearTimeout(this.#deadline)
    const end = since + this.#options.leaseSeconds * 1000
    this.#deadline = setTimeout(() => this.#lose(), end - performance.now()).unref()
  }

  #lose(): void {
    this.#lost.abort(new Error(`the lease of the job ${this.#options.id} is lost`))
  }
}
