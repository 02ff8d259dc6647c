import { setTimeout as wait } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { allowAll } from '../../policy/allow-all.ts'
import { accountCaller } from '../../policy/caller.ts'
import { memoryBackend } from '../../backend/memory-backend.ts'
import type { Engine } from '../../engine/engine.ts'
import { openEngine } from '../../engine/open-engine.ts'
import type { Session } from '../../engine/session.ts'
import { startPostgresReplica } from '../../../test/postgres-replica.ts'
import { startPostgres } from '../../../test/postgres-server.ts'
import type { PostgresServer, StartedPostgres } from '../../../test/postgres-server.ts'
import { newSchema } from '../../../test/stores.ts'
import { postgresMetadata } from './postgres-metadata.ts'
import type { PostgresPool } from './postgres-pool.ts'

let primary: StartedPostgres
let replica: PostgresServer
beforeAll(async () => {
  primary = await startPostgres()
  replica = await startPostgresReplica(primary)
})
afterAll(async () => {
  await replica.stop()
  await primary.stop()
})

const BUCKET = { name: 'photos' }
let pool: Pool
let standby: Pool
let engine: Engine | null = null
let asked = 0
let fails = false
let hangs = false
let release = (): void => undefined
let hanging: Promise<void>
beforeEach(() => {
  pool = primary.pool({ pipeline: true })
  standby = replica.pool({ pipeline: true })
  asked = 0
  hanging = new Promise((resolve) => (release = resolve))
})
afterEach(async () => {
  await engine?.close()
  engine = null
  for (const each of [pool, standby]) if (!each.ended) await each.end()
})

/** Counts what is asked of a replica beside where it stands. */
function counting(inner: Pool): PostgresPool {
  return {
    connect: async () => {
      const client: PoolClient = await inner.connect()
      return {
        pipeline: true,
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
        query: (query) => {
          const isRead = /\bobjects\b/.test(query.text)
          if (isRead) asked += 1
          if (isRead && fails) return Promise.reject(Object.assign(new Error('cast'), { code: '22P02' }))
          return isRead && hangs ? hanging.then(() => client.query(query)) : client.query(query)
        },
      }
    },
  }
}

async function open(lagMilliseconds: number): Promise<Session> {
  const metadata = postgresMetadata({ pool, schema: newSchema(), replica: { pool: counting(standby), lagMilliseconds } })
  engine = await openEngine({ metadata, backend: memoryBackend(), policy: allowAll() })
  const session = engine.as(accountCaller('a', 'key'))
  await session.createBucket({ bucket: BUCKET })
  return session
}

async function upload(session: Session, text: string): Promise<void> {
  const target = { bucket: BUCKET, key: 'parts' }
  const { uploadId } = await session.createUpload(target)
  const { etag } = await session.uploadPart({ ...target, uploadId, partNumber: 1, body: Buffer.from(text) })
  await session.completeUpload({ ...target, uploadId, parts: [{ partNumber: 1, etag }] })
}

const put = (session: Session, key: string, text = key): Promise<unknown> =>
  session.putObject({ bucket: BUCKET, key, body: Buffer.from(text) })
const etagOf = async (session: Session, key: string): Promise<string> => (await session.headObject({ bucket: BUCKET, key })).info.etag

/** Reads until the replica is asked. */
const untilAsked = (read: () => Promise<unknown>): Promise<void> => {
  const before = asked
  return expect.poll(() => read().then(() => asked - before), { timeout: 10_000, interval: 20 }).toBeGreaterThan(0)
}

const replay = (does: 'pause' | 'resume'): Promise<unknown> => standby.query(`SELECT pg_wal_replay_${does}()`)

