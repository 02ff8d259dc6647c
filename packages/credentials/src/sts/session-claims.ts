import type { JsonObject, Scope } from '@stowage/core'
import { isJsonObject } from '../read-json-object.ts'
import { TokenError } from '../token-error.ts'
import { parseScopeClaim, scopeClaim } from '../tokens/scope-claim.ts'

/** From what a temporary credential was made. */
export type SessionParent =
  /** A key, with the secret that it had, by `secretName`: its scope is read anew with every request. */
  | { readonly kind: 'key'; readonly accessKeyId: string; readonly secret: string }
  /** A user's token. */
  | {
      readonly kind: 'jwt'
      /** The key that signed it: by what name it is found, and which of that name, by `secretName`. */
      readonly key: { readonly kid: string | null; readonly secret: string }
      readonly role: string
      readonly sub: string | null
      readonly claims: JsonObject
      readonly sessionId: string | null
    }

/** What the token of a temporary credential says. */
export interface SessionClaims {
  readonly accessKeyId: string
  readonly jti: string
  readonly parent: SessionParent
  /** What was asked for, besides what the parent may. */
  readonly scope: Scope
  readonly issuedAt: Date
}

/** As they are signed. */
export function formatSessionClaims({ accessKeyId, jti, parent, scope }: Omit<SessionClaims, 'issuedAt'>): JsonObject {
  return { akid: accessKeyId, jti, parent, scope: scopeClaim(scope) }
}

/** Reads the claims of a token that was verified. Fails with a `TokenError`. */
export function parseSessionClaims(claims: JsonObject): SessionClaims {
  const { akid, jti, parent, scope, iat } = claims
  if (typeof akid !== 'string' || typeof jti !== 'string' || typeof iat !== 'number' || !isJsonObject(parent)) throw unreadable()
  return { accessKeyId: akid, jti, parent: parseParent(parent), scope: parseScopeClaim(scope), issuedAt: new Date(iat * 1000) }
}

function parseParent(parent: JsonObject): SessionParent {
  const { kind, accessKeyId, secret, key, role, sub, claims, sessionId } = parent
  if (kind === 'key' && typeof accessKeyId === 'string' && typeof secret === 'string') return { kind, accessKeyId, secret }
  if (kind === 'jwt' && typeof role === 'string' && isTextOrNull(sub) && isTextOrNull(sessionId) && isJsonObject(claims)) {
    return { kind, key: parseKey(key), role, sub, claims, sessionId }
  }
  throw unreadable()
}

function parseKey(key: unknown): { readonly kid: string | null; readonly secret: string } {
  const { kid, secret } = isJsonObject(key) ? key : {}
  if (!isTextOrNull(kid) || typeof secret !== 'string') throw unreadable()
  return { kid, secret }
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

function unreadable(): TokenError {
  return new TokenError('claims', 'The token of the credential cannot be read.')
}
