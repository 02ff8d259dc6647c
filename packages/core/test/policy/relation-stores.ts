import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { postgresMetadata } from '../../src/metadata/postgres/postgres-metadata.ts'
import { sqliteMetadata } from '../../src/metadata/sqlite/sqlite-metadata.ts'
import { newSchema, postgresPool, postgresPrepares } from '../stores.ts'
import { scratchRoot } from '../support/scratch-root.ts'

/** A store, and a way beside it to make and fill tables of relations. */
export interface RelationStore {
  readonly metadata: MetadataStore
  /** Runs SQL, in the schema of the store. The store must have been opened. */
  execute(text: string): Promise<void>
  /** After the store was closed. */
  remove(): Promise<void>
}

/** Stores on which relations can be made, each on its own. */
export const RELATION_STORES: readonly { readonly name: string; open(): Promise<RelationStore> }[] = [
  { name: 'sqlite', open: openSqlite },
  { name: 'postgres', open: openPostgres },
]

async function openSqlite(): Promise<RelationStore> {
  const directory = await mkdtemp(join(await scratchRoot(), 'stowage-relations-'))
  const file = join(directory, 'metadata.sqlite')
  return {
    metadata: sqliteMetadata({ file }),
    execute: (text) => {
      const database = new Database(file)
      database.exec(text)
      database.close()
      return Promise.resolve()
    },
    remove: () => rm(directory, { recursive: true }),
  }
}

async function openPostgres(): Promise<RelationStore> {
  const [pool, schema] = [postgresPool(), newSchema()]
  return {
    metadata: postgresMetadata({ pool, schema, prepare: postgresPrepares() }),
    execute: async (text) => {
      const client = await pool.connect()
      await client.query(`SET search_path TO ${schema}`)
      await client.query(text)
      await client.query('RESET search_path')
      client.release()
    },
    remove: async () => {
      await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      await pool.end()
    },
  }
}
