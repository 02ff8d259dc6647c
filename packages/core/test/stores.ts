import { Pool } from 'pg'
import { inject } from 'vitest'
import type { MetadataStore } from '../src/metadata/metadata-store.ts'
import { postgresMetadata } from '../src/metadata/postgres/postgres-metadata.ts'
import { sqliteMetadata } from '../src/metadata/sqlite/sqlite-metadata.ts'
import { createIds } from '../src/util/ids.ts'
import { partitionTables } from './partition-tables.ts'
import type { OnStatement } from '../src/metadata/sql/sql-driver.ts'
import type { Clock } from '../src/util/clock.ts'
import type { PostgresProvision } from './provided-context.ts'

/** What a test may set of a store. */
export interface OpenStoreOptions {
  /** The store's time. */
  readonly clock?: Clock
  /** Hears of every statement; not for the writer's thread. */
  readonly onStatement?: OnStatement
}

/** A metadata store that tests run on; the project's vitest config must name `postgres-global-setup.ts`. */
export interface TestedStore {
  readonly name: 'sqlite-inline' | 'sqlite-worker' | 'postgres'
  /** Opens an empty one. Closing it removes all there is of it. */
  open(options?: OpenStoreOptions): Promise<MetadataStore>
}

/** Every store that there is: `describe.each(STORES)`. */
export const STORES: readonly TestedStore[] = [
  { name: 'sqlite-inline', open: (options = {}) => opened(sqliteMetadata({ ...options, temporary: true, worker: 'inline' })) },
  { name: 'sqlite-worker', open: (options = {}) => opened(sqliteMetadata({ ...options, temporary: true })) },
  { name: 'postgres', open: openPostgres },
]

async function opened(store: MetadataStore): Promise<MetadataStore> {
  await store.open()
  return store
}

const ids = createIds()

/** A schema's name that nobody has. */
export function newSchema(): string {
  return `test_${ids.blobName()}`
}

/** A pool of the run's Postgres, for tests that need more than a store. Another user's password is the same. End it. */
export function postgresPool(max: number = 6, user?: string): Pool {
  const url: URL = new URL(inject('postgresUrl') satisfies PostgresProvision['postgresUrl'])
  const pipeline = inject('postgresPipelined') satisfies PostgresProvision['postgresPipelined']
  if (user !== undefined) url.username = user
  const pool = new Pool({ connectionString: url.href, max, pipeline })
  pool.on('error', () => undefined)
  return pool
}

/** Whether stores in the run's Postgres may keep statements parsed. */
export function postgresPrepares(): boolean {
  return !(inject('postgresPooled') satisfies PostgresProvision['postgresPooled'])
}

async function openPostgres(options: OpenStoreOptions = {}): Promise<MetadataStore> {
  const pool = postgresPool()
  const schema = newSchema()
  const store = postgresMetadata({ ...options, pool, schema, prepare: postgresPrepares() })
  const close = store.close.bind(store)
  let closing: Promise<void> | null = null
  const closeAll = async (): Promise<void> => {
    await close()
    await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    await pool.end()
  }
  await store.open()
  if (inject('postgresPartitioned') satisfies PostgresProvision['postgresPartitioned']) await partitionTables(pool, schema)
  return Object.assign(store, { close: () => (closing ??= closeAll()) })
}
