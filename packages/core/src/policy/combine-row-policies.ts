import { ALWAYS, NEVER, type Predicate } from './predicate.ts'
import { type PolicyCommand, type PolicyTable, PUBLIC_ROLE, type RowPolicy } from './row-policy.ts'

/** What a statement does: the commands that a policy can be for, but for `all`. */
export type RowCommand = Exclude<PolicyCommand, 'all'>

/** Which policies are asked for. */
export interface RowPolicyQuery {
  readonly table: PolicyTable
  readonly command: RowCommand
  /** The role that acts and all that it inherits; `public` need not be among them. */
  readonly roles: ReadonlySet<string>
}

/** The policies of one command, joined. */
export interface CombinedPolicies {
  /** Over rows that are there. Never true of an insert: it finds none. */
  readonly using: Predicate
  /** Over rows as they would be. Of a select the same as `using`; never true of a delete: it writes none. */
  readonly check: Predicate
}

/**
 * Joins the policies that apply as Postgres does: any of the permissive ones, and each of the restrictive ones. Where no permissive one
 * applies, nothing passes. Postgres: sql-createpolicy, "Policies Applied by Command Type".
 */
export function combineRowPolicies(policies: readonly RowPolicy[], query: RowPolicyQuery): CombinedPolicies {
  const applicable = applicablePolicies(policies, query)
  return { using: joined(applicable, usingOf), check: query.command === 'delete' ? NEVER : joined(applicable, checkOf) }
}

/** The policies that are for this table, this command and one of these roles. */
export function applicablePolicies(policies: readonly RowPolicy[], { table, command, roles }: RowPolicyQuery): readonly RowPolicy[] {
  return policies.filter(
    (policy) =>
      policy.table === table &&
      (policy.command === 'all' || policy.command === command) &&
      policy.roles.some((role) => role === PUBLIC_ROLE || roles.has(role)),
  )
}

/** What a policy holds against rows that are there; null where it says nothing of them, and then neither allows nor restricts. */
export function usingOf({ using }: RowPolicy): Predicate | null {
  return using ?? null
}

/** What a policy holds against rows as they would be: its USING where it has no CHECK. */
export function checkOf({ using, check }: RowPolicy): Predicate | null {
  return check ?? using ?? null
}

function joined(policies: readonly RowPolicy[], expression: (policy: RowPolicy) => Predicate | null): Predicate {
  const allowing: Predicate[] = []
  const restricting: Predicate[] = []
  for (const policy of policies) {
    const predicate = expression(policy)
    if (predicate !== null) (policy.mode === 'permissive' ? allowing : restricting).push(predicate)
  }
  if (allowing.length === 0) return NEVER
  return allOf([...restricting, anyOf(allowing)])
}

/** All of them: true where there are none. The same one twice is one: that of a policy for all commands is. */
export function allOf(parts: readonly Predicate[]): Predicate {
  const open = [...new Set(parts)].filter((part) => part !== ALWAYS)
  if (open.includes(NEVER)) return NEVER
  const [first = ALWAYS] = open
  return open.length < 2 ? first : { k: 'and', a: open }
}

/** Any of them: false where there are none. */
function anyOf(parts: readonly Predicate[]): Predicate {
  const open = [...new Set(parts)].filter((part) => part !== NEVER)
  if (open.includes(ALWAYS)) return ALWAYS
  const [first = NEVER] = open
  return open.length < 2 ? first : { k: 'or', a: open }
}
