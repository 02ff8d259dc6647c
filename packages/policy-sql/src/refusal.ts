/** Thrown where an expression cannot be read: the statement around it makes an `UnsupportedPolicyError` of it. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  /** Bytes from the start of the text; null: the statement as a whole. */
  readonly at: number | null
  readonly fix: string | null

  constructor(at: number | null, reason: string, fix: string | null = null) {
    super(reason)
    this.at = at
    this.fix = fix
  }
}
