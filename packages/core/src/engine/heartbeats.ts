import type { EngineContext } from './context.ts'
import { abandonRest } from './reservation-lost.ts'

/**
 * Tells the store in regular intervals that this process lives, and how old its oldest open read is. Where it falls
 * silent for `processLeaseSeconds`, others take it for dead, and its reservations and reads count no more.
 */
export class Heartbeats {
  readonly #engine: EngineContext
  #timer: NodeJS.Timeout | null = null
  #beating: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(engine: EngineContext) {
    this.#engine = engine
  }

  /** The first heartbeat; rejects when the store does. Nothing may be reserved or read before. */
  async start(): Promise<void> {
    await this.#beat()
    this.#schedule()
  }

  /** A heartbeat out of turn. Rejects when the store does. */
  now(): Promise<void> {
    return this.#beat()
  }

  /** No further heartbeats; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#beating
  }

  #schedule(): void {
    if (this.#stopped) return
    // Does not keep the process alive: an engine that nobody uses any more must not.
    this.#timer = setTimeout(() => {
      this.#beating = this.#beatAgain().then(() => this.#schedule())
    }, this.#engine.limits.heartbeatIntervalSeconds * 1000).unref()
  }

  async #beatAgain(): Promise<void> {
    const { observer } = this.#engine
    try {
      await this.#beat()
      await abandonRest(this.#engine)
    } catch (error) {
      observer.event('heartbeat.failed', { error })
    }
  }

  async #beat(): Promise<void> {
    const { metadata, openReads, processId, observer, reservations } = this.#engine
    // A read that begins behind this, where reads may lag, sees what was there before: as one does that is open now.
    const oldestReadAgeMs = openReads.oldestAgeMs() ?? (metadata.lagMilliseconds > 0 ? 0 : null)
    const { lapsed } = await metadata.heartbeat({ processId, oldestReadAgeMs })
    if (lapsed) {
      // What was reserved may have been taken for a dead process's: write under new names.
      reservations.forgetUnused()
      observer.event('process.lapsed', { processId })
    }
  }
}
