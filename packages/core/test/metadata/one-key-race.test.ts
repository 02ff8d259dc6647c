import type { Pool, PoolClient } from 'pg'
import { expect, test } from 'vitest'
import { postgresMetadata } from '../../src/metadata/postgres/postgres-metadata.ts'
import { encodeExtents } from '../../src/metadata/sql/extent-codec.ts'
import { newSchema, postgresPool, STORES, postgresPrepares } from '../stores.ts'
import { contradictions, raceOneKey, racedStore } from './one-key-race.ts'
import { blobExtent, blobOf, CREATED_AT, makeBucket } from './samples.ts'

/** `npm run verify` runs 10,000 of the same. */
const ROUNDS = 200

test.each(STORES)(
  'two puts and a delete at once leak nothing and collect nothing wrongly: $name',
  async (tested) => {
    let now = CREATED_AT.getTime()
    const store = await tested.open({ clock: () => new Date(now) })
    await makeBucket(store)
    const blobs = await raceOneKey(store, racedStore(store), ROUNDS)
    expect(await contradictions(store, blobs, () => (now += 1000))).toEqual([])
    await store.close()
  },
  60_000,
)

/**
 * The mutant of decisions.md Data 7: one statement that reads the old row, replaces it and queues what it held. Under READ
 * COMMITTED it waits for the other put, and then still drops what its own snapshot showed.
 */
function naiveSql(schema: string): string {
  const columns = 'bucket_id, key, version_id, sequence, manifest_id, size, etag, legal_hold, created_at, extents'
  return `WITH old AS (SELECT manifest_id FROM ${schema}.objects WHERE bucket_id = 'b1' AND key = $1),
written AS (INSERT INTO ${schema}.objects (${columns}) VALUES ('b1', $1, 'null', $2, $2, 100, 'e', 0, 1, $3)
  ON CONFLICT (bucket_id, key) DO UPDATE SET sequence = excluded.sequence, manifest_id = excluded.manifest_id, extents = excluded.extents),
dropped AS (DELETE FROM ${schema}.blob_refs USING old WHERE blob_refs.manifest_id = old.manifest_id RETURNING backend_id, blob),
queued AS (INSERT INTO ${schema}.garbage (backend_id, blob, state, changed_at) SELECT backend_id, blob, 'queued', 1 FROM dropped
  ON CONFLICT DO NOTHING),
known AS (DELETE FROM ${schema}.garbage WHERE backend_id = 'main' AND blob = $4)
INSERT INTO ${schema}.blob_refs (backend_id, blob, manifest_id, part_number) VALUES ('main', $4, $2, 0)`
}

async function naivePut(client: PoolClient, schema: string, blob: string): Promise<void> {
  const next = await client.query<{ id: string }>(`SELECT nextval('${schema}.commit_sequence') AS id`)
  const id = Number(next.rows[0]?.id)
  const stored = blobExtent(blob)
  if (stored.kind !== 'blob') throw new Error('no blob')
  await client.query(naiveSql(schema), ['k', id, encodeExtents(id, [stored]), blob])
}

async function untilSomebodyWaits(pool: Pool): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'WITH old AS%'`)
    if (rows.length > 0) return
  }
}

test('the naive statement, which reads what it replaces, leaks a blob', async () => {
  const pool = postgresPool()
  const schema = newSchema()
  let now = CREATED_AT.getTime()
  const store = postgresMetadata({ pool, schema, prepare: postgresPrepares(), clock: () => new Date(now) })
  await store.open()
  await makeBucket(store)
  const [one, two] = [await pool.connect(), await pool.connect()]
  await store.reserveBlobs({ processId: 'racer', blobs: ['first', 'second', 'third'].map(blobOf) })
  await naivePut(one, schema, 'first')
  await one.query('BEGIN')
  await naivePut(one, schema, 'second')
  const waiting = naivePut(two, schema, 'third')
  await untilSomebodyWaits(pool)
  await one.query('COMMIT')
  await waiting
  one.release()
  two.release()
  expect(await contradictions(store, ['first', 'second', 'third'], () => (now += 1000))).toEqual(['second is leaked'])
  await store.close()
  await pool.query(`DROP SCHEMA ${schema} CASCADE`)
  await pool.end()
}, 30_000)
