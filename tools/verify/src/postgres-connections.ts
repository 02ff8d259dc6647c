import { program } from './needs.ts'
import type { VerifyStep } from './step.ts'
import { runSuite } from './suite.ts'

const CONTRACT = 'packages/core/src/metadata/postgres/postgres.conformance.test.ts'
/** Every suite that runs on both stores. */
const SUITES = [
  CONTRACT,
  'packages/core/src/metadata/sql',
  'packages/core/test/races',
  'packages/core/test/model',
  'packages/core/test/faults',
]

/** The store in Postgres where connections, or tables, are not as they are in `npm test`. A sample is the contract of a metadata store. */
export const postgresConnections: readonly VerifyStep[] = [
  {
    name: 'pgbouncer',
    claim: 'The metadata store in Postgres keeps its contract behind a pooler that lends connections for a transaction at a time.',
    needs: [program('pgbouncer')],
    run: ({ sample, seed }) => runOver({ STOWAGE_TEST_POOLER: 'pgbouncer' }, sample ? null : seed),
  },
  {
    name: 'unpipelined',
    claim: 'The metadata store in Postgres keeps its contract over connections that wait for each answer.',
    needs: [],
    run: ({ sample, seed }) => runOver({ STOWAGE_TEST_PIPELINE: '0' }, sample ? null : seed),
  },
  {
    name: 'partitioned',
    claim: 'The metadata store in Postgres keeps its contract over tables that are partitioned as docs/scaling.md says it.',
    needs: [],
    run: ({ sample, seed }) => runOver({ STOWAGE_TEST_PARTITIONS: '1' }, sample ? null : seed),
  },
]

function runOver(connection: Readonly<Record<string, string>>, seed: number | null): ReturnType<typeof runSuite> {
  return seed === null ? runSuite([CONTRACT], connection) : runSuite(SUITES, { ...connection, STOWAGE_SEED: String(seed) })
}
