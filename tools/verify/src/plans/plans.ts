import type { Pool } from 'pg'
import { startPostgres } from '../../../../packages/core/test/postgres-server.ts'
import type { StepResult, VerifyStep } from '../step.ts'
import { fillSchema } from './filled-schema.ts'
import { findProblem, planText } from './plan-node.ts'
import type { PlanNode } from './plan-node.ts'
import { recordStatements } from './recorded-statements.ts'
import type { RecordedStatement } from './recorded-statements.ts'

const ROWS = { sample: 100_000, whole: 1_000_000 } as const
const SCHEMA = 'plans_filled'
/** What is known to fall short, and why that is let be. One that does not any more fails. */
const LET_BE: readonly (readonly [statement: RegExp, reason: string])[] = [
  [
    /^SELECT 1 FROM documents WHERE kind <> 'store\.mark' LIMIT 1$/,
    'asks, once, whether a store is empty that another one is to be moved into',
  ],
  [
    /^SELECT b\.id.* FROM buckets b WHERE b\.jurisdiction = \$1 AND b\.name >= \$2 ORDER BY/,
    'lists the buckets of a jurisdiction, of all accounts: of few jurisdictions, for operators, over a table of buckets',
  ],
]

/** What Postgres makes of every statement of the store. */
export const plans: VerifyStep = {
  name: 'plans',
  claim:
    'Over 1,000,000 rows a table, Postgres reads no table from end to end, and sorts nothing but a page or a list, for any statement of the metadata store.',
  needs: [],
  run: async (context): Promise<StepResult> => {
    const server = await startPostgres()
    try {
      const pool = server.pool({ pipeline: true })
      const statements = await recordStatements(pool)
      context.log(`${statements.length} statements`)
      await fillSchema(pool, { schema: SCHEMA, rows: context.sample ? ROWS.sample : ROWS.whole })
      return await check(server.pool({ max: 1 }), statements)
    } finally {
      await server.stop()
    }
  },
}

async function check(pool: Pool, statements: readonly RecordedStatement[]): Promise<StepResult> {
  await pool.query(`SET search_path TO ${SCHEMA}`)
  const failures: string[] = []
  const letBe = new Set<string>()
  for (const statement of statements) {
    for (const [kind, plan] of await plansOf(pool, statement)) {
      const problem = findProblem(plan)
      if (problem === null) continue
      const [, reason] = LET_BE.find(([pattern]) => pattern.test(statement.text)) ?? []
      if (reason === undefined) failures.push(`${problem}, ${kind}: ${statement.text.replaceAll(/\s+/g, ' ')}: ${planText(plan)}`)
      else letBe.add(reason)
    }
  }
  for (const [pattern, reason] of LET_BE) if (!letBe.has(reason)) failures.push(`is as it should be, and was let be: ${String(pattern)}`)
  return { cases: statements.length * 2, failures, notes: [...letBe].map((reason) => `let be: ${reason}`) }
}

/** A prepared statement is planned for its values at first, and for any values later, where that looks no dearer. */
async function plansOf(pool: Pool, { text, values }: RecordedStatement): Promise<readonly (readonly [string, PlanNode])[]> {
  const explain = async (options: string, given: readonly unknown[]): Promise<PlanNode> => {
    const { rows } = await pool.query<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>(
      `EXPLAIN (${options}, COSTS OFF, FORMAT JSON) ${text}`,
      [...given],
    )
    const plan = rows[0]?.['QUERY PLAN'][0]?.Plan
    if (plan === undefined) throw new Error(`Postgres explains nothing: ${text}`)
    return plan
  }
  return [
    ['for any values', await explain('GENERIC_PLAN', [])],
    ['for its values', await explain('TIMING OFF', values)],
  ]
}
