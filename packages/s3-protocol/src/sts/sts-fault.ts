import type { HttpHeader } from '@stowage/http'

/** The status that AWS gives with each code (STS API reference: "Common errors", and the errors of each action). What is not here cannot be answered. */
export const STS_STATUS = {
  AccessDenied: 403,
  ExpiredToken: 403,
  ExpiredTokenException: 400,
  IDPCommunicationError: 400,
  IncompleteSignature: 400,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidClientTokenId: 403,
  InvalidIdentityToken: 400,
  MalformedPolicyDocument: 400,
  MissingAction: 400,
  MissingAuthenticationToken: 403,
  PackedPolicyTooLarge: 400,
  RequestEntityTooLarge: 413,
  RequestExpired: 400,
  ServiceUnavailable: 503,
  Throttling: 400,
  ValidationError: 400,
} as const

/** The closed list of codes that the security token service answers with. */
export type StsFaultCode = keyof typeof STS_STATUS

/** What an answer carries besides code and message. */
export interface StsFaultOptions {
  /** Beside those that every answer has. */
  readonly headers?: readonly HttpHeader[]
  /** What failed below: for logs, never in the answer. */
  readonly cause?: unknown
}

/** An error of the security token service: what a client gets to see, word for word. */
export class StsFault extends Error {
  override readonly name = 'StsFault'
  readonly code: StsFaultCode
  readonly headers: readonly HttpHeader[]

  constructor(code: StsFaultCode, message: string, { headers = [], cause }: StsFaultOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.headers = headers
  }
}
