import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listedKey, listingQuery } from '../../../test/listing-arbitrary.ts'
import { type ModelPage, modelPage, type ModelPosition, type ModelRow } from '../../../test/listing-model.ts'
import { insertRows, type RawDatabase, rawPostgres, rawSqlite } from '../../../test/raw-databases.ts'
import { ALWAYS, NEVER, type Predicate } from '../../policy/predicate.ts'
import { listObjects } from './list-objects.ts'
import { listUploads } from './list-uploads.ts'
import { listVersions } from './list-versions.ts'

// Every page of every listing, in both databases, against a model that looks at every row.
const CASES = 250
/** Not by `=`, which an index could find: then the model would have to know which rows were looked at. */
const VISIBLE: Predicate = { k: 'distinct', neg: true, a: { k: 'col', n: 'owner_id' }, b: { k: 'lit', t: 'text', v: 'me' } }

let databases: readonly RawDatabase[] = []
let bucketId = 0

beforeAll(async () => {
  databases = [rawSqlite(), await rawPostgres()]
}, 60_000)
afterAll(() => Promise.all(databases.map((database) => database.close())))

const someKeys = fc.uniqueArray(listedKey, { maxLength: 24 })
const owners = fc.array(fc.boolean(), { minLength: 80, maxLength: 80 })

test('objects: every page is the page that a look at every row gives', async () => {
  await fc.assert(
    fc.asyncProperty(someKeys, owners, fc.boolean(), listingQuery, async (keys, mine, filtered, query) => {
      const rows = keys.map((key, at): ModelRow => ({ key, tie: 0, id: key, visible: !filtered || mine[at] === true }))
      const bucket = await insert('objects', (id) => rows.map((row, at) => objectRow(id, row, { sequence: at, owned: row.visible })))
      await samePages(rows, query, (database, position) =>
        database
          .run((context) =>
            listObjects(context, {
              ...query,
              bucketId: bucket,
              visible: filtered ? VISIBLE : ALWAYS,
              position: position === null ? null : { after: position.after, skipPrefix: position.skipPrefix },
            }),
          )
          .then(({ objects, commonPrefixes, next }) => ({
            entries: objects.map(({ key }) => key),
            commonPrefixes,
            next: next === null ? null : { ...next, tie: next.skipPrefix ? null : 0 },
          })),
      )
    }),
    { numRuns: CASES },
  )
}, 120_000)

test('versions: both tables in one order, markers included', async () => {
  const histories = fc.array(fc.record({ key: listedKey, live: fc.boolean(), versions: fc.integer({ min: 0, max: 5 }) }), { maxLength: 10 })
  await fc.assert(
    fc.asyncProperty(histories, owners, fc.boolean(), listingQuery, async (some, mine, filtered, query) => {
      const keys = [...new Map(some.map((history) => [history.key, history])).values()]
      let sequence = 0
      const made = keys.flatMap(({ key, live, versions }) =>
        Array.from({ length: versions + (live ? 1 : 0) }, (_, at) => ({ key, sequence: ++sequence, live: live && at === versions })),
      )
      const rows = made.map((row, at): ModelRow => ({
        key: row.key,
        tie: -row.sequence,
        id: String(row.sequence),
        visible: !filtered || mine[at] === true,
      }))
      const rowOf = (id: string, at: number): Record<string, unknown> =>
        objectRow(id, rows[at]!, { sequence: made[at]!.sequence, owned: rows[at]!.visible })
      const bucket = await insert('objects', (id) => made.flatMap(({ live }, at) => (live ? [rowOf(id, at)] : [])))
      await insertInto(bucket, 'object_versions', (id) =>
        made.flatMap(({ live }, at) => (live ? [] : [{ ...rowOf(id, at), delete_marker: at % 2 }])),
      )
      await samePages(rows, query, (database, position) =>
        database
          .run((context) =>
            listVersions(context, {
              ...query,
              bucketId: bucket,
              visible: filtered ? VISIBLE : ALWAYS,
              position: position === null ? null : { ...position, sequence: position.tie === null ? null : -position.tie },
            }),
          )
          .then(({ versions, commonPrefixes, next }) => ({
            entries: versions.map(({ versionId }) => versionId),
            commonPrefixes,
            next:
              next === null
                ? null
                : {
                    after: next.after,
                    skipPrefix: next.skipPrefix,
                    shown: next.shown,
                    tie: next.sequence === null ? null : -next.sequence,
                  },
          })),
      )
    }),
    { numRuns: CASES },
  )
}, 120_000)

test('uploads: by key, then by id', async () => {
  const many = fc.array(listedKey, { maxLength: 20 })
  const nameOf = (tie: number): string => `upload-${String(tie).padStart(4, '0')}`
  await fc.assert(
    fc.asyncProperty(many, owners, fc.boolean(), listingQuery, async (keys, mine, filtered, query) => {
      const rows = keys.map((key, tie): ModelRow => ({ key, tie, id: nameOf(tie), visible: !filtered || mine[tie] === true }))
      const bucket = await insert('uploads', (id) => rows.flatMap((row) => uploadRows(id, row)))
      await samePages(rows, query, (database, position) =>
        database
          .run((context) =>
            listUploads(context, {
              ...query,
              bucketId: bucket,
              kind: 'parts',
              visible: filtered ? VISIBLE : ALWAYS,
              position:
                position === null ? null : { ...position, uploadId: position.tie === null ? null : `${bucket}${nameOf(position.tie)}` },
            }),
          )
          .then(({ uploads, commonPrefixes, next }) => ({
            entries: uploads.map(({ uploadId }) => uploadId.slice(bucket.length)),
            commonPrefixes,
            next:
              next === null
                ? null
                : {
                    after: next.after,
                    skipPrefix: next.skipPrefix,
                    shown: next.shown,
                    tie: next.uploadId === null ? null : Number(next.uploadId.slice(-4)),
                  },
          })),
      )
    }),
    { numRuns: CASES },
  )
}, 120_000)

