import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Pool } from 'pg'
import type { LoadPlan, LoadResult } from './load/load-plan.ts'
import type { LoadCommands } from './load/load-worker.ts'
import { GatewayProcess } from './postgres/gateway-process.ts'
import { Pgbench } from './postgres/pgbench.ts'
import { SUBJECTS, writePostgresReport } from './postgres/postgres-report.ts'
import type { PostgresSample } from './postgres/postgres-report.ts'
import { OBJECTS, PLANS, POSTGRES_ROWS } from './postgres/postgres-rows.ts'
import type { PostgresRow } from './postgres/postgres-rows.ts'
import { Child } from './processes/channel.ts'
import { treeCpuSeconds } from './processes/process-tree.ts'
import { siblingOf } from './processes/sibling.ts'
import { describeCommit, describeMachine } from './report/machine.ts'
import { startPostgres } from './stores/postgres.ts'

/*
 * `npm run bench:postgres`: durable small objects over S3 on Postgres, by one gateway and by two, beside what pgbench gets out of the same server
 * with rows of that size. All share the cores of one machine.
 */

const USAGE = 'npm run bench:postgres -- [--connections N] [--seconds N] [--rounds N] [--label WORD] [--out DIR] [--temporary DIR]'

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '32' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    label: { type: 'string' },
    out: { type: 'string', default: join(import.meta.dirname, '../results') },
    temporary: { type: 'string', default: tmpdir() },
  },
})
const [connections, seconds, rounds] = [values.connections, values.seconds, values.rounds].map(Number) as [number, number, number]
if (!(connections >= 2 && connections % 2 === 0 && seconds >= 1 && rounds >= 1)) throw new Error(USAGE)

const date = new Date().toISOString().slice(0, 10)
const machine = describeMachine(values.temporary)
const { commit } = describeCommit()
const directory = await mkdtemp(join(values.temporary, 'stowage-postgres-bench-'))
// Postgres is another user where this is root.
await chmod(directory, 0o755)
const server = await startPostgres(join(directory, 'postgres'))
const metadata = `postgres://postgres:${server.password}@127.0.0.1:${server.port}/postgres`
const loads = [0, 1].map(() => new Child<LoadCommands>(siblingOf(import.meta.url, './load/load-worker.ts')))
const gateways: GatewayProcess[] = []
const samples: PostgresSample[] = []
try {
  for (let started = 0; started < 2; started += 1)
    gateways.push(await GatewayProcess.start({ directory: join(directory, 'data'), metadata }))
  const hasPgbench = await Pgbench.isThere()
  const pgbench = new Pgbench({ port: server.port, password: server.password, directory, connections })
  if (hasPgbench) await makeTable()
  // All that will be read is written, once, in order.
  await ask(gateways, 'put-4k', { count: OBJECTS, secondsMax: 120 })
  for (let round = 0; round <= rounds; round += 1) {
    for (const row of POSTGRES_ROWS) {
      for (const subject of round % 2 === 0 ? SUBJECTS : SUBJECTS.toReversed()) {
        if (subject === 'pgbench' && !hasPgbench) continue
        const sample =
          subject === 'pgbench'
            ? { opsPerSecond: await pgbench.run(row, round === 0 ? 1 : seconds) }
            : await measure(subject === 'one gateway' ? gateways.slice(0, 1) : gateways, row, round === 0 ? 1 : seconds)
        // The first round plans statements and fills caches.
        if (round === 0) continue
        samples.push({ row, subject, round, ...sample })
        process.stderr.write(`${row.padEnd(10)} ${subject.padEnd(13)} ${sample.opsPerSecond.toFixed(0)}/s\n`)
      }
    }
  }
  const missing = hasPgbench
    ? null
    : 'There is no pgbench on this machine (Debian: postgresql-contrib), so Postgres alone was not measured.'
  const name = ['postgres', date, commit, ...(values.label === undefined ? [] : [values.label])].join('-')
  await writePostgresReport({ date, commit, machine, connections, seconds, rounds, samples, missing }, join(values.out, name))
  process.stderr.write(`The report is in ${join(values.out, name, 'report.md')}\n`)
} finally {
  for (const each of [...gateways, ...loads]) await each.stop()
  await server.stop()
  await rm(directory, { recursive: true, force: true })
}

async function makeTable(): Promise<void> {
  const pool = new Pool({ connectionString: metadata, max: 1 })
  for (const text of Pgbench.table) await pool.query(text)
  await pool.end()
}

async function measure(
  of: readonly GatewayProcess[],
  row: PostgresRow,
  secondsMax: number,
): Promise<Omit<PostgresSample, 'row' | 'subject' | 'round'>> {
  const cpu = (): number => of.reduce((sum, { pid }) => sum + treeCpuSeconds(pid), 0)
  const before = cpu()
  const results = await ask(of, row, { secondsMax })
  const operations = results.reduce((sum, result) => sum + result.operations, 0)
  return {
    opsPerSecond: results.reduce((sum, result) => sum + result.operations / result.seconds, 0),
    p50: Math.max(...results.map(({ p50 }) => p50)),
    p99: Math.max(...results.map(({ p99 }) => p99)),
    cpuMicroseconds: ((cpu() - before) / operations) * 1e6,
  }
}

/** Each generator has keys of its own: two that overwrite one key wait for each other. */
function ofGenerator(plan: LoadPlan, at: number): LoadPlan {
  return 'keys' in plan ? { ...plan, keys: { ...plan.keys, prefix: `${plan.keys.prefix}${at}/` } } : plan
}

/** Divides the connections among the gateways, each asked by a load generator of its own. */
function ask(
  of: readonly GatewayProcess[],
  row: PostgresRow,
  { secondsMax, count }: { readonly secondsMax: number; readonly count?: number },
): Promise<readonly LoadResult[]> {
  const plan = count === undefined ? PLANS[row] : { ...PLANS[row], count }
  return Promise.all(
    // Always two generators: what is compared is the number of gateways.
    loads.map(async (load, at) => {
      const target = (of[at] ?? of[0])?.target
      if (target === undefined) throw new Error('there is no gateway to ask')
      await load.call('prepare', { target, run: { plan: ofGenerator(plan, at), concurrency: connections / loads.length, secondsMax } })
      return load.call('run', null)
    }),
  )
}
