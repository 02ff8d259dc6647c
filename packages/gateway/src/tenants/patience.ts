/** That everything is in use that may be open, and enough wait already. */
export class OpenCacheFullError extends Error {
  override readonly name = 'OpenCacheFullError'
}

/** How long somebody waits altogether, for whatever comes: from the first wait on. */
export class Patience {
  readonly #seconds: number
  #timer: NodeJS.Timeout | null = null
  #isOver = false
  #giveUp: () => void = () => undefined

  constructor(seconds: number) {
    this.#seconds = seconds
  }

  /** Waits for this, or rejects with `OpenCacheFullError` and the reason. `leave` is called in the moment in which it is given up. */
  async wait(what: Promise<void>, reason: string, leave: () => void = () => undefined): Promise<void> {
    this.#timer ??= setTimeout(() => {
      this.#isOver = true
      this.#giveUp()
    }, this.#seconds * 1000)
    await new Promise<void>((resolve, reject) => {
      this.#giveUp = () => {
        leave()
        reject(new OpenCacheFullError(reason))
      }
      if (this.#isOver) this.#giveUp()
      else void what.then(resolve, reject)
    }).finally(() => {
      this.#giveUp = () => undefined
    })
  }

  /** To be called when nothing is waited for any more. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
