import { timingSafeEqual } from 'node:crypto'
import { ANONYMOUS, type Caller } from '@stowage/core'
import type { JwtVerifier } from '../jwt/jwt-verifier.ts'
import type { OpaqueKey, OpaqueKeyKind } from '../opaque-keys/opaque-key.ts'
import { roleCaller, type Roles } from '../roles.ts'
import { TokenError } from '../token-error.ts'
import { userCaller } from '../user-caller.ts'
import {
  decideRestCredentials,
  type DecideRestCredentialsOptions,
  type RestCredentials,
  type RestRefusal,
} from './decide-rest-credentials.ts'

/** An opaque key as a store knows it. */
export interface StoredOpaqueKey {
  /** Never reused; not a secret. */
  readonly id: string
  readonly kind: OpaqueKeyKind
  /** Of `opaqueKeyDigest`. */
  readonly digest: string
}

/** Finds opaque keys by their digest; null for one that does not exist or was revoked. */
export interface OpaqueKeyFinder {
  find(digest: string): StoredOpaqueKey | null | Promise<StoredOpaqueKey | null>
}

/** What the credentials of REST requests are held against. */
export interface RestCallerOptions extends DecideRestCredentialsOptions {
  /** The keys that there are. */
  readonly keys: OpaqueKeyFinder
  /** Verifies the tokens of users, and the older `anon` and `service_role` tokens. */
  readonly verifier: JwtVerifier
  /** Whose buckets the project's are. */
  readonly account: string | null
  /** The roles that there are. Default: `SUPABASE_ROLES`. */
  readonly roles?: Roles
}

/** Who sent a REST request, or why it is refused: before a look-up, for a key that is not there, or for its token. */
export type RestIdentity =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'signature' }
  | { readonly kind: 'refused'; readonly reason: RestRefusal | 'unknown-key' }
  | { readonly kind: 'refused'; readonly reason: 'invalid-token'; readonly error: TokenError }

/** The roles of Supabase's older tokens in place of keys. Any other token is a user's, and no key. */
const LEGACY_ROLES: ReadonlySet<string> = new Set(['anon', 'service_role'])
const ROLE_OF_KEY = { publishable: 'anon', secret: 'service_role' } as const

/** Turns what a REST request shows into a caller. Fails with whatever the store of keys fails with, and with nothing else. */
export async function restCaller(shown: RestCredentials, options: RestCallerOptions): Promise<RestIdentity> {
  const decision = decideRestCredentials(shown, options)
  if (decision.kind === 'anonymous') return { kind: 'caller', caller: ANONYMOUS }
  if (decision.kind !== 'identified') return decision
  const { key, userToken } = decision
  try {
    const keyCaller =
      key === null ? null : key.kind === 'opaque' ? await opaqueCaller(key.key, options) : await legacyCaller(key.token, options)
    if (key !== null && keyCaller === null) return { kind: 'refused', reason: 'unknown-key' }
    if (userToken !== null) {
      const jwt = await options.verifier.verify(userToken)
      return { kind: 'caller', caller: userCaller(jwt, { account: options.account, credentialId: keyCaller?.credentialId ?? null }) }
    }
    return keyCaller === null ? { kind: 'refused', reason: 'unknown-key' } : { kind: 'caller', caller: keyCaller }
  } catch (error) {
    if (error instanceof TokenError) return { kind: 'refused', reason: 'invalid-token', error }
    throw error
  }
}

async function opaqueCaller({ digest, kind }: OpaqueKey, { keys, account, roles }: RestCallerOptions): Promise<Caller | null> {
  const stored = await keys.find(digest)
  if (stored === null || stored.kind !== kind || !isSameDigest(stored.digest, digest)) return null
  const role = ROLE_OF_KEY[kind]
  return roleCaller({ ...(roles === undefined ? {} : { roles }), role, claims: { role }, account, credentialId: stored.id })
}

async function legacyCaller(token: string, { verifier, account }: RestCallerOptions): Promise<Caller | null> {
  const jwt = await verifier.verify(token)
  return LEGACY_ROLES.has(jwt.role) && jwt.sub === null ? userCaller(jwt, { account, credentialId: `legacy-${jwt.role}` }) : null
}

function isSameDigest(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right))
}
