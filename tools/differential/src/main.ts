import { parseArgs } from 'node:util'
import { Pool } from 'pg'
import { startPostgres } from '../../../packages/core/test/postgres-server.ts'
import { createPolicySql } from '../../../packages/core/src/policy/create-policy-sql.ts'
import { readCoverageTable } from './coverage.ts'
import { type DifferentialReport, runDifferential } from './run-differential.ts'

const USAGE = `npm run differential -- [--decisions N] [--seed S]

Holds decisions over random policies, callers and rows against row-level security of a real Postgres, which is started for it.
  --decisions  at least so many; default 20000
  --seed       the same run again; default: another each time, printed
  --postgres   an empty database of a server that runs, instead of one of its own
  --stop       ends with the first mismatch
  --no-coverage  does not fail for outcomes that a short run did not meet
  --outcomes  prints how often which statement ended how
  --table      prints what was met, in the form of coverage.json`

const { values } = parseArgs({
  options: {
    decisions: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    postgres: { type: 'string' },
    stop: { type: 'boolean', default: false },
    'no-coverage': { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
    outcomes: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const [decisions, seed] = [Number(values.decisions), Number(values.seed)]
if (values.help || !Number.isSafeInteger(decisions) || !Number.isSafeInteger(seed)) {
  console.error(USAGE)
  process.exitCode = values.help ? 0 : 2
} else process.exitCode = await main()

async function main(): Promise<number> {
  console.log(`seed ${seed}`)
  const server = values.postgres === undefined ? await startPostgres() : null
  const pool = server === null ? new Pool({ connectionString: values.postgres, max: 4 }) : server.pool({ max: 4 })
  try {
    return print(
      await runDifferential({ decisions, seed, pool, stop: values.stop, table: values['no-coverage'] ? {} : readCoverageTable() }),
    )
  } finally {
    await pool.end()
    await server?.stop()
  }
}

function print(report: DifferentialReport): number {
  for (const { what, said, principal, policies } of report.examples) {
    console.log(`mismatch: ${JSON.stringify(said)}\n  ${what}\n  ${JSON.stringify({ ...principal, roles: [...principal.roles] })}`)
    for (const policy of policies) console.log(`  ${createPolicySql(policy)}`)
  }
  if (values.table) console.log(JSON.stringify(report.coverage.table(), null, 2))
  if (values.outcomes)
    for (const [outcome, count] of [...report.outcomes].sort(([a], [b]) => (a < b ? -1 : 1))) console.log(`${outcome}: ${count}`)
  for (const cell of report.missing) console.log(`not met: ${cell}`)
  const oneSided = report.usingOnly === 0 || report.checkOnly === 0
  if (oneSided) console.log('no USING was stricter than its CHECK, or no CHECK stricter than its USING')
  console.log(
    `${report.probes} conditions asked about alone; USING let through ${report.usingOnly} rows that its CHECK did not, CHECK ${report.checkOnly} that its USING did not`,
  )
  if (report.unplanned > 0) console.log(`${report.unplanned} statements left out that Postgres itself could not plan`)
  console.log(`${report.free} decisions over rows on which something fails, where Postgres may choose what it evaluates first`)
  console.log(`${report.decisions} decisions, ${report.mismatches} mismatches`)
  return report.mismatches === 0 && report.missing.length === 0 && !oneSided ? 0 : 1
}
