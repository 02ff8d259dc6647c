import type { Clock, JsonObject } from '@stowage/core'
import { type Roles, SUPABASE_ROLES } from '../roles.ts'
import { TokenError } from '../token-error.ts'
import { readCompactToken, type UnverifiedToken } from './compact-token.ts'
import { hasInexactNumber } from './inexact-number.ts'
import { checkClaims } from './jwt-claims.ts'
import type { JwtKeySource } from './jwt-key-source.ts'
import type { JwtKey } from './jwt-key.ts'
import { VerifiedTokens } from './verified-tokens.ts'
import { verifySignature } from './verify-signature.ts'

/** What user tokens are verified against. */
export interface JwtVerifierOptions {
  /** Where the keys are. Of several, the first that has one of the token's name is asked, and no other. */
  readonly keys: readonly JwtKeySource[]
  /** The time that a token's own are held against. */
  readonly clock: Clock
  /** The roles that a token may name. Default: `SUPABASE_ROLES`. */
  readonly roles?: Roles
  /** The role of a token that names none. Default `anon`, as in Supabase Storage; null refuses it. */
  readonly defaultRole?: string | null
  /** Who may have issued it. Default: whoever has the key. */
  readonly issuers?: readonly string[]
  /** For whom it may be meant, one of them. Default: anybody. */
  readonly audiences?: readonly string[]
  /** How far ahead of ours the issuer's clock may be, in `nbf` and `iat`. Default 60. There is no such grace at the end. */
  readonly skewSecondsMax?: number
  /** Where verified tokens are remembered; may be shared with other verifiers. Default: of its own, 1,000 of them in 4 MiB. */
  readonly remembered?: VerifiedTokens
}

/** What a verified token says. */
export interface VerifiedJwt {
  /** One of the roles that there are. */
  readonly role: string
  /** What the record of the role says: no token can claim it. */
  readonly bypassRls: boolean
  /** The user, as the issuer names it: opaque text. */
  readonly sub: string | null
  /** All of it, for policies to read. Frozen: it is shared by every request that carries the token. */
  readonly claims: JsonObject
  /** From this moment on it is refused. */
  readonly exp: Date
  /** Names the key that signed it, see `JwtKey.fingerprint`. */
  readonly keyFingerprint: string
  /** By what name the token asked for that key; null where it named none. */
  readonly kid: string | null
}

/** Keys of one name are tried in turn, no more than this many. */
const CANDIDATES_MAX = 8
const SKEW_SECONDS_MAX = 60
const REMEMBERED = { countMax: 1000, bytesMax: 4 * 2 ** 20 }
/** Of a user: anything else was made for another purpose (RFC 8725 section 3.11), and must not be taken for a session. */
const TYPES: ReadonlySet<string | null> = new Set([null, 'jwt', 'at+jwt'])

/**
 * Verifies the tokens of users, and the `anon` and `service_role` tokens that Supabase has in place of keys. Key and algorithm are
 * those of our records, by the `kid` of the token; nothing else in its header is followed.
 */
export class JwtVerifier {
  readonly #options: JwtVerifierOptions
  readonly #remembered: VerifiedTokens

  constructor(options: JwtVerifierOptions) {
    this.#options = options
    this.#remembered = options.remembered ?? new VerifiedTokens(REMEMBERED)
  }

  /** Fails with a `TokenError`, and with nothing else. */
  async verify(token: string): Promise<VerifiedJwt> {
    const unverified = readCompactToken(token)
    if (!TYPES.has(unverified.typ)) throw new TokenError('claims', 'The token is made for something else.')
    const { key, claims } = await this.#verified(token, await this.#candidates(unverified))
    try {
      return this.#accept(claims, key)
    } catch (error) {
      this.#remembered.delete(token, key)
      throw error
    }
  }

  /** The keys that tokens with this `kid`, or with none, are verified with now. Fails with a `TokenError` where that cannot be told. */
  async keysNamed(kid: string | null): Promise<readonly JwtKey[]> {
    for (const source of this.#options.keys) {
      const keys = await findKeys(source, kid)
      if (keys.length > 0) return keys
    }
    return []
  }

  async #candidates({ alg, kid }: UnverifiedToken): Promise<readonly JwtKey[]> {
    const keys = await this.keysNamed(kid)
    if (keys.length === 0) {
      throw new TokenError('kid', kid === null ? 'The token names no key.' : 'The token is signed with a key that is not known.')
    }
    const fitting = keys.filter((key) => key.alg === alg)
    if (fitting.length === 0) throw new TokenError('algorithm', 'The token is signed in another way than its key.')
    return fitting.slice(0, CANDIDATES_MAX)
  }

  async #verified(token: string, keys: readonly JwtKey[]): Promise<{ readonly key: JwtKey; readonly claims: JsonObject }> {
    for (const key of keys) {
      const claims = this.#remembered.find(token, key)
      if (claims !== null) return { key, claims }
    }
    for (const key of keys) {
      const claims = await verifySignature(token, key)
      if (claims === null) continue
      checkNumbers(token)
      freeze(claims)
      this.#remembered.add(token, key, claims)
      return { key, claims }
    }
    throw new TokenError('signature', 'The signature of the token is not right.')
  }

  #accept(claims: JsonObject, key: JwtKey): VerifiedJwt {
    const {
      issuers = null,
      audiences = null,
      skewSecondsMax = SKEW_SECONDS_MAX,
      roles = SUPABASE_ROLES,
      defaultRole = 'anon',
    } = this.#options
    const { exp } = checkClaims(claims, { issuers, audiences, skewSecondsMax }, this.#options.clock())
    const { role = defaultRole, sub = null } = claims
    const known = typeof role === 'string' ? roles.get(role) : undefined
    if (typeof role !== 'string' || known === undefined) throw new TokenError('claims', 'The token names no role that there is.')
    if (!isSub(sub)) throw new TokenError('claims', 'The sub of the token is not valid.')
    return { role, bypassRls: known.bypassRls, sub, claims, exp: new Date(exp * 1000), keyFingerprint: key.fingerprint, kid: key.kid }
  }
}

async function findKeys(source: JwtKeySource, kid: string | null): Promise<readonly JwtKey[]> {
  try {
    return await source.find(kid)
  } catch (error) {
    throw error instanceof TokenError
      ? error
      : new TokenError('keys-unavailable', 'The keys of the token cannot be read.', { cause: error })
  }
}

// Under the flag `u` a whole pair is one character, so that only a half is a surrogate.
const UNSTORABLE = /[\0\p{Surrogate}]/u

/** Opaque text, but such as can be kept: it becomes the owner of what its user makes. */
function isSub(sub: unknown): sub is string | null {
  return sub === null || (typeof sub === 'string' && sub !== '' && !UNSTORABLE.test(sub))
}

/** What a policy compares must be what the issuer has signed. */
function checkNumbers(token: string): void {
  const [, body = ''] = token.split('.')
  if (hasInexactNumber(Buffer.from(body, 'base64url').toString())) {
    throw new TokenError('claims', 'The token has a number that cannot be kept as it is: with so many digits it must be a text.')
  }
}

/** All of it: what one policy changed, the next request would believe. No deeper than a token is long. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const each of Object.values(value)) freeze(each)
  Object.freeze(value)
}
