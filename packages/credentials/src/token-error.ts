/**
 * Why a token is not accepted: the closed list.
 *
 * - `malformed`: nothing that could have been a token of ours, or longer than any.
 * - `algorithm`: signed in another way than our record of the key says.
 * - `kid`: names a key that we do not have.
 * - `signature`: not signed by that key.
 * - `expired`: was good once.
 * - `claims`: well signed, and says something that is refused: issuer, audience, role, times, purpose.
 * - `revoked`: well signed, and taken back, or made from something that is gone.
 * - `keys-unavailable`: whoever publishes the keys cannot be asked; the same token may be good later.
 */
export type TokenErrorCode = 'malformed' | 'algorithm' | 'kid' | 'signature' | 'expired' | 'claims' | 'revoked' | 'keys-unavailable'

/** Refuses a token. The message says what is wrong with it in words that may be shown to whoever sent it: no secret, no part of the token. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code: TokenErrorCode

  constructor(code: TokenErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
  }
}
