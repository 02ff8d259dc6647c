import type { Workshop } from './workshop.ts'

/** One thing that has to hold for the packages as they are published, in as many cases as it takes. */
export interface PackedCheck {
  /** For `--only`. */
  readonly name: string
  /** One sentence: what holds when it passes. */
  readonly claim: string
  cases(workshop: Workshop): readonly PackedCase[]
}

/** What is counted at the end. */
export interface PackedCase {
  readonly name: string
  /** Resolves where it holds; rejects with `NotToBeHad` where the machine cannot tell, with anything else where it does not. */
  run(): Promise<void>
}

/** Something that only the network has, and that this machine did not get. Named in the end; neither passed nor failed. */
export class NotToBeHad extends Error {
  readonly what: string

  constructor(what: string, reason: string) {
    super(`${what} is not to be had here: ${reason}`)
    this.what = what
  }
}
