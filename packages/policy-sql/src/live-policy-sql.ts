/** A row of `pg_policies`. */
export interface LivePolicy {
  readonly policy: string
  readonly table: string
  readonly permissive: string
  readonly command: string
  readonly roles: readonly string[]
  readonly using: string | null
  readonly check: string | null
}

/** The statement that would make the policy again. */
export function livePolicySql({ policy, table, permissive, command, roles, using, check }: LivePolicy): string {
  const to = roles.map((role) => (role === 'public' ? 'PUBLIC' : quote(role))).join(', ')
  const clauses = [`CREATE POLICY ${quote(policy)} ON storage.${table} AS ${permissive} FOR ${command} TO ${to}`]
  if (using !== null) clauses.push(`USING (${using})`)
  if (check !== null) clauses.push(`WITH CHECK (${check})`)
  return `${clauses.join(' ')};`
}

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}
