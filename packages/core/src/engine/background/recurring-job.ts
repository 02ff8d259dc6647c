import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Observer } from '../engine.ts'
import { KeptLease } from './kept-lease.ts'

/** Work that is done again and again, by one process at a time. Two at once, for a moment, must do no harm. */
export interface RecurringWork {
  /** Names the job, the same in every process. */
  readonly id: string
  /** From the end of one run, of whatever process, to the beginning of the next. */
  readonly everySeconds: number
  /** Stops soon after the signal is aborted. Gives back what an observer is told of it. */
  readonly run: (signal: AbortSignal) => Promise<Readonly<Record<string, unknown>>>
}

/** What `RecurringJob` needs of its engine. */
export interface RecurringJobOptions {
  /** Where the leases are. */
  readonly metadata: MetadataStore
  /** Hears what becomes of jobs. */
  readonly observer: Observer
  /** Names this engine; no other one, and none before it, has that name. */
  readonly owner: string
  /** Where its process dies, a job stands still for so long. */
  readonly leaseSeconds: number
  /** Shorter than the lease. */
  readonly renewEverySeconds: number
}

/** Somebody is about to take the job, or to give it back: a moment later it is known. */
const WAIT_MIN_MS = 100

/** Takes one job whenever it is due, does it, and gives it back. */
export class RecurringJob {
  readonly #work: RecurringWork
  readonly #options: RecurringJobOptions
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<void> = Promise.resolve()

  constructor(work: RecurringWork, options: RecurringJobOptions) {
    this.#work = work
    this.#options = options
  }

  start(): void {
    this.#schedule(0)
  }

  /** Breaks off the run under way, and gives the job back. Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the engine is closing'))
    clearTimeout(this.#timer)
    await this.#turn
  }

  #schedule(waitMs: number): void {
    if (this.#closing.signal.aborted) return
    // Does not keep the process alive: an engine that nobody uses any more must not.
    this.#timer = setTimeout(() => {
      this.#turn = this.#takeTurn().then((pauseMs) => this.#schedule(pauseMs))
    }, waitMs).unref()
  }

  /** Says in how many milliseconds to come again. */
  async #takeTurn(): Promise<number> {
    const { metadata, owner, leaseSeconds, observer } = this.#options
    const { id, everySeconds } = this.#work
    const everyMs = everySeconds * 1000
    const since = performance.now()
    try {
      const taken = await metadata.takeJob({ id, kind: id, owner, leaseSeconds })
      if (taken.outcome !== 'taken') return Math.min(everyMs, Math.max(WAIT_MIN_MS, taken.waitMs))
      const { attempt, takenFrom } = taken
      if (takenFrom !== null) observer.event('job.taken-over', { job: id, attempt, from: takenFrom })
      await this.#run(since, attempt)
    } catch (error) {
      observer.event('job.failed', { job: id, error })
    }
    return everyMs
  }

  async #run(since: number, attempt: number): Promise<void> {
    const { observer } = this.#options
    const { id, everySeconds, run } = this.#work
    const closing = this.#closing.signal
    const failed = (error: unknown): void => observer.event('job.failed', { job: id, attempt, error })
    const lease = new KeptLease({ ...this.#options, id, since, failed })
    let done = false
    try {
      const fields = await run(AbortSignal.any([closing, lease.signal]))
      done = true
      observer.event('job.ended', { ...fields, job: id, attempt })
    } catch (error) {
      if (!closing.aborted && !lease.signal.aborted) failed(error)
    } finally {
      await lease.stop()
    }
    if (lease.signal.aborted) observer.event('job.lost', { job: id, attempt })
    else await this.#giveBack(done, !done && closing.aborted ? 0 : everySeconds)
  }

  async #giveBack(done: boolean, againInSeconds: number): Promise<void> {
    const { metadata, owner, observer } = this.#options
    const { id } = this.#work
    const { outcome } = await metadata.finishJob({ id, owner, againInSeconds, done })
    if (outcome === 'lost') observer.event('job.lost', { job: id })
  }
}