describe('a replica', () => {
  test('is read by GET, HEAD and listings, and knows what was written', async () => {
    const session = await open(1000)
    await put(session, 'cat', 'meow')
    await untilAsked(() => etagOf(session, 'cat'))
    const reads = [
      async () => (await session.getObject({ bucket: BUCKET, key: 'cat' })).bytes?.toString(),
      async () => (await session.listObjects({ bucket: BUCKET })).objects.map(({ key }) => key),
      async () => (await session.listObjects({ bucket: BUCKET, delimiter: '/' })).objects.map(({ key }) => key),
      async () => (await session.listVersions({ bucket: BUCKET })).versions.map(({ key }) => key),
    ]
    for (const read of reads) await untilAsked(read)
    expect(await Promise.all(reads.map((read) => read()))).toEqual(['meow', ['cat'], ['cat'], ['cat']])
  })

  test('that is behind is not read', async () => {
    const session = await open(200)
    await put(session, 'cat', 'old')
    await untilAsked(() => etagOf(session, 'cat'))
    const old = await etagOf(session, 'cat')
    await replay('pause')
    try {
      await put(session, 'cat', 'new')
      await wait(250)
      for (let reads = 0; reads < 50; reads += 1) {
        expect(await etagOf(session, 'cat')).not.toBe(old)
        await wait(10)
      }
    } finally {
      await replay('resume')
    }
    await untilAsked(() => etagOf(session, 'cat'))
    expect(await etagOf(session, 'cat')).not.toBe(old)
  })

  test('is not asked by whoever writes by the answer', async () => {
    const session = await open(10_000)
    await put(session, 'first')
    await untilAsked(() => etagOf(session, 'first'))
    await replay('pause')
    try {
      await put(session, 'second')
      // So old is what may be read.
      await expect(etagOf(session, 'second')).rejects.toMatchObject({ code: 'ObjectNotFound' })
      await session.copyObject({ bucket: BUCKET, key: 'third', source: { bucket: BUCKET, key: 'second' } })
      const upload = await session.createUpload({ bucket: BUCKET, key: 'parts' })
      const target = { bucket: BUCKET, key: 'parts', uploadId: upload.uploadId }
      await session.uploadPart({ ...target, partNumber: 1, body: Buffer.from('x') })
      expect((await session.listParts(target)).parts).toHaveLength(1)
    } finally {
      await replay('resume')
    }
  })

  test('is not asked about parts, nor by whoever wants the newest', async () => {
    const session = await open(10_000)
    await upload(session, 'old')
    await untilAsked(() => etagOf(session, 'parts'))
    const old = await etagOf(session, 'parts')
    await replay('pause')
    try {
      await upload(session, 'new')
      expect(await etagOf(session, 'parts')).toBe(old)
      const { info, length } = await session.headObject({ bucket: BUCKET, key: 'parts', range: { part: 1 } })
      expect([info.etag === old, length]).toEqual([false, 3])
      expect((await session.headObject({ bucket: BUCKET, key: 'parts', newest: true })).info.etag).toBe(info.etag)
    } finally {
      await replay('resume')
    }
  })

  test('that hangs is not waited for', async () => {
    const session = await open(200)
    await put(session, 'cat')
    await untilAsked(() => etagOf(session, 'cat'))
    hangs = true
    // One of them is asked of the replica, and answered by the primary.
    await Promise.all(Array.from({ length: 5 }, () => etagOf(session, 'cat')))
    hangs = false
    release()
  })

  test('stays one where a question fails that the primary fails as well', async () => {
    const session = await open(10_000)
    await put(session, 'cat')
    await untilAsked(() => etagOf(session, 'cat'))
    fails = true
    await etagOf(session, 'cat')
    fails = false
    const before = asked
    await etagOf(session, 'cat')
    expect(asked).toBe(before + 1)
  })

  test('that breaks leaves all reads to the primary', async () => {
    const session = await open(10_000)
    await put(session, 'cat')
    await untilAsked(() => etagOf(session, 'cat'))
    const before = await etagOf(session, 'cat')
    await standby.end()
    expect(await etagOf(session, 'cat')).toBe(before)
    expect((await session.listObjects({ bucket: BUCKET })).objects).toHaveLength(1)
  })

  test('lags less than garbage waits', async () => {
    const metadata = postgresMetadata({ pool, schema: newSchema(), replica: { pool: standby, lagMilliseconds: 2000 } })
    const limits = { garbageGraceSeconds: 2 }
    await expect(openEngine({ metadata, backend: memoryBackend(), policy: allowAll(), limits })).rejects.toMatchObject({
      code: 'InvalidArgument',
      details: { argument: 'limits.garbageGraceSeconds' },
    })
  })
})

test('what is no replica of the database is refused, and one that cannot be reached is not', async () => {
  const opens = async (other: PostgresPool): Promise<void> => {
    const store = postgresMetadata({ pool, schema: newSchema(), replica: { pool: other } })
    await store.open().finally(() => store.close())
  }
  await expect(opens(pool)).rejects.toMatchObject({ code: 'InvalidArgument', details: { argument: 'replica' } })
  await standby.end()
  await opens(standby)
})

test('options that are none', () => {
  expect(() => postgresMetadata({ pool, replica: { pool, lagMilliseconds: 99 } })).toThrow(/lagMilliseconds/)
  expect(() => postgresMetadata({ pool, replica: { pool, lag: 1 } as never })).toThrow(/replica.lag'/)
})

test('a replica that has become a primary is read no more', async () => {
  const session = await open(200)
  await put(session, 'cat', 'old')
  await untilAsked(() => etagOf(session, 'cat'))
  await standby.query('SELECT pg_promote(true, 30)')
  await put(session, 'cat', 'new')
  const before = asked
  await wait(300)
  const current = await etagOf(session, 'cat')
  for (let reads = 0; reads < 30; reads += 1) {
    expect(await etagOf(session, 'cat')).toBe(current)
    await wait(10)
  }
  expect(asked).toBe(before)
})
