import { RecurringJob } from './recurring-job.ts'
import type { RecurringJobOptions, RecurringWork } from './recurring-job.ts'

/**
 * What an engine does behind the calls. Each job is leased by the store's time: of all processes on one store, one does it at a time,
 * and where that one dies, another one takes it over when the lease runs out.
 *
 * Events, each with `job`: `job.ended` with what was done, `job.failed` (tried again), `job.taken-over` with `from`, whom it was taken
 * from, and `job.lost`, where the lease ran out here: the run was broken off.
 */
export class BackgroundJobs {
  readonly #jobs: readonly RecurringJob[]

  constructor(works: readonly RecurringWork[], options: RecurringJobOptions) {
    this.#jobs = works.map((work) => new RecurringJob(work, options))
  }

  /** Begins at once, with whatever is due. */
  start(): void {
    for (const job of this.#jobs) job.start()
  }

  /** Breaks off what is under way, waits for its end, and begins no more. Never rejects. */
  async close(): Promise<void> {
    await Promise.all(this.#jobs.map((job) => job.close()))
  }
}
