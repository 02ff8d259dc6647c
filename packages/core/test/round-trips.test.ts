import { Pool } from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { memoryBackend } from '../src/backend/index.ts'
import { accountCaller, allowAll, openEngine } from '../src/index.ts'
import type { Session } from '../src/index.ts'
import { postgresMetadata } from '../src/metadata/postgres/postgres-metadata.ts'
import type { PostgresProvision } from './provided-context.ts'
import { newSchema, postgresPool, postgresPrepares } from './stores.ts'
import { countTurns } from './turns.ts'

/*
 * How often each operation goes to the database and back, over a connection that has prepared its statements, and over one that waits for
 * each answer. What is counted is what the wire carries; a number that grows is a slower server.
 */

const bucket = { jurisdiction: 'default', name: 'photos' }
const SMALL = Buffer.alloc(4096, 's')
const LARGE = Buffer.alloc(300_000, 'l')

interface World {
  readonly session: Session
  readonly takeTurns: () => number
}

async function open(pipeline: boolean): Promise<World> {
  const way = await countTurns(inject('postgresUrl') satisfies PostgresProvision['postgresUrl'])
  const pool = new Pool({ connectionString: way.url, max: 1, pipeline })
  const schema = newSchema()
  const metadata = postgresMetadata({ pool, schema, prepare: postgresPrepares() })
  const engine = await openEngine({ metadata, backend: memoryBackend(), policy: allowAll() })
  onTestFinished(async () => {
    await engine.close()
    await pool.end()
    way.close()
    const direct = postgresPool(1)
    await direct.query(`DROP SCHEMA ${schema} CASCADE`)
    await direct.end()
  })
  const session = engine.as(accountCaller('anna'), { operation: 'PutObject' })
  await session.createBucket({ bucket })
  return { session, takeTurns: way.takeTurns }
}

type Operation = (session: Session, key: string) => Promise<unknown>
const put: Operation = (session, key) => session.putObject({ bucket, key, body: SMALL })

async function openUpload(session: Session, key: string): Promise<string> {
  return (await session.createUpload({ bucket, key })).uploadId
}

/** What is to be there, the operation, and its turns: pipelined, and not. */
const OPERATIONS: Readonly<
  Record<string, { readonly before?: Operation; readonly run: Operation; readonly turns: readonly [number, number] }>
> = {
  HeadObject: { before: put, run: (session, key) => session.headObject({ bucket, key }), turns: [1, 1] },
  'GetObject, 4 KiB': { before: put, run: (session, key) => session.getObject({ bucket, key }), turns: [1, 1] },
  'PutObject, 4 KiB, a new key': { run: put, turns: [2, 6] },
  'PutObject, 4 KiB, over another': { before: put, run: put, turns: [2, 7] },
  'PutObject, 300 KB': { run: (session, key) => session.putObject({ bucket, key, body: LARGE }), turns: [3, 8] },
  DeleteObject: { before: put, run: (session, key) => session.deleteObject({ bucket, key }), turns: [2, 6] },
  ListObjects: { before: put, run: (session) => session.listObjects({ bucket }), turns: [1, 1] },
  CreateMultipartUpload: { run: openUpload, turns: [2, 5] },
}

test.each(Object.keys(OPERATIONS))('%s', async (name) => {
  const { before, run, turns } = OPERATIONS[name] ?? {}
  for (const [at, pipeline] of [true, false].entries()) {
    const { session, takeTurns } = await open(pipeline)
    const counted: number[] = []
    for (const key of ['first', 'second', 'third', 'fourth']) {
      await before?.(session, key)
      takeTurns()
      await run?.(session, key)
      counted.push(takeTurns())
    }
    // The first ones prepare statements and reserve names of blobs; of the others one may meet a heartbeat.
    expect(Math.min(...counted.slice(2)), pipeline ? 'pipelined' : 'each waited for').toBe(turns?.[at])
  }
})
