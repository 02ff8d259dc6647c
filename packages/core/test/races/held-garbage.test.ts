import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { postgresMetadata } from '../../src/metadata/postgres/postgres-metadata.ts'
import { blobOf } from '../metadata/samples.ts'
import { newSchema, postgresPool, postgresPrepares } from '../stores.ts'

/* Two processes on one Postgres: one claims, the other one holds garbage back. */

const pool = postgresPool()
const schema = newSchema()
let collector: MetadataStore
let backup: MetadataStore

beforeAll(async () => {
  const options = { pool, schema, prepare: postgresPrepares() }
  collector = postgresMetadata(options)
  backup = postgresMetadata(options)
  await Promise.all([collector.open(), backup.open()])
})
afterAll(async () => {
  await Promise.all([collector.close(), backup.close()])
  await pool.query(`DROP SCHEMA ${schema} CASCADE`)
  await pool.end()
})

test('a claim under way is waited for: what is claimed was claimed before the hold began', async () => {
  await collector.reserveBlobs({ processId: 'dead', blobs: [blobOf('x')] })
  const query = { graceSeconds: 0, leaseSeconds: 0.001, limit: 10 }
  await delay(5)
  const other = await pool.connect()
  try {
    // A claim writes here that the process has lapsed: it stands still between looking for garbage and claiming it.
    await other.query('BEGIN')
    await other.query(`INSERT INTO ${schema}.processes (id, heartbeat_at, lapsed) VALUES ('dead', 0, 0)`)
    const claiming = collector.claimGarbage(query)
    await untilWaiting('transactionid')
    const order: string[] = []
    const claimed = claiming.then((blobs) => (order.push('claimed'), blobs))
    const holding = backup.holdGarbage({ holder: 'backup', seconds: 60 }).then(({ outcome }) => order.push(outcome))
    await Promise.race([holding, untilWaiting('advisory')])
    expect(order).toEqual([])
    await other.query('COMMIT')
    expect(await claimed).toEqual([blobOf('x')])
    await holding
    // Whichever answer comes first, the claim was committed before the hold could begin.
    expect(order.toSorted()).toEqual(['begun', 'claimed'])
  } finally {
    other.release()
  }
  await collector.reserveBlobs({ processId: 'dead', blobs: [blobOf('y')] })
  await delay(5)
  expect(await collector.claimGarbage(query)).toEqual([])
  expect(await backup.releaseGarbage('backup')).toEqual({ outcome: 'released' })
  expect((await collector.claimGarbage(query)).map(({ blob }) => blob)).toContain('y')
})

/** Until somebody in this schema's stores waits for a lock of that kind. */
async function untilWaiting(kind: 'advisory' | 'transactionid'): Promise<void> {
  const text = `SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE NOT l.granted AND l.locktype = $1 AND (a.query LIKE '%' || $2 || '%' OR $1 = 'advisory')`
  while ((await pool.query(text, [kind, schema])).rows.length === 0) await delay(2)
}
