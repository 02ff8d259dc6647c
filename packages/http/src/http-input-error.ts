/** What may be wrong with what a client sent, before any protocol has looked at it. */
export type HttpInputErrorCode =
  | 'BodyTaken'
  | 'BodyTimeout'
  | 'BodyTooLarge'
  | 'BodyTruncated'
  | 'HeaderMissing'
  | 'HeaderInvalid'
  | 'TargetInvalid'

/**
 * A fault of the client in the form of its request. Each protocol turns it into an error of its own.
 *
 * `subject` is the lower-case name of the header, `target` or `body`. The message never repeats the value that was sent.
 */
export class HttpInputError extends Error {
  override readonly name = 'HttpInputError'
  readonly code: HttpInputErrorCode
  readonly subject: string

  constructor(code: HttpInputErrorCode, subject: string, message: string) {
    super(message)
    this.code = code
    this.subject = subject
  }
}
