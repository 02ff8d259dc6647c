import type { OperationName } from './operation.ts'

/** Claims and context as they were signed: whoever reads a field checks what is in it. */
export type JsonObject = { readonly [name: string]: unknown }

/** What a door found out about the caller from verified credentials. The engine never sees a secret. */
export interface Caller {
  readonly principal: Principal
  /** Whose buckets the caller owns. A bypass of row-level security ends at the account's own buckets. */
  readonly account: string | null
  /** Ceiling of the credential that was shown (keys, temporary credentials, presigned URLs); only ever intersected. */
  readonly scope: Scope | null
  /** For audit and last-used; never the key itself. */
  readonly credentialId: string | null
}

/** Who calls: nobody known, an account, a role with verified claims, a signed URL, or the system itself. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'account' }
  | { readonly kind: 'role'; readonly role: string; readonly sub: string | null; readonly claims: JsonObject; readonly bypassRls: boolean }
  | GrantPrincipal
  | SystemPrincipal

/** A verified signed URL: one operation on one key, with the context it was signed in. */
export interface GrantPrincipal {
  readonly kind: 'grant'
  readonly operation: OperationName
  readonly bucket: { readonly jurisdiction: string; readonly name: string }
  readonly key: string
  /** The version it was signed for; null for whichever is current, and then for no other. */
  readonly versionId: string | null
  readonly frozen: JsonObject
}

declare const system: unique symbol
/** Skips policy. Made only by `systemPrincipal(reason)`; the reason goes into the audit record. No protocol package needs it. */
export interface SystemPrincipal {
  readonly kind: 'system'
  readonly reason: string
  readonly [system]: true
}

/** What a credential may do at most. An absent field does not limit; an empty list allows nothing. */
export interface Scope {
  readonly buckets?: readonly { readonly jurisdiction: string; readonly name: string }[]
  readonly operations?: ReadonlySet<OperationName>
  /** Keys that begin with one of these, or are one of `objects`. */
  readonly prefixes?: readonly string[]
  readonly objects?: readonly string[]
  /** The last moment at which it counts. What is no time is never reached. */
  readonly notAfter?: Date
  /** Blocks of addresses (`192.0.2.0/24`) that a request must come from, by the fact `sourceIp`: without that fact it is refused. */
  readonly sourceCidrs?: readonly string[]
}

/** The caller that showed no credential at all. */
export const ANONYMOUS: Caller = { principal: { kind: 'anonymous' }, account: null, scope: null, credentialId: null }

/** The caller that owns an account: its own buckets, nothing else. */
export function accountCaller(account: string, credentialId: string | null = null): Caller {
  return { principal: { kind: 'account' }, account, scope: null, credentialId }
}
