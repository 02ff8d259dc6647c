import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { postgresMetadata } from '../../src/metadata/postgres/postgres-metadata.ts'
import { newSchema, postgresPool, postgresPrepares } from '../stores.ts'

/* Four processes on one Postgres, each with connections of its own, and one time for all: that of the store. */

const schema = newSchema()
const pools = [2, 2, 2, 2].map((max) => postgresPool(max))
let now = Date.UTC(2026, 0, 1)
let stores: readonly MetadataStore[] = []

beforeAll(async () => {
  stores = pools.map((pool) => postgresMetadata({ pool, schema, prepare: postgresPrepares(), clock: () => new Date(now) }))
  for (const store of stores) await store.open()
})
afterAll(async () => {
  for (const store of stores) await store.close()
  await pools[0]?.query(`DROP SCHEMA ${schema} CASCADE`)
  for (const pool of pools) await pool.end()
})

const takeAll = (id: string) =>
  Promise.all(stores.map((store, at) => store.takeJob({ id, kind: 'test', owner: `p${at}`, leaseSeconds: 60 })))

test('of several processes one takes a job, and when it dies, one takes it over', async () => {
  for (let round = 0; round < 20; round += 1) {
    const id = `job ${round}`
    const first = await takeAll(id)
    const dead = first.findIndex(({ outcome }) => outcome === 'taken')
    expect(first[dead]).toEqual({ outcome: 'taken', attempt: 1, takenFrom: null })
    expect(first.filter(({ outcome }) => outcome === 'busy')).toHaveLength(3)
    now += 60_000
    const second = await takeAll(id)
    const heir = second.findIndex(({ outcome }) => outcome === 'taken')
    expect(second[heir]).toEqual({ outcome: 'taken', attempt: 2, takenFrom: `p${dead}` })
    expect(second.filter(({ outcome }) => outcome === 'busy')).toHaveLength(3)
    const renewed = await Promise.all(stores.map((store, at) => store.renewJob({ id, owner: `p${at}`, leaseSeconds: 60 })))
    expect(renewed.map(({ outcome }) => outcome)).toEqual([0, 1, 2, 3].map((at) => (at === heir ? 'renewed' : 'lost')))
  }
})

test('nobody waits for a job that is being taken', async () => {
  const id = 'contested'
  await stores[0]?.takeJob({ id, kind: 'test', owner: 'dead', leaseSeconds: 1 })
  now += 1_000
  const other = await pools[1]?.connect()
  try {
    // Somebody stands still in the middle of taking it.
    await other?.query('BEGIN')
    await other?.query(`SELECT 1 FROM ${schema}.jobs WHERE id = 'job contested' FOR UPDATE`)
    expect(await takeAll(id)).toEqual(stores.map(() => ({ outcome: 'busy', waitMs: 0 })))
    await other?.query('ROLLBACK')
  } finally {
    other?.release()
  }
  expect((await takeAll(id)).filter(({ outcome }) => outcome === 'taken')).toHaveLength(1)
})
