/** Where something stands in a text: lines and columns from 1, columns in characters. */
export interface SourcePlace {
  readonly line: number
  readonly column: number
}

/** What is wrong, where, and what to write instead. */
export interface PolicyFault {
  /** The statement as it was written. */
  readonly statement: string
  readonly place: SourcePlace
  readonly reason: string
  /** What to write instead; null where there is nothing short. */
  readonly fix: string | null
}

/**
 * A policy that cannot be expressed, or that Postgres itself would refuse, or a statement that would change policies in a way that this
 * reader does not follow. Nothing was read in its place.
 */
export class UnsupportedPolicyError extends Error {
  override readonly name = 'UnsupportedPolicyError'
  readonly statement: string
  readonly place: SourcePlace
  readonly reason: string
  /** What to write instead; null where there is nothing short. */
  readonly fix: string | null

  constructor({ statement, place, reason, fix }: PolicyFault) {
    super(`${place.line}:${place.column}: ${reason}${fix === null ? '' : ` (${fix})`}`)
    this.statement = statement
    this.place = place
    this.reason = reason
    this.fix = fix
  }
}
