/** Timers of Node.js go no further: they would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Follows another signal after some time, with its reason: whoever is aborted may finish what is at hand, but not for ever. */
export class LateSignal {
  readonly #controller = new AbortController()
  readonly #source: AbortSignal
  readonly #delayMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(source: AbortSignal, seconds: number) {
    this.#source = source
    this.#delayMs = Math.min(seconds * 1000, TIMER_MS_MAX)
    if (source.aborted) this.#begin()
    else source.addEventListener('abort', this.#begin, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** To be called once what it was for is over: it then never fires, and keeps nothing alive. */
  stop(): void {
    this.#source.removeEventListener('abort', this.#begin)
    clearTimeout(this.#timer)
  }

  readonly #begin = (): void => {
    this.#timer = setTimeout(() => this.#controller.abort(this.#source.reason), this.#delayMs)
  }
}
