import type { Caller } from '@stowage/core'
import type { VerifiedJwt } from './jwt/jwt-verifier.ts'

/** What a door adds to a verified token. */
export interface UserCallerOptions {
  /** Whose buckets a role that bypasses row-level security owns; null for none. */
  readonly account: string | null
  /** For audit; null where nothing names the credential. Never the token itself. */
  readonly credentialId: string | null
  /** Ceiling of the credential. Default: none. */
  readonly scope?: Caller['scope']
}

/** The caller of a user's token. The same for every door that the token is shown at: none may decide otherwise than another. */
export function userCaller(jwt: VerifiedJwt, { account, credentialId, scope = null }: UserCallerOptions): Caller {
  const { role, sub, claims, bypassRls } = jwt
  return { principal: { kind: 'role', role, sub, claims, bypassRls }, account, scope, credentialId }
}
