import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { postgresMetadata } from '../../src/metadata/postgres/postgres-metadata.ts'
import type { OnStatement } from '../../src/metadata/sql/sql-driver.ts'
import { sqliteMetadata } from '../../src/metadata/sqlite/sqlite-metadata.ts'
import { newSchema, postgresPool, postgresPrepares } from '../stores.ts'
import { scratchRoot } from '../support/scratch-root.ts'

/** Where a store is, open or not. It goes with the test. */
export interface Place {
  readonly name: 'sqlite' | 'postgres'
  /** A store of it that is not open yet. */
  store(options?: { readonly openMarked?: boolean; readonly onStatement?: OnStatement }): MetadataStore
  /** Past the store. */
  run(sql: string): Promise<void>
}

/** A file of SQLite. */
export async function sqlitePlace(): Promise<Place> {
  const directory = await mkdtemp(join(await scratchRoot(), 'stowage-moving-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const file = join(directory, 'metadata.sqlite')
  return {
    name: 'sqlite',
    store: (options = {}) => sqliteMetadata({ file, worker: 'inline', durability: 'process', ...options }),
    run: async (sql) => {
      const { default: Database } = await import('better-sqlite3')
      const database = new Database(file)
      database.exec(sql)
      database.close()
    },
  }
}

/** A schema of Postgres. */
export async function postgresPlace(): Promise<Place> {
  const pool = postgresPool()
  const schema = newSchema()
  onTestFinished(async () => {
    await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    await pool.end()
  })
  return {
    name: 'postgres',
    store: (options = {}) => postgresMetadata({ pool, schema, prepare: postgresPrepares(), ...options }),
    run: async (sql) => {
      const client = await pool.connect()
      await client.query(`SET search_path = ${schema}`)
      await client.query(sql)
      // Not back into the pool: it would see the schema.
      client.release(true)
    },
  }
}

/** Opens a store, marked or not, for as long as `use` takes. */
export async function opened<T>(
  place: Place,
  use: (store: MetadataStore) => Promise<T>,
  options: Parameters<Place['store']>[0] = { openMarked: true },
): Promise<T> {
  const store = place.store(options)
  await store.open()
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}
