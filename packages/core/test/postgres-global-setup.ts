import type { TestProject } from 'vitest/node'
import { startPgBouncer } from './pgbouncer.ts'
import { startPostgres } from './postgres-server.ts'
import type { PostgresServer } from './postgres-server.ts'
import type { PostgresProvision } from './provided-context.ts'

/*
 * One real Postgres for all test files of a run, whichever projects they are in; each store in it has a schema of its own, and who needs
 * more a database (`postgres-database.ts`).
 */

/** The run's, and how many projects have it. Each project loads this module anew, in one process. */
interface Shared {
  projects: number
  readonly server: Promise<Pick<PostgresServer, 'url' | 'stop'>>
}

/** `pgbouncer` puts one in front of the server; `npm run verify` does. */
const POOLER = process.env['STOWAGE_TEST_POOLER']
/** `0` waits for each answer, as a pool does that was not made to do otherwise. */
const PIPELINE = process.env['STOWAGE_TEST_PIPELINE'] !== '0'

/** `1` partitions the tables of each store as docs/scaling.md says it. */
const PARTITIONED = process.env['STOWAGE_TEST_PARTITIONS'] === '1'

const SHARED = Symbol.for('stowage.postgres-of-the-tests')
const place = globalThis as { [SHARED]?: Shared }

/** Starts the server for the first project that asks, and tells the tests where it is. */
export async function setup(project: TestProject): Promise<void> {
  const shared = (place[SHARED] ??= { projects: 0, server: start() })
  shared.projects += 1
  const provided: PostgresProvision = {
    postgresUrl: (await shared.server).url,
    postgresPooled: POOLER !== undefined,
    postgresPipelined: PIPELINE,
    postgresPartitioned: PARTITIONED,
  }
  project.provide('postgresUrl', provided.postgresUrl)
  project.provide('postgresPooled', provided.postgresPooled)
  project.provide('postgresPipelined', provided.postgresPipelined)
  project.provide('postgresPartitioned', provided.postgresPartitioned)
}

async function start(): Promise<Pick<PostgresServer, 'url' | 'stop'>> {
  if (POOLER !== undefined && POOLER !== 'pgbouncer') throw new Error(`STOWAGE_TEST_POOLER is ${POOLER}, and must be pgbouncer.`)
  const server = await startPostgres()
  if (POOLER === undefined) return server
  const pooler = await startPgBouncer(server.url)
  return { url: pooler.url, stop: () => pooler.stop().finally(() => server.stop()) }
}

/** Stops it with the last project that had it. */
export async function teardown(): Promise<void> {
  const shared = place[SHARED]
  if (shared === undefined) return
  shared.projects -= 1
  if (shared.projects > 0) return
  delete place[SHARED]
  await (await shared.server).stop()
}
