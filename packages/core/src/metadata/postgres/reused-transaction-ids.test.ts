import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Pool } from 'pg'
import { startPostgres } from '../../../test/postgres-server.ts'
import type { StartedPostgres } from '../../../test/postgres-server.ts'
import { makeBucket, putText, readText } from '../../../test/metadata/samples.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { postgresMetadata } from './postgres-metadata.ts'
import type { PostgresClient, PostgresPool } from './postgres-pool.ts'
import { SERVER_RUN, serverRunOf } from './server-run.ts'

/*
 * A transaction that was not on the disk when the server crashed is gone, and its id with it: the next transactions get it once more. Whoever
 * asks by that id what became of the first one is told of another one.
 */

let server: StartedPostgres
let pool: Pool
let store: MetadataStore
/** What happens in place of the next COMMIT, whose answer is lost. */
let insteadOfCommit: (() => Promise<void>) | null = null

beforeAll(async () => {
  server = await startPostgres({ durable: true, connectionsMax: 20 })
  pool = server.pool({ max: 3 })
  store = postgresMetadata({ pool: crashing(pool) })
  await store.open()
  await makeBucket(store)
})
afterAll(async () => {
  await store.close()
  await server.stop()
})

function crashing(inner: PostgresPool): PostgresPool {
  const wrapped = new WeakMap<PostgresClient, PostgresClient>()
  return {
    connect: async () => {
      const client = await inner.connect()
      client.on('error', () => undefined)
      const known = wrapped.get(client)
      if (known !== undefined) return known
      const made: PostgresClient = {
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
        query: async (query) => {
          const crash = insteadOfCommit
          if (query.text !== 'COMMIT' || crash === null) return client.query(query)
          insteadOfCommit = null
          await crash()
          throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', errno: -104, syscall: 'read' })
        },
      }
      wrapped.set(client, made)
      return made
    },
  }
}

/** Others go on after the crash, and their transactions are committed. */
async function goOn(): Promise<void> {
  for (let made = 0; made < 20; made += 1) await pool.query('CREATE TABLE IF NOT EXISTS others (n int); INSERT INTO others VALUES (1)')
}

/** Null where it does not answer. */
async function serverRun(): Promise<string | null> {
  return pool.query<{ run: string }>(`SELECT ${SERVER_RUN} AS run`).then(
    ({ rows }) => rows[0]?.run ?? null,
    () => null,
  )
}

const CRASHES: readonly (readonly [string, () => Promise<void>])[] = [
  [
    'stopped at once, and started again',
    async () => {
      await server.crash()
      await server.restart()
      await goOn()
    },
  ],
  [
    'recovering because one of its processes was killed',
    async () => {
      const before = await serverRun()
      const [row] = (await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows
      process.kill(row?.pid ?? 0, 'SIGKILL')
      // Until it has noticed, it answers as ever.
      for (let run = before; run === null || run === before; run = await serverRun()) await delay(10)
      await goOn()
    },
  ],
]

test.each(CRASHES)('a commit that a server lost is never acknowledged: %s', async (_, crash) => {
  insteadOfCommit = crash
  const outcome = await putText(store, 'k', 'lost').catch((error: { code?: string }) => error.code)
  expect(['OutcomeUnknown', 'StoreUnavailable']).toContain(outcome)
  expect(await readText(store, 'k')).toBe(null)
})

test('each run of a server has a name of its own, which its connections have in common', async () => {
  const runs = async (): Promise<readonly (string | null)[]> => {
    const clients = await Promise.all([pool.connect(), pool.connect()])
    const found = await Promise.all(clients.map((client) => serverRunOf(client)))
    for (const client of clients) client.release(true)
    return found
  }
  const before = await runs()
  expect(before[0]).toMatch(/^\d+\.\d+ \d+\.\d+$/)
  expect(before[1]).toBe(before[0])
  expect(await runs()).toEqual(before)
})
