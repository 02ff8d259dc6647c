import type { Pool } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newSchema, postgresPool } from '../../../test/stores.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { postgresMetadata, type PostgresMetadataOptions } from './postgres-metadata.ts'

let pool: Pool
let schema = ''
const opened: MetadataStore[] = []
beforeEach(() => {
  pool = postgresPool(4)
  schema = newSchema()
})
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  await pool.end()
})

async function open(options: Partial<PostgresMetadataOptions> = {}): Promise<MetadataStore> {
  const store = postgresMetadata({ pool, schema, ...options })
  await store.open()
  opened.push(store)
  return store
}

/** Runs `use` while another transaction lets nobody look into a table. */
async function whileLocked(table: string, use: () => Promise<void>): Promise<void> {
  const other = await pool.connect()
  try {
    await other.query(`BEGIN; LOCK TABLE ${schema}.${table} IN ACCESS EXCLUSIVE MODE`)
    await use()
  } finally {
    await other.query('ROLLBACK')
    other.release()
  }
}

/** A change that raises the version of the policies. */
const change = (store: MetadataStore): Promise<unknown> =>
  store.writeDocuments({
    writes: [{ kind: 'test', id: newSchema(), expected: null, body: {}, sealed: null }],
    raisesPolicyVersion: true,
  })

describe('a statement that others keep waiting', () => {
  test('of a command is undone when its time for locks is over, and goes through afterwards', async () => {
    const store = await open({ lockTimeoutMilliseconds: 100 })
    const before = await store.policyVersion()
    await whileLocked('policy_state', async () => {
      await expect(change(store)).rejects.toMatchObject({
        code: 'StoreUnavailable',
        retryable: true,
        details: { reason: expect.stringContaining('55P03') },
      })
    })
    await change(store)
    expect(await store.policyVersion()).toBe(before + 1)
  })

  test('of a command is undone when all of its time is over', async () => {
    const store = await open({ statementTimeoutMilliseconds: 100 })
    await whileLocked('policy_state', async () => {
      await expect(change(store)).rejects.toMatchObject({
        code: 'StoreUnavailable',
        retryable: true,
        details: { reason: expect.stringContaining('57014') },
      })
    })
  })

  test('of a query is given up with its connection', async () => {
    const store = await open({ statementTimeoutMilliseconds: 100 })
    await whileLocked('policy_state', async () => {
      await expect(store.policyVersion()).rejects.toMatchObject({ code: 'StoreUnavailable', retryable: true })
      // That of the other transaction is the only one left.
      expect([pool.totalCount, pool.idleCount]).toEqual([1, 0])
    })
    expect(await store.policyVersion()).toBe(1)
  })

  test('leaves no limit on the connection', async () => {
    const store = await open({ statementTimeoutMilliseconds: 4321, lockTimeoutMilliseconds: 1234 })
    await change(store)
    expect(pool.totalCount).toBe(1)
    const { rows } = await pool.query(`SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock`)
    expect(rows).toEqual([{ statement: '0', lock: '0' }])
  })
})

test.each([true, false])('statements are kept on the connection by name where they are prepared: %s', async (prepare) => {
  const store = await open({ prepare })
  await change(store)
  await store.policyVersion()
  expect(pool.totalCount).toBe(1)
  const { rowCount } = await pool.query('SELECT 1 FROM pg_prepared_statements')
  expect((rowCount ?? 0) > 0).toBe(prepare)
})

test.each([
  [{ statementTimeoutMilliseconds: 0 }, 'statementTimeoutMilliseconds'],
  [{ lockTimeoutMilliseconds: 1.5 }, 'lockTimeoutMilliseconds'],
  [{ lockTimeoutMilliseconds: 2 ** 31 }, 'lockTimeoutMilliseconds'],
  [{ prepared: false }, "unknown option 'prepared'"],
])('options %j are refused', (options, complaint) => {
  expect(() => postgresMetadata({ pool, ...options })).toThrow(complaint)
})
