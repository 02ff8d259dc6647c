import type { Caller, JsonObject } from '@stowage/core'

/** A role that a credential may name. */
export interface Role {
  /** Whether row-level security does not bind it. Its bypass ends at the buckets of the caller's account all the same. */
  readonly bypassRls: boolean
}

/** Finds the roles that there are, by name. A credential that names another one is refused. A `Map` is one. */
export interface Roles {
  get(name: string): Role | undefined
}

/** The roles that every Supabase project has. A project adds its own to a copy. */
export const SUPABASE_ROLES: ReadonlyMap<string, Role> = new Map([
  ['anon', { bypassRls: false }],
  ['authenticated', { bypassRls: false }],
  ['service_role', { bypassRls: true }],
])

/** Who shows a credential that names a role, and where it counts. */
export interface RoleCallerOptions {
  /** The roles that there are. Default: `SUPABASE_ROLES`. */
  readonly roles?: Roles
  /** The role, by name. */
  readonly role: string
  /** The user, as the issuer of the token names it; null where no user is behind it. Opaque text, not always a UUID. */
  readonly sub?: string | null
  /** What was signed about the user, for policies to read. Default: nothing. */
  readonly claims?: JsonObject
  /** Whose buckets a role that bypasses row-level security owns; null for none. */
  readonly account: string | null
  /** For audit: never the key or the token itself. */
  readonly credentialId: string | null
  /** Ceiling of the credential. Default: none. */
  readonly scope?: Caller['scope']
}

/** The caller of a role; null where there is no such role. */
export function roleCaller(options: RoleCallerOptions): Caller | null {
  const { roles = SUPABASE_ROLES, role, sub = null, claims = {}, account, credentialId, scope = null } = options
  const known = roles.get(role)
  if (known === undefined) return null
  return { principal: { kind: 'role', role, sub, claims, bypassRls: known.bypassRls }, account, scope, credentialId }
}
