import type { Caller } from '@stowage/core'

/** What a request may be signed with. */
export interface S3SigningSecret {
  /** Changes whenever the secret does. */
  readonly version: string
  readonly secretAccessKey: string
}

/** A credential that requests are signed with, as `@stowage/s3-protocol` takes it. */
export interface S3Credential extends S3SigningSecret {
  /** Stable, never reused; not a secret. */
  readonly id: string
  /** More secrets that sign for it. */
  readonly otherSecrets?: readonly S3SigningSecret[]
  /** The token that every request must carry; absent where it must carry none. */
  readonly sessionToken?: string
  /** From this moment on it is refused. */
  readonly expiresAt?: Date
  /** Whether URLs may be presigned with it. */
  readonly presigning?: 'allow' | 'deny'
  readonly caller: Caller
}

/** Why the token of a request is not good. */
export interface S3CredentialRefusal {
  readonly refused: 'expired-token' | 'invalid-token' | 'unavailable'
}

/** What a resolver answers; null where access key id and token are not of its kind, or it has none of this name. */
export type FoundS3Credential = S3Credential | S3CredentialRefusal | null

/** Finds the credential of a request, by its access key id and the token beside it, which nobody has verified yet. */
export interface S3CredentialResolver {
  find(accessKeyId: string, sessionToken: string | null): FoundS3Credential | Promise<FoundS3Credential>
}

/**
 * Asks resolvers in turn: the first that knows the credential, or refuses its token, has the word. Those of tokens come first: to a
 * request without one they say null at once, and a key that has no token would refuse the one of a credential that was made from it.
 */
export function firstCredential(resolvers: readonly S3CredentialResolver[]): S3CredentialResolver {
  return {
    find: (accessKeyId, sessionToken) => {
      for (const [at, resolver] of resolvers.entries()) {
        const found = resolver.find(accessKeyId, sessionToken)
        if (found instanceof Promise) return orNext(found, resolvers.slice(at + 1), { accessKeyId, sessionToken })
        if (found !== null) return found
      }
      return null
    },
  }
}

async function orNext(
  pending: Promise<FoundS3Credential>,
  others: readonly S3CredentialResolver[],
  asked: { readonly accessKeyId: string; readonly sessionToken: string | null },
): Promise<FoundS3Credential> {
  return (await pending) ?? (await firstCredential(others).find(asked.accessKeyId, asked.sessionToken))
}
