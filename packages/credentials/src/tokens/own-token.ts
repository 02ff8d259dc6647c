import { SignJWT } from 'jose'
import type { JsonObject } from '@stowage/core'
import { readCompactToken } from '../jwt/compact-token.ts'
import { checkClaims } from '../jwt/jwt-claims.ts'
import { verifySignature } from '../jwt/verify-signature.ts'
import { TokenError } from '../token-error.ts'
import type { DerivedKeys, TokenKeys } from './token-keys.ts'

/** What a token of ours is: it is good for nothing else. */
export interface OwnTokenKind {
  /** In the header, lower case (RFC 8725 section 3.11). */
  readonly typ: string
  /** Where it is to be shown. */
  readonly aud: string
}

/** What is signed, and how long it is good. Times are whole seconds: what is left of one is lost. */
export interface OwnTokenTimes {
  readonly issuedAt: Date
  readonly expiresAt: Date
}

/** A token of ours that was verified. */
export interface OwnToken {
  readonly claims: JsonObject
  readonly expiresAt: Date
  /** Those that it was signed with. */
  readonly keys: DerivedKeys
}

/** Our own clocks may differ by so much, from one node to another. */
const SKEW_SECONDS_MAX = 60

/** Signs a token of ours. */
export function signOwnToken(
  claims: JsonObject,
  kind: OwnTokenKind,
  { keys, issuedAt, expiresAt }: OwnTokenTimes & { readonly keys: TokenKeys },
): Promise<string> {
  const { key, kid, alg } = keys.newest.signing
  return new SignJWT({ ...claims, aud: kind.aud, iat: wholeSeconds(issuedAt), exp: wholeSeconds(expiresAt) })
    .setProtectedHeader({ alg, typ: kind.typ, ...(kid === null ? {} : { kid }) })
    .sign(key)
}

/** Verifies a token of ours, of this kind. Fails with a `TokenError`. */
export async function verifyOwnToken(
  token: string,
  kind: OwnTokenKind,
  { keys, now }: { readonly keys: TokenKeys; readonly now: Date },
): Promise<OwnToken> {
  const { alg, kid, typ } = readCompactToken(token)
  if (typ !== kind.typ) throw new TokenError('claims', 'The token is made for something else.')
  const derived = kid === null ? undefined : keys.byKid.get(kid)
  if (derived === undefined) throw new TokenError('kid', 'The token is signed with a key that is not known.')
  if (derived.signing.alg !== alg) throw new TokenError('algorithm', 'The token is signed in another way than its key.')
  const claims = await verifySignature(token, derived.signing)
  if (claims === null) throw new TokenError('signature', 'The signature of the token is not right.')
  const { exp } = checkClaims(claims, { issuers: null, audiences: [kind.aud], skewSecondsMax: SKEW_SECONDS_MAX }, now)
  return { claims, expiresAt: new Date(exp * 1000), keys: derived }
}

function wholeSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000)
}