describe('versions', () => {
  test('know which is the latest, wherever a page begins', async () => {
    const bucket = await insert('objects', (id) => [objectRow(id, { key: 'live' }, { sequence: 3 })])
    const noncurrent = (key: string, sequence: number, marker: number) => (id: string) => ({
      ...objectRow(id, { key }, { sequence }),
      delete_marker: marker,
    })
    const others = [
      noncurrent('live', 1, 1),
      noncurrent('live', 2, 0),
      noncurrent('gone', 4, 0),
      noncurrent('gone', 5, 1),
      noncurrent('gone', 6, 1),
    ]
    await insertInto(bucket, 'object_versions', (id) => others.map((row) => row(id)))
    const query = { bucketId: bucket, prefix: '', delimiter: null, limit: 10, rowsScannedMax: 100 }
    for (const database of databases) {
      const latest = async (sequence: number | null, visible: Predicate): Promise<unknown> => {
        const position = sequence === null ? null : { after: 'gone', skipPrefix: false, sequence }
        const { versions } = await database.run((context) => listVersions(context, { ...query, position, visible }))
        return versions.filter((version) => version.latest).map((version) => [version.key, version.sequence, version.deleteMarker])
      }
      const old: Predicate = { k: 'in', a: { k: 'col', n: 'version' }, l: [{ k: 'lit', t: 'text', v: '6' }], neg: true }
      expect(await latest(null, ALWAYS)).toEqual([
        ['gone', 6, true],
        ['live', 3, false],
      ])
      expect(await latest(6, ALWAYS)).toEqual([['live', 3, false]])
      // One that nobody may see is the latest all the same.
      expect(await latest(null, old)).toEqual([['live', 3, false]])
    }
  })

  test('a listing that nobody may see is empty, without a look at it', async () => {
    const query = { bucketId: 'x', prefix: '', delimiter: null, limit: 1, rowsScannedMax: 1, visible: NEVER, position: null }
    for (const program of [listObjects, listVersions]) expect(program(databases[0]! as never, query).next().done).toBe(true)
    expect(listUploads(databases[0]! as never, { ...query, kind: 'parts' }).next().done).toBe(true)
  })
})

type Lister = (database: RawDatabase, position: ModelPosition | null) => Promise<ModelPage>

/** Walks all pages in both databases, and holds each against the model; together they are one big page. */
async function samePages(rows: readonly ModelRow[], query: Parameters<typeof modelPage>[1], list: Lister): Promise<void> {
  for (const database of databases) {
    const entries: string[] = []
    const prefixes: string[] = []
    let position: ModelPosition | null = null
    let pages = 0
    do {
      const { last, ...expected } = modelPage(rows, query, position)
      const found = await list(database, position)
      expect(found, database.dialect.name).toEqual(last && found.next === null ? { ...expected, next: null } : expected)
      entries.push(...found.entries)
      prefixes.push(...found.commonPrefixes)
      position = found.next
      pages += 1
      expect(pages).toBeLessThan(rows.length + 3)
    } while (position !== null)
    const whole = modelPage(rows, { ...query, limit: 10_000, rowsScannedMax: 10_000 }, null)
    expect({ entries, prefixes }).toEqual({ entries: whole.entries, prefixes: whole.commonPrefixes })
  }
}

/** Puts rows into a new bucket of every database. */
async function insert(table: string, rows: (bucket: string) => readonly Record<string, unknown>[]): Promise<string> {
  const bucket = `bucket-${bucketId++}/`
  await insertInto(bucket, table, rows)
  return bucket
}

async function insertInto(bucket: string, table: string, rows: (bucket: string) => readonly Record<string, unknown>[]): Promise<void> {
  for (const database of databases) await insertRows(database, table, rows(bucket))
}

function objectRow(
  bucket: string,
  { key }: { key: string },
  { sequence, owned = true }: { sequence: number; owned?: boolean },
): Record<string, unknown> {
  return {
    bucket_id: bucket,
    key,
    version_id: String(sequence),
    sequence,
    manifest_id: sequence,
    size: 0,
    etag: '',
    legal_hold: 0,
    created_at: 0,
    owner_id: owned ? 'me' : 'you',
  }
}

/** An open upload, with a completed one and one of the other kind beside it that no listing shows. */
function uploadRows(bucket: string, { key, id, visible }: ModelRow): readonly Record<string, unknown>[] {
  const row = {
    bucket_id: bucket,
    key,
    manifest_id: 0,
    received: 0,
    expires_at: 0,
    legal_hold: 0,
    created_at: 0,
    owner_id: visible ? 'me' : 'you',
  }
  return [
    { ...row, id: bucket + id, kind: 'parts', status: 'open' },
    { ...row, id: `${bucket}c${id}`, kind: 'parts', status: 'completed' },
    { ...row, id: `${bucket}d${id}`, kind: 'append', status: 'open' },
  ]
}
