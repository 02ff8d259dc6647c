import type { LoadPlan } from '../load/load-plan.ts'

/** What is measured of gateways on Postgres, and of Postgres. */
export const POSTGRES_ROWS = ['put-4k', 'get-4k', 'head-4k', 'list-1000'] as const
/** One of them. */
export type PostgresRow = (typeof POSTGRES_ROWS)[number]

const KEYS = { bucket: 'bench', prefix: 'k/' }
const SIZE = 4096
/** So many objects are there, and are read. */
export const OBJECTS = 4000
/** More than are done in the time. */
const ENOUGH = 500_000

/** What the load generator asks for. */
export const PLANS: Readonly<Record<PostgresRow, LoadPlan>> = {
  'put-4k': { kind: 'put', keys: KEYS, size: SIZE, distinct: OBJECTS, count: ENOUGH },
  'get-4k': { kind: 'get', keys: KEYS, size: SIZE, distinct: OBJECTS, count: ENOUGH },
  'head-4k': { kind: 'head', keys: KEYS, distinct: OBJECTS, count: ENOUGH },
  'list-1000': { kind: 'list', bucket: KEYS.bucket, entries: 1000, distinct: 1, count: ENOUGH },
}
