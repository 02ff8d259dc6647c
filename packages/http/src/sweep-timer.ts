/** How often is swept, in milliseconds: four times in the shortest limit, but no more often than that. */
const SWEEP_MS_MIN = 10
const SWEEP_MS_MAX = 1_000

/**
 * One timer for many clients: sweeps while there is somebody to look at, and holds up the end of no process.
 *
 * Its time goes on from sweep to sweep only, and by no more than two of them: a process that was busy, or stopped, has not seen
 * what came meanwhile, and blames nobody for it.
 */
export class SweepTimer {
  readonly #sweep: () => boolean
  readonly #sweepMs: number
  #timer: NodeJS.Timeout | null = null
  #now = 0
  #sweptAt = 0

  /** `sweep` says whether there is still somebody to look at. `shortestMilliseconds` is the shortest time that is to be told. */
  constructor(shortestMilliseconds: number, sweep: () => boolean) {
    this.#sweep = sweep
    this.#sweepMs = Math.min(SWEEP_MS_MAX, Math.max(SWEEP_MS_MIN, shortestMilliseconds / 4))
  }

  /** Milliseconds; stands still while nobody sweeps. */
  get now(): number {
    return this.#now
  }

  /** Begins to sweep, unless it does already. */
  start(): void {
    if (this.#timer !== null) return
    this.#sweptAt = performance.now()
    this.#timer = setInterval(() => this.#tick(), this.#sweepMs)
    this.#timer.unref()
  }

  #tick(): void {
    const time = performance.now()
    this.#now += Math.min(time - this.#sweptAt, 2 * this.#sweepMs)
    this.#sweptAt = time
    if (this.#sweep() || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
