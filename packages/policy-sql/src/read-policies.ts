import { type PolicyTextOptions, type ParsedPolicies, parsePolicies } from './parse-policies.ts'
import { type LivePolicy, livePolicySql } from './live-policy-sql.ts'

/** A connection, or a pool, of `pg`: what has its `query`. */
export interface PolicyDatabase {
  query(text: string): Promise<unknown>
}

/**
 * Reads the policies that are installed on `storage.objects` and `storage.buckets` of a database, one statement of SQL for each. Changes
 * nothing; works inside a transaction and outside. Throws `UnsupportedPolicyError` as `parsePolicies` does, with the statement as Postgres
 * has it.
 */
export async function readPolicies(database: PolicyDatabase, options: PolicyTextOptions = {}): Promise<ParsedPolicies> {
  const answers = await database.query(CATALOG)
  const rows = (Array.isArray(answers) ? answers : []).flatMap((answer: Answer) => answer.rows.filter(isPolicy))
  return parsePolicies(rows.map(livePolicySql).join('\n'), options)
}

interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/**
 * Three statements in one message are one transaction, so that they run on one connection of a pool and what is set for the transaction
 * ends with it. Under this search path Postgres names every table with its schema.
 */
const CATALOG = `
  SELECT set_config('stowage.search_path', current_setting('search_path'), true), set_config('search_path', 'pg_catalog', true);
  SELECT policyname::text AS policy, tablename::text AS "table", permissive, cmd AS command, roles::text[] AS roles, qual AS "using",
    with_check AS "check"
  FROM pg_catalog.pg_policies
  WHERE schemaname = 'storage' AND tablename IN ('objects', 'buckets')
  ORDER BY tablename COLLATE "C", policyname COLLATE "C";
  SELECT set_config('search_path', current_setting('stowage.search_path'), true)`

function isPolicy(row: Readonly<Record<string, unknown>>): row is Readonly<Record<string, unknown>> & LivePolicy {
  return typeof row['policy'] === 'string'
}
