import type { Caller } from '@stowage/core'

/** What a request may be signed with. */
export interface SigningSecret {
  /** Changes whenever the secret does: signing keys are cached under it. */
  readonly version: string
  readonly secretAccessKey: string
}

/** A key that requests are signed with, and who is meant by it. */
export interface Credential<C = Caller> extends SigningSecret {
  /** Stable, unique, never reused; not a secret. */
  readonly id: string
  /** More secrets, tried in turn behind the first: seven at most, the rest is not looked at. Default: none. */
  readonly otherSecrets?: readonly SigningSecret[]
  /** Of temporary credentials, the token that every request must carry. Default: none, and a request that carries one is refused. */
  readonly sessionToken?: string
  /** From this moment on it is refused. Default: never. */
  readonly expiresAt?: Date
  /** Whether URLs may be presigned with it. Default `allow`. */
  readonly presigning?: 'allow' | 'deny'
  readonly caller: C
}

/**
 * Why the token of a request is not good, by a resolver that reads tokens: it has expired, is none of its own, is taken back or for
 * somebody who may not show it here; or that cannot be told now.
 */
export interface CredentialRefusal {
  readonly refused: 'expired-token' | 'invalid-token' | 'unavailable'
}

/** What a resolver answers. */
export type FoundCredential<C = Caller> = Credential<C> | CredentialRefusal | null

/**
 * Finds the credential that an access key id names; null for a key that does not exist, was revoked or has expired.
 *
 * `sessionToken` is what the request carries beside it, not yet verified: a resolver whose tokens say everything may read the
 * credential out of it, and answers one that names this very token, or says why it does not.
 *
 * Answers at once where it can: a promise costs every request a turn. A rejection is a fault of ours, never of the client's.
 */
export interface CredentialResolver<C = Caller> {
  find(accessKeyId: string, sessionToken: string | null): FoundCredential<C> | Promise<FoundCredential<C>>
}
