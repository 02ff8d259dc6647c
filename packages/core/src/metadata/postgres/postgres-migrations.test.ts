import type { Pool } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newSchema, postgresPool } from '../../../test/stores.ts'
import { MIGRATIONS } from '../sql/migrations/index.ts'
import { POSTGRES_WORDS } from '../sql/migrations/schema-words.ts'
import { PostgresDriver } from './postgres-driver.ts'
import { postgresMetadata } from './postgres-metadata.ts'

let pool: Pool
let schema = ''
beforeEach(() => {
  pool = postgresPool(2)
  // Quoted, or it would be another one.
  schema = `${newSchema()} "Ü`
})
afterEach(async () => {
  await pool.query(`DROP SCHEMA IF EXISTS "${schema.replaceAll('"', '""')}" CASCADE`)
  await pool.end()
})

async function migrate(count: number): Promise<void> {
  const plan = { migrations: MIGRATIONS.slice(0, count), words: POSTGRES_WORDS, store: 'test' }
  const driver = new PostgresDriver({ pool, schema, now: null, plan })
  await driver.open()
  await driver.close()
}

async function look(): Promise<number> {
  const store = postgresMetadata({ pool, schema, migrate: false })
  try {
    await store.open()
    return await store.policyVersion()
  } finally {
    await store.close()
  }
}

test('who only looks is told which schema is there, and changes none', async () => {
  const needed = MIGRATIONS.length
  await expect(look()).rejects.toMatchObject({ code: 'SchemaTooOld', details: { found: 0, needed } })
  const { rowCount } = await pool.query('SELECT 1 FROM information_schema.schemata WHERE schema_name = $1', [schema])
  expect(rowCount).toBe(0)
  await migrate(1)
  await expect(look()).rejects.toMatchObject({ code: 'SchemaTooOld', details: { found: 1, needed } })
  await expect(look()).rejects.toMatchObject({ details: { found: 1 } })
  await migrate(needed)
  expect(await look()).toBe(1)
})
