import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ANYBODY, CREATED_AT, inlineExtent, newObject } from '../../../test/metadata/samples.ts'
import { rawPostgres, rawSqlite } from '../../../test/raw-databases.ts'
import type { RawDatabase } from '../../../test/raw-databases.ts'
import type { Extent } from '../../model/extent.ts'
import { createBucket } from './commands/buckets.ts'
import { commitObject } from './commands/commit-object.ts'
import { findRecord } from './find-object.ts'

const BUCKET = {
  id: 'b1',
  jurisdiction: 'default',
  name: 'b',
  account: 'a',
  public: false,
  versioning: 'off',
  createdAt: CREATED_AT,
} as const
const QUERY = { bucketId: 'b1', key: 'k', require: ANYBODY }

describe.each([
  ['sqlite', (): Promise<RawDatabase> => Promise.resolve(rawSqlite())],
  ['postgres', rawPostgres],
])('damaged rows of an object on %s', (_name, open) => {
  let database: RawDatabase
  beforeEach(async () => {
    database = await open()
    await database.run((context) => createBucket(context, { bucket: BUCKET, require: ANYBODY }))
  })
  afterEach(() => database.close())

  const put = async (...extents: Extent[]): Promise<void> => {
    let sequence = 0
    const command = { object: newObject('k', extents), conditions: {}, require: ANYBODY, fresh: [] }
    await database.run((context) => commitObject({ ...context, sequence: () => (sequence += 1) }, command))
  }
  const find = (): Promise<unknown> => database.run((context) => findRecord(context, QUERY))

  test.each([
    ['one extent', [inlineExtent('abc')]],
    ['several extents', [inlineExtent('abc'), inlineExtent('def')]],
  ])('the bytes of %s are gone: said, and not looked for without end', async (_extents, extents) => {
    await put(...extents)
    await database.query({ sql: 'DELETE FROM inline_bytes', values: [] })
    await expect(find()).rejects.toMatchObject({ code: 'BlobDamaged' })
  })

  test('the bytes of an extent are cut: never given out as the whole', async () => {
    await put(inlineExtent('abc'))
    await database.query({ sql: 'UPDATE inline_bytes SET bytes = ?', values: [Buffer.from('ab')] })
    await expect(find()).rejects.toMatchObject({ code: 'BlobDamaged' })
  })

  test('a version on top that is neither current nor a marker: said, and not looked for without end', async () => {
    await put(inlineExtent('abc'))
    const columns = 'bucket_id, key, version_id, sequence, manifest_id, size, etag, legal_hold, created_at, extents'
    const sql = `INSERT INTO object_versions (${columns}, delete_marker) SELECT ${columns}, 0 FROM objects`
    await database.query({ sql, values: [] })
    await database.query({ sql: 'DELETE FROM objects', values: [] })
    await expect(find()).rejects.toThrow('neither a delete marker nor the current one')
  })
})
