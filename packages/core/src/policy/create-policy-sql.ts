import { policyExpressionSql } from './policy-expression-sql.ts'
import { quoteIdentifier } from './policy-literal-sql.ts'
import { PUBLIC_ROLE, type RowPolicy } from './row-policy.ts'

/**
 * A policy as the `CREATE POLICY` that means the same in a Postgres with Supabase's schemas `auth` and `storage`. It installs under any
 * search path in which `pg_catalog` comes first, as it does unless somebody says otherwise. Relations without a schema are in `public`;
 * the caller's account, key and address are the settings `stowage.account`, `stowage.key` and `stowage.ip`, which Supabase never sets.
 * `InvalidArgument` where a name or a text has a NUL. Postgres: sql-createpolicy.
 */
export function createPolicySql(policy: RowPolicy): string {
  const roles = policy.roles.map((role) => (role === PUBLIC_ROLE ? 'PUBLIC' : quoteIdentifier(role)))
  const clauses = [
    `CREATE POLICY ${quoteIdentifier(policy.name)} ON storage.${policy.table}`,
    `AS ${policy.mode.toUpperCase()}`,
    `FOR ${policy.command.toUpperCase()}`,
    `TO ${roles.join(', ')}`,
  ]
  if (policy.using !== undefined) clauses.push(`USING (${policyExpressionSql(policy.using, policy.table)})`)
  if (policy.check !== undefined) clauses.push(`WITH CHECK (${policyExpressionSql(policy.check, policy.table)})`)
  return `${clauses.join(' ')};`
}
