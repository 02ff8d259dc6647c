import { program } from './needs.ts'
import type { VerifyStep } from './step.ts'
import { runSuite } from './suite.ts'

const POOLED = { STOWAGE_TEST_POOLER: 'pgbouncer' }
const CONTRACT = 'packages/core/src/metadata/postgres/postgres.conformance.test.ts'
/** Every suite that runs on both stores. */
const SUITES = [
  CONTRACT,
  'packages/core/src/metadata/sql',
  'packages/core/test/races',
  'packages/core/test/model',
  'packages/core/test/faults',
]

/** A sample is the contract of a metadata store. */
export const pgbouncer: VerifyStep = {
  name: 'pgbouncer',
  claim: 'The metadata store in Postgres keeps its contract behind a pooler that lends connections for a transaction at a time.',
  needs: [program('pgbouncer')],
  run: ({ sample, seed }) => runSuite(sample ? [CONTRACT] : SUITES, sample ? POOLED : { ...POOLED, STOWAGE_SEED: String(seed) }),
}
