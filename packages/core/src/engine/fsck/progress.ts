/** How far a check has come. */
export interface FsckStep {
  /** `database`: its own check; `rows`: what they say; `blobs`: whether they are there; `bytes`: whether they are right (deep). */
  readonly phase: 'database' | 'rows' | 'blobs' | 'bytes'
  /** Rows, blobs or extents of this phase, until now. */
  readonly done: number
  /** How many there will be; null where nobody knows. Rows that come and go make it a guess. */
  readonly total: number | null
  /** Stored bytes read, in the phase `bytes`. */
  readonly bytesDone: number
  readonly bytesTotal: number
}

/** A report every so many rows: often enough for a bar, too seldom to cost anything. */
const INTERVAL = 256

/** What was looked at, and who wants to hear of it. */
export class FsckProgress {
  readonly #tell: ((step: FsckStep) => void) | undefined
  #step: FsckStep = { phase: 'database', done: 0, total: null, bytesDone: 0, bytesTotal: 0 }

  constructor(tell: ((step: FsckStep) => void) | undefined) {
    this.#tell = tell
  }

  /** Begins a phase. */
  begin(phase: FsckStep['phase'], total: number | null, bytesTotal: number = 0): void {
    this.#step = { phase, done: 0, total, bytesDone: 0, bytesTotal }
    this.#tell?.(this.#step)
  }

  /** One more, and its bytes. */
  add(bytes: number = 0): void {
    const { done, bytesDone } = this.#step
    this.#step = { ...this.#step, done: done + 1, bytesDone: bytesDone + bytes }
    if ((done + 1) % INTERVAL === 0) this.#tell?.(this.#step)
  }

  /** The phase is over. */
  end(): void {
    this.#tell?.(this.#step)
  }
}
