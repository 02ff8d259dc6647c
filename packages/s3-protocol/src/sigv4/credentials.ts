import type { Caller } from '@stowage/core'

/** A key that requests are signed with, and who is meant by it. */
export interface Credential<C = Caller> {
  /** Stable, unique, never reused; not a secret. */
  readonly id: string
  /** Changes whenever the secret does: signing keys are cached under it. */
  readonly version: string
  readonly secretAccessKey: string
  /** Of temporary credentials, the token that every request must carry. Default: none, and a request that carries one is refused. */
  readonly sessionToken?: string
  readonly caller: C
}

/**
 * Finds the credential that an access key id names; null for a key that does not exist, was revoked or has expired.
 *
 * `sessionToken` is what the request carries beside it, not yet verified: a resolver whose tokens say everything may read the
 * credential out of it, and answers one that names this very token.
 *
 * Answers at once where it can: a promise costs every request a turn. A rejection is a fault of ours, never of the client's.
 */
export interface CredentialResolver<C = Caller> {
  find(accessKeyId: string, sessionToken: string | null): Credential<C> | null | Promise<Credential<C> | null>
}
