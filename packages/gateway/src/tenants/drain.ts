/** A while in which newcomers wait for something to come to rest: until it has, or in vain. */
export class Drain {
  /** Resolves at the end of it. */
  readonly ended: Promise<void>
  readonly #timer: NodeJS.Timeout
  #resolve: () => void = () => undefined

  /** `onVain` is called where nobody has ended it in so many seconds. */
  constructor(seconds: number, onVain: () => void) {
    this.ended = new Promise<void>((resolve) => (this.#resolve = resolve))
    this.#timer = setTimeout(onVain, seconds * 1000)
  }

  /** Ends it. Calling it twice is fine. */
  end(): void {
    clearTimeout(this.#timer)
    this.#resolve()
  }
}
