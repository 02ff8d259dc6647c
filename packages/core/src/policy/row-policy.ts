import type { Predicate } from './predicate.ts'

/** The tables that row-level security is about. */
export type PolicyTable = 'objects' | 'buckets'
/** What a row-level policy speaks of: Postgres' commands. */
export type PolicyCommand = 'all' | 'select' | 'insert' | 'update' | 'delete'

/** The name for every role in `RowPolicy.roles`, as in `TO public`. */
export const PUBLIC_ROLE = 'public'

/**
 * A row-level policy, with the meaning that Postgres gives to `CREATE POLICY`: permissive ones are joined by OR, restrictive ones by AND;
 * only true lets a row through. `using` is held against rows that are there, `check` against rows as they would be; where an update or
 * an `all` has no `check`, `using` stands for it. Postgres: sql-createpolicy.
 */
export interface RowPolicy {
  /** Unique among the policies of its table. */
  readonly name: string
  readonly table: PolicyTable
  readonly mode: 'permissive' | 'restrictive'
  readonly command: PolicyCommand
  /** Whom it is for: roles, and whatever inherits them; `public` for all. Never empty. */
  readonly roles: readonly string[]
  /** Not of an insert. */
  readonly using?: Predicate
  /** Not of a select or a delete. */
  readonly check?: Predicate
  /** The text it was read from, for whoever looks at it; never evaluated. */
  readonly source?: string
}
