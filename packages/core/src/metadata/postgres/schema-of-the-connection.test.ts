import { expect, test } from 'vitest'
import { makeBucket, putText, readText } from '../../../test/metadata/samples.ts'
import { newSchema, postgresPool, postgresPrepares } from '../../../test/stores.ts'
import { stoppingPool } from '../../../test/stopping-pool.ts'
import { postgresMetadata } from './postgres-metadata.ts'

test('one that names the schema, and one whose connections lead there, wait for each other', async () => {
  const admin = postgresPool(2)
  const schema = newSchema()
  const { password } = new URL(admin.options.connectionString ?? '')
  // The schema of the user's name is the first that Postgres looks in.
  await admin.query(`CREATE ROLE ${schema} LOGIN PASSWORD '${password}'`)
  await admin.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${schema}`)
  const [first, second] = [postgresPool(2, schema), postgresPool(2, schema)]
  const stopping = stoppingPool(first)
  const unnamed = postgresMetadata({ pool: stopping.pool, prepare: postgresPrepares() })
  const named = postgresMetadata({ pool: second, schema, prepare: postgresPrepares(), lockTimeoutMilliseconds: 200 })
  await unnamed.open()
  await named.open()
  await makeBucket(named)
  const standing = stopping.stop()
  const late = putText(unnamed, 'k', 'text')
  await standing
  await expect(named.raisePolicyVersion(1)).rejects.toMatchObject({ code: 'StoreUnavailable', retryable: true })
  stopping.goOn()
  expect(await late).toBe('committed')
  expect(await readText(named, 'k')).toBe('text')
  expect(await named.raisePolicyVersion(1)).toBe(2)
  await unnamed.close()
  await named.close()
  await Promise.all([first.end(), second.end()])
  await admin.query(`DROP SCHEMA ${schema} CASCADE`)
  await admin.query(`DROP ROLE ${schema}`)
  await admin.end()
})

test('it stays the same one when a schema that would come first is made later', async () => {
  const admin = postgresPool(2)
  const [tables, user] = [newSchema(), newSchema()]
  const { password } = new URL(admin.options.connectionString ?? '')
  await admin.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`)
  await admin.query(`ALTER ROLE ${user} SET search_path = "$user", ${tables}`)
  const pool = postgresPool(2, user)
  const store = postgresMetadata({ pool, prepare: postgresPrepares() })
  await expect(store.open()).rejects.toMatchObject({ code: 'StoreUnavailable', message: expect.stringContaining('no schema') })
  await admin.query(`CREATE SCHEMA ${tables} AUTHORIZATION ${user}`)
  await store.open()
  await makeBucket(store)
  await admin.query(`CREATE SCHEMA ${user} AUTHORIZATION ${user}`)
  expect(await putText(store, 'k', 'text')).toBe('committed')
  expect(await readText(store, 'k')).toBe('text')
  await store.close()
  await pool.end()
  await admin.query(`DROP SCHEMA ${tables}, ${user} CASCADE`)
  await admin.query(`DROP ROLE ${user}`)
  await admin.end()
})

test('tables that others have further on are not taken for its own: neither those of another store, nor those of another program', async () => {
  const admin = postgresPool(2)
  const [user, others, foreign] = [newSchema(), newSchema(), newSchema()]
  const { password } = new URL(admin.options.connectionString ?? '')
  await admin.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`)
  for (const name of [user, others, foreign]) await admin.query(`CREATE SCHEMA ${name} AUTHORIZATION ${user}`)
  await admin.query(`CREATE TABLE ${foreign}.schema_migrations (version text)`)
  await admin.query(`ALTER ROLE ${user} SET search_path = "$user", ${foreign}, ${others}`)
  const pool = postgresPool(2, user)
  const other = postgresMetadata({ pool, schema: others, prepare: postgresPrepares() })
  await other.open()
  await makeBucket(other)
  const store = postgresMetadata({ pool, prepare: postgresPrepares() })
  await store.open()
  expect(await store.findBucket({ jurisdiction: 'default', name: 'bucket-b1' })).toBeNull()
  const { rows } = await admin.query<{ found: string | null }>(`SELECT to_regclass('${user}.objects') AS found`)
  expect(rows[0]?.found).not.toBeNull()
  await store.close()
  await other.close()
  await pool.end()
  await admin.query(`DROP SCHEMA ${user}, ${others}, ${foreign} CASCADE`)
  await admin.query(`DROP ROLE ${user}`)
  await admin.end()
})
