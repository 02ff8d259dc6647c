import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bytesOf } from '../../test/engine-matrix.ts'
import { RELATION_STORES, type RelationStore } from '../../test/policy/relation-stores.ts'
import { memoryBackend } from '../backend/memory-backend.ts'
import { isStorageError } from '../errors/storage-error.ts'
import { accountCaller, type Caller } from '../policy/caller.ts'
import type { Policy } from '../policy/policy.ts'
import { and, cast, col, ctx, element, eq, foldername, gt, not, or, userMetadata as metadataOfUser } from '../policy/predicate-builders.ts'
import { exists, insub } from '../policy/predicate-relation-builders.ts'
import type { Predicate } from '../policy/predicate.ts'
import type { Relation } from '../policy/relation.ts'
import { unconditional } from '../policy/requirement.ts'
import type { Engine } from './engine.ts'
import { openEngine } from './open-engine.ts'
import type { Session } from './session.ts'

const TEAMS: Relation = {
  name: 'teams',
  kept: 'engine',
  columns: { team: { type: 'text', nullable: false }, user_id: { type: 'text', nullable: false } },
  indexes: [['team', 'user_id']],
}
const BUCKET = { name: 'bucket' }
const OWNER = accountCaller('owner')

function user(sub: string): Caller {
  return { ...OWNER, principal: { kind: 'role', role: 'authenticated', sub, claims: {}, bypassRls: false } }
}

/** The account may do everything, everybody else what the predicate says of each row. */
function onRows(predicate: () => Predicate): Policy {
  return {
    require: ({ caller, policyVersion }) => {
      const open = unconditional(policyVersion)
      if (caller.principal.kind === 'account') return open
      const each = predicate()
      return { ...open, existing: each, proposed: each, finalCreated: each, finalReplaced: each }
    },
  }
}

async function attempt(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: unknown) => (isStorageError(error) ? error.code : String(error)),
  )
}

