/**
 * A role that callers act in, as in Postgres: policies are for roles, and for those that inherit them.
 */
export interface Role {
  /** `public` and `none` are no names of roles. */
  readonly name: string
  /** Whether row-level security does not apply to it, inside the buckets of its own account. */
  readonly bypassRls: boolean
  /** Whose policies are for it too, those that they inherit included. Not a bypass: that is a property of the role alone. */
  readonly inherits: readonly string[]
}

/** The roles that are always there, as Supabase has them: they inherit from nobody. */
export const BUILT_IN_ROLES: readonly Role[] = [
  { name: 'anon', bypassRls: false, inherits: [] },
  { name: 'authenticated', bypassRls: false, inherits: [] },
  { name: 'service_role', bypassRls: true, inherits: [] },
]
