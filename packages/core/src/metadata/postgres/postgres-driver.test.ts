import { setTimeout as wait } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newSchema, postgresPool } from '../../../test/stores.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { postgresMetadata, type PostgresMetadataOptions } from './postgres-metadata.ts'
import type { PostgresPool, PostgresQuery, PostgresResult } from './postgres-pool.ts'

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

test('what works over whole tables takes as long as it does', async () => {
  const store = await open({ statementTimeoutMilliseconds: 50 })
  let counted: Promise<unknown> = Promise.resolve()
  await whileLocked('objects', async () => {
    counted = store.inspection.counts()
    counted.catch(() => undefined)
    await wait(1500)
  })
  expect(await counted).toMatchObject({ objects: 0 })
})

test('the limit is of each statement, however many are sent at once', async () => {
  const store = await open({ statementTimeoutMilliseconds: 700 })
  await pool.query(`CREATE FUNCTION ${schema}.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.6); RETURN NEW; END'`)
  await pool.query(`CREATE TRIGGER slow BEFORE INSERT ON ${schema}.documents FOR EACH ROW EXECUTE FUNCTION ${schema}.slow()`)
  const writes = ['a', 'b', 'c'].map((id) => ({ kind: 'test', id, expected: null, body: {}, sealed: null }))
  expect(await store.writeDocuments({ writes, raisesPolicyVersion: false })).toMatchObject({ outcome: 'written' })
})

describe('a transaction', () => {
  /** Opens a store; from then on `instead` is asked about each query of this text. */
  async function opensThen(text: RegExp, instead: (client: PoolClient, query: PostgresQuery) => Promise<unknown>): Promise<MetadataStore> {
    let minds = false
    const minding: PostgresPool = {
      connect: async () => {
        const client = await pool.connect()
        return {
          pipeline: true,
          on: (event, listener) => client.on(event, listener),
          removeListener: (event, listener) => client.removeListener(event, listener),
          release: (destroy) => client.release(destroy),
          query: (query) => (minds && text.test(query.text) ? instead(client, query) : client.query(query)) as Promise<PostgresResult>,
        }
      },
    }
    // With a clock of its own a command may begin with a write.
    const store = await open({ pool: minding, clock: () => new Date(1000) })
    await store.heartbeat({ processId: 'p', oldestReadAgeMs: null })
    minds = true
    return store
  }
  const processes = async (): Promise<number | null> => (await pool.query(`SELECT id FROM ${schema}.processes`)).rowCount

  test('whose beginning is refused changes nothing, not by what was sent behind it either', async () => {
    const store = await opensThen(/^BEGIN/, (client) => client.query('SELECT 1/0'))
    await expect(store.endProcess('p')).rejects.toThrow('division by zero')
    expect(await processes()).toBe(1)
  })

  /** Ends the connection that a query is about to use. */
  async function end(client: PoolClient): Promise<void> {
    const [{ pid }] = (await client.query('SELECT pg_backend_pid() AS pid')).rows as [{ pid: number }]
    await pool.query('SELECT pg_terminate_backend($1, 5000)', [pid])
  }

  test('whose connection is lost before its COMMIT is run again', async () => {
    let commits = 0
    const store = await opensThen(/^COMMIT/, async (client, query) => {
      commits += 1
      if (commits === 1) await end(client)
      return client.query(query)
    })
    await store.endProcess('p')
    expect([commits, await processes()]).toEqual([2, 0])
  })

  test('whose connection is lost behind its COMMIT is acknowledged: the server says that it was done', async () => {
    let commits = 0
    const store = await opensThen(/^COMMIT/, async (client, query) => {
      commits += 1
      await client.query(query)
      await end(client)
      return client.query(query)
    })
    await store.endProcess('p')
    expect([commits, await processes()]).toEqual([1, 0])
  })

  test('whose connection is lost again and again changes nothing, and that is known', async () => {
    const store = await opensThen(/^COMMIT/, async (client, query) => {
      await end(client)
      return client.query(query)
    })
    await expect(store.endProcess('p')).rejects.toMatchObject({ code: 'StoreUnavailable', retryable: true })
    expect(await processes()).toBe(1)
  })

  test('that is carried out without a statement before its COMMIT is never acknowledged', async () => {
    const store = await opensThen(/^DELETE FROM .*processes/, () => wait(50).then(() => Promise.reject(new Error('it was not sent'))))
    await expect(store.endProcess('p')).rejects.toMatchObject({ code: 'OutcomeUnknown' })
    expect(await processes()).toBe(1)
  })

  test('that is carried out without a statement, and whose COMMIT is not answered, is not looked up: it would be found', async () => {
    const store = await opensThen(/^COMMIT|^DELETE FROM .*processes/, async (client, query) => {
      if (!query.text.startsWith('COMMIT')) return wait(50).then(() => Promise.reject(new Error('it was not sent')))
      await client.query(query)
      await end(client)
      return client.query(query)
    })
    await expect(store.endProcess('p')).rejects.toMatchObject({ code: 'OutcomeUnknown' })
    expect(await processes()).toBe(1)
  })

  test('is not asked about for ever where the database does not answer', async () => {
    let answer: () => void = () => undefined
    const answers = new Promise<void>((resolve) => (answer = resolve))
    const store = await opensThen(/^COMMIT|pg_xact_status/, async (client, query) => {
      if (query.text.startsWith('COMMIT')) await end(client)
      else await answers
      return client.query(query)
    })
    await expect(store.endProcess('p')).rejects.toMatchObject({ code: 'OutcomeUnknown' })
    answer()
  })

  test('of which nobody can be asked has an outcome that is not known', async () => {
    const store = await opensThen(/^COMMIT|pg_xact_status/, async (client, query) => {
      if (query.text.startsWith('COMMIT')) await end(client)
      else throw new Error('the database is gone')
      return client.query(query)
    })
    await expect(store.endProcess('p')).rejects.toMatchObject({ code: 'OutcomeUnknown' })
    expect(await processes()).toBe(1)
  })

  test('whose last write meets a deadlock is run again, and carried out once', async () => {
    let failures = 0
    const store = await opensThen(/^DELETE FROM .*processes/, (client, query) => {
      failures += 1
      if (failures > 1) return client.query(query)
      return client.query(`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$`)
    })
    await store.endProcess('p')
    expect([failures, await processes()]).toEqual([2, 0])
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