describe.each(RELATION_STORES)('row-level predicates on $name', (kind) => {
  let store: RelationStore
  let engine: Engine
  let predicate: Predicate
  let mine: Session
  const events: Readonly<Record<string, unknown>>[] = []

  beforeEach(async () => {
    store = await kind.open()
    events.length = 0
    const observer = { event: (name: string, fields: Readonly<Record<string, unknown>>) => void events.push({ name, ...fields }) }
    engine = await openEngine({ metadata: store.metadata, backend: memoryBackend(), policy: onRows(() => predicate), observer })
    await store.execute(`CREATE TABLE "relation_teams" ("team" text NOT NULL, "user_id" text NOT NULL)`)
    await store.execute(`INSERT INTO "relation_teams" VALUES ('red', 'u1'), ('blue', 'u2')`)
    const session = engine.as(OWNER)
    await session.createBucket({ bucket: BUCKET })
    for (const key of ['red/a', 'blue/a', 'blue/b']) await session.putObject({ bucket: BUCKET, key, body: bytesOf(3) })
    mine = engine.as(user('u1'))
  })
  afterEach(async () => {
    await engine.close()
    await store.remove()
  })

  const put = (key: string, age = '1'): Promise<unknown> => mine.putObject({ bucket: BUCKET, key, body: bytesOf(3), userMetadata: { age } })
  const listed = async (): Promise<readonly string[]> => (await mine.listObjects({ bucket: BUCKET })).objects.map(({ key }) => key)

  describe('that look into a relation', () => {
    const ownTeam = (): Predicate => exists(TEAMS, 't', (t) => and(eq(t('team'), element(foldername(), 1)), eq(t('user_id'), ctx('sub'))))

    beforeEach(() => {
      predicate = ownTeam()
    })

    test('hold reads, listings and writes alike', async () => {
      expect(await listed()).toEqual(['red/a'])
      expect(await attempt(mine.headObject({ bucket: BUCKET, key: 'red/a' }))).toBe('done')
      expect(await attempt(mine.getObject({ bucket: BUCKET, key: 'blue/a' }))).toBe('AccessDenied')
      expect(await attempt(put('red/b'))).toBe('done')
      expect(await attempt(put('red/a'))).toBe('done')
      expect(await attempt(put('blue/c'))).toBe('AccessDenied')
      expect(await attempt(mine.copyObject({ bucket: BUCKET, key: 'red/c', source: { bucket: BUCKET, key: 'blue/a' } }))).toBe(
        'AccessDenied',
      )
      expect(await attempt(mine.copyObject({ bucket: BUCKET, key: 'red/c', source: { bucket: BUCKET, key: 'red/a' } }))).toBe('done')
      expect(await attempt(mine.deleteObject({ bucket: BUCKET, key: 'blue/a' }))).toBe('AccessDenied')
      expect(await attempt(mine.deleteObject({ bucket: BUCKET, key: 'red/c' }))).toBe('done')
      expect((await mine.listVersions({ bucket: BUCKET })).versions.map(({ key }) => key)).toEqual(['red/a', 'red/b'])
    })

    test('hold uploads', async () => {
      const at = { bucket: BUCKET, key: 'red/big' }
      expect(await attempt(mine.createUpload({ ...at, key: 'blue/big' }))).toBe('AccessDenied')
      const { uploadId } = await mine.createUpload(at)
      const { etag } = await mine.uploadPart({ ...at, uploadId, partNumber: 1, body: bytesOf(10) })
      await store.execute(`DELETE FROM "relation_teams"`)
      expect(await attempt(mine.uploadPart({ ...at, uploadId, partNumber: 2, body: bytesOf(10) }))).toBe('AccessDenied')
      const parts = [{ partNumber: 1, etag }]
      expect(await attempt(mine.completeUpload({ ...at, uploadId, parts }))).toBe('AccessDenied')
      await store.execute(`INSERT INTO "relation_teams" VALUES ('red', 'u1')`)
      expect(await attempt(mine.completeUpload({ ...at, uploadId, parts }))).toBe('done')
    })

    test('are held against the rows of the relation as they are', async () => {
      await store.execute(`UPDATE "relation_teams" SET user_id = 'u1'`)
      expect(await listed()).toEqual(['blue/a', 'blue/b', 'red/a'])
      await store.execute(`DELETE FROM "relation_teams" WHERE team = 'red'`)
      expect(await attempt(put('red/b'))).toBe('AccessDenied')
      expect(await attempt(put('blue/b'))).toBe('done')
    })

    test('see buckets', async () => {
      predicate = insub(col('bucket_id'), {
        relation: TEAMS,
        alias: 't',
        select: (t) => t('team'),
        where: (t) => eq(t('user_id'), ctx('sub')),
      })
      await engine.as(OWNER).createBucket({ bucket: { name: 'red' } })
      expect((await mine.listBuckets()).buckets.map(({ name }) => name)).toEqual(['red'])
      expect(await attempt(mine.headBucket({ bucket: { name: 'red' } }))).toBe('done')
      expect(await attempt(mine.headBucket({ bucket: BUCKET }))).toBe('AccessDenied')
      predicate = not(predicate)
      expect(await attempt(mine.deleteBucket({ bucket: { name: 'red' } }))).toBe('AccessDenied')
      expect(await attempt(mine.createBucket({ bucket: { name: 'green' } }))).toBe('done')
    })

    test('are asked only as far as nothing else decides', async () => {
      predicate = or(gt(cast(metadataOfUser('age'), 'int'), 17), ownTeam())
      expect(await attempt(put('red/x', '18'))).toBe('done')
      expect(await attempt(put('blue/x', '18'))).toBe('done')
      expect(await attempt(put('blue/y', '17'))).toBe('AccessDenied')
      expect(await listed()).toEqual(['blue/x', 'red/a', 'red/x'])
    })
  })

  describe('that fail over a row', () => {
    beforeEach(async () => {
      predicate = and(eq(col('owner_id'), 'owner'), gt(cast(metadataOfUser('age'), 'int'), 17))
      const userMetadata = { age: 'old' }
      await engine.as(OWNER).putObject({ bucket: BUCKET, key: 'old', body: bytesOf(3), userMetadata })
    })

    test.each<[string, (session: Session) => Promise<unknown>]>([
      ['a read', (session) => session.getObject({ bucket: BUCKET, key: 'old' })],
      ['a listing', (session) => session.listObjects({ bucket: BUCKET })],
      ['a listing of versions', (session) => session.listVersions({ bucket: BUCKET })],
      ['a delete', (session) => session.deleteObject({ bucket: BUCKET, key: 'old' })],
    ])('refuse %s, and tell the observer', async (_, call) => {
      await expect(call(mine)).rejects.toMatchObject({ code: 'PolicyFailed', retryable: false })
      expect(events).toMatchObject([{ name: 'policy.failed', error: { code: 'PolicyFailed' } }])
    })

    test('refuse a write, before and in its commit, and leave nothing', async () => {
      predicate = gt(cast(metadataOfUser('age'), 'int'), 17)
      expect(await attempt(put('new', 'x'))).toBe('PolicyFailed')
      // Only the final row has a size, and an ETag.
      predicate = or(gt(cast(col('etag'), 'int'), 0), eq(col('owner_id'), 'u1'))
      expect(await attempt(put('new', '18'))).toBe('PolicyFailed')
      expect(await attempt(engine.as(OWNER).headObject({ bucket: BUCKET, key: 'new' }))).toBe('ObjectNotFound')
      expect(events).toMatchObject([{ name: 'policy.failed' }, { name: 'policy.failed' }])
    })

    test('do not where another condition keeps the row away', async () => {
      predicate = and(eq(col('name'), 'young'), gt(cast(metadataOfUser('age'), 'int'), 17))
      await engine.as(OWNER).putObject({ bucket: BUCKET, key: 'young', body: bytesOf(3), userMetadata: { age: '18' } })
      expect(await listed()).toEqual(['young'])
      expect(await attempt(mine.getObject({ bucket: BUCKET, key: 'old' }))).toBe('AccessDenied')
    })

    test('do so for a user whose sub is no uuid', async () => {
      predicate = eq(col('owner'), ctx('uid'))
      expect(await attempt(mine.listObjects({ bucket: BUCKET }))).toBe('PolicyFailed')
      predicate = or(eq(col('name'), 'old'), eq(col('owner'), ctx('uid')))
      expect(await attempt(mine.headObject({ bucket: BUCKET, key: 'old' }))).toBe('done')
    })
  })
})
