/** One thing that `npm run verify` proves. */
export interface VerifyStep {
  readonly name: string
  /** One sentence: what holds when it passes. */
  readonly claim: string
  /** What it needs of the machine; a step whose needs are not met is reported as absent, never as passed. */
  readonly needs: readonly Need[]
  run(context: StepContext): Promise<StepResult>
}

/** A need, and how to find out. */
export interface Need {
  readonly name: string
  isMet(): Promise<boolean>
}

export interface StepContext {
  /** For whatever is random. Printed, and settable, so that a run can be repeated. */
  readonly seed: number
  /** True in CI: a sample that takes seconds, drawn by the seed. */
  readonly sample: boolean
  log(line: string): void
}

export interface StepResult {
  /** How many separate cases were tried. */
  readonly cases: number
  /** Sentences; empty when it passes. */
  readonly failures: readonly string[]
  /** What the report shows besides. */
  readonly notes: readonly string[]
}

/** A small generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
