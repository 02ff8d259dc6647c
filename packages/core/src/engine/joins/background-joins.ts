import type { VersionPlace } from '../../metadata/exchange.ts'
import type { EngineContext } from '../context.ts'
import type { Observer } from '../engine.ts'
import type { JoinRules } from './join-policy.ts'
import { joinVersion } from './join-version.ts'

/** Versions that wait to be joined; further ones stay as they are. */
const WAITING_MAX = 1_000

/** What `BackgroundJoins` needs of its engine. */
export interface BackgroundJoinsOptions {
  /** Null for an engine that never joins. */
  readonly rules: JoinRules | null
  /** Hears what became of joins: nobody else does. */
  readonly observer: Observer
}

interface Waiting {
  readonly engine: EngineContext
  readonly place: VersionPlace
}

/**
 * Joins the blobs of completed uploads, one version after the other, behind the calls: Complete has answered by then, and no
 * call waits for a join or hears of its failure. What waits when the engine is closed, or when the process dies, is not joined
 * later: it is whole as it is.
 *
 * Events: `join.queued`, and for each of those `join.ended`; `join.skipped` where too many wait; `join.failed`.
 */
export class BackgroundJoins {
  readonly #rules: JoinRules | null
  readonly #observer: Observer
  readonly #closing = new AbortController()
  #waiting: Waiting[] = []
  #running: Promise<void> | null = null

  constructor({ rules, observer }: BackgroundJoinsOptions) {
    this.#rules = rules
    this.#observer = observer
  }

  /** Takes note of a version that has just been completed. */
  consider(engine: EngineContext, { bucketId, key, sequence }: VersionPlace): void {
    const rules = this.#rules
    if (rules === null || this.#closing.signal.aborted || engine.backend.joining === undefined) return
    if (this.#waiting.length >= WAITING_MAX) {
      this.#observer.event('join.skipped', { bucketId, key })
      return
    }
    this.#waiting.push({ engine, place: { bucketId, key, sequence } })
    this.#observer.event('join.queued', { bucketId, key })
    // Not now: the call that has completed the upload answers first.
    this.#running ??= new Promise<void>((resolve) => void setImmediate(resolve)).then(() => this.#run(rules))
  }

  /** Ends the join under way, and begins no other one. Never rejects. */
  async close(): Promise<void> {
    this.#waiting = []
    this.#closing.abort(new Error('the engine is closing'))
    await this.#running
  }

  async #run(rules: JoinRules): Promise<void> {
    const { signal } = this.#closing
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { bucketId, key } = next.place
      try {
        await joinVersion(next.engine, next.place, { rules, signal })
      } catch (error) {
        if (!signal.aborted) this.#observer.event('join.failed', { bucketId, key, error })
      }
      this.#observer.event('join.ended', { bucketId, key })
    }
    this.#running = null
  }
}
