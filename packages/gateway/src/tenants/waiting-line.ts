/** A place in a line. */
export interface WaitingPlace {
  /** Resolves when it is this one's turn: it looks itself what there is. */
  readonly woken: Promise<void>
  /** For who waits no longer: nobody is woken in vain. Of no effect afterwards. */
  readonly leave: () => void
}

interface Waiting {
  readonly woken: Promise<void>
  readonly wake: () => void
  count: number
}

/** Those who wait for room, first come, first served. All who wait for the same have one place. */
export class WaitingLine {
  readonly #waiting = new Map<string, Waiting>()

  /** Places in it. */
  get length(): number {
    return this.#waiting.size
  }

  /** Whether anybody waits for this. */
  has(key: string): boolean {
    return this.#waiting.has(key)
  }

  /** Takes a place in it, at the end where nobody waits for the same. */
  join(key: string): WaitingPlace {
    const waiting = this.#waiting.get(key) ?? newPlace()
    waiting.count += 1
    this.#waiting.set(key, waiting)
    const leave = (): void => {
      waiting.count -= 1
      if (waiting.count === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key)
    }
    return { woken: waiting.woken, leave }
  }

  /** Wakes the first one. */
  wake(): void {
    for (const [key, { wake }] of this.#waiting) {
      this.#waiting.delete(key)
      wake()
      return
    }
  }

  /** Wakes everybody. */
  wakeAll(): void {
    while (this.#waiting.size > 0) this.wake()
  }
}

function newPlace(): Waiting {
  let wake = (): void => undefined
  const woken = new Promise<void>((resolve) => (wake = resolve))
  return { woken, wake, count: 0 }
}
