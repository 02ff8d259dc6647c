import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openClockedEngine } from '../../test/clocked-engine.ts'
import { bytesOf, describeOnEachStore } from '../../test/engine-matrix.ts'
import type { Backend } from '../backend/backend.ts'
import { parseBlobKey } from '../backend/blob-key.ts'
import type { BlobKey } from '../backend/blob-key.ts'
import { memoryBackend } from '../backend/memory-backend.ts'
import { StorageError } from '../errors/storage-error.ts'
import { sqliteMetadata } from '../metadata/sqlite/sqlite-metadata.ts'
import { allowAll } from '../policy/allow-all.ts'
import { accountCaller } from '../policy/caller.ts'
import type { FsckOptions, FsckReport } from './fsck.ts'
import { fsck } from './fsck.ts'
import type { FsckStep } from './fsck/progress.ts'
import { openEngine } from './open-engine.ts'

const BUCKET = { bucket: { name: 'bucket' } }

/** What a test damages: a store that is closed, with one of everything in it. */
interface Closed {
  readonly file: string
  readonly backend: Backend
  readonly sql: (text: string, ...values: unknown[]) => unknown[]
  readonly check: (options?: Partial<FsckOptions>) => Promise<FsckReport>
  /** The blob of an object that is one. */
  readonly blobOf: (key: string) => BlobKey
}

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fsck-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

/** Large objects, small ones, a copy, versions with a marker, a completed upload, open ones of both kinds, and garbage. */
async function fill(): Promise<Closed> {
  const file = join(directory, 'stowage.db')
  const backend = memoryBackend()
  const metadata = sqliteMetadata({ file, worker: 'inline' })
  const engine = await openEngine({ metadata, backend, policy: allowAll(), limits: { inlineSizeMax: 100, partSizeMin: 1 } })
  const session = engine.as(accountCaller('owner'))
  await session.createBucket(BUCKET)
  const versioned = { bucket: { name: 'versioned' } }
  await session.createBucket({ ...versioned, versioning: 'enabled' })
  for (const key of ['large', 'other', 'gone']) await session.putObject({ ...BUCKET, key, body: bytesOf(5_000, key.length) })
  await session.putObject({ ...BUCKET, key: 'small', body: bytesOf(50) })
  await session.copyObject({ ...BUCKET, key: 'copy', source: { ...BUCKET, key: 'other' } })
  for (const size of [3_000, 30]) await session.putObject({ ...versioned, key: 'v', body: bytesOf(size) })
  await session.deleteObject({ ...versioned, key: 'v' })
  for (const key of ['parts', 'open']) {
    const at = { ...BUCKET, key, uploadId: (await session.createUpload({ ...BUCKET, key })).uploadId }
    const parts = []
    for (const [index, size] of [2_000, 40, 2_500].entries()) {
      const { partNumber, etag } = await session.uploadPart({ ...at, partNumber: index + 1, body: bytesOf(size, index) })
      parts.push({ partNumber, etag })
    }
    if (key === 'parts') await session.completeUpload({ ...at, parts })
  }
  const append = { ...BUCKET, key: 'append', uploadId: (await session.createAppendUpload({ ...BUCKET, key: 'append' })).uploadId }
  for (const [offset, size] of [
    [0, 1_000],
    [1_000, 7],
    [1_007, 8],
  ] as const) {
    await session.append({ ...append, offset, body: bytesOf(size) })
  }
  await session.deleteObject({ ...BUCKET, key: 'gone' })
  await engine.close()
  const sql = (text: string, ...values: unknown[]): unknown[] => {
    const database = new Database(file)
    try {
      const statement = database.prepare(text)
      return statement.reader ? statement.raw().all(values) : [statement.run(values).changes]
    } finally {
      database.close()
    }
  }
  return {
    file,
    backend,
    sql,
    check: (options) => fsck({ metadata: sqliteMetadata({ file, worker: 'inline' }), backends: { main: backend }, ...options }),
    blobOf: (key) => {
      const [row] = sql('SELECT r.blob FROM blob_refs r JOIN objects o ON o.manifest_id = r.manifest_id WHERE o.key = ?', key)
      return parseBlobKey(String((row as readonly unknown[])[0]))
    },
  }
}

/** Puts other bytes in the place of a blob, as a disk does it that lies. */
async function overwrite(backend: Backend, blob: BlobKey, change: (bytes: Buffer) => Buffer): Promise<void> {
  const chunks = await (await backend.get(blob, {})).toArray()
  const bytes = change(Buffer.concat(chunks))
  await backend.put(
    blob,
    (async function* () {
      yield bytes
    })(),
    {},
  )
}

const kindsOf = ({ findings }: FsckReport): readonly string[] => findings.map(({ kind }) => kind)

test('finds nothing where nothing is wrong', async () => {
  const { check } = await fill()
  const report = await check({ deep: true })
  expect(report).toEqual({
    findings: [],
    counts: {},
    damage: 0,
    garbage: 0,
    checked: { manifests: 5 + 2 + 3 + 3 + 3, references: 9, blobs: 9, garbageRows: expect.any(Number), bytes: expect.any(Number) },
  })
  expect(report.checked.bytes).toBe(3 * 5_000 + 50 + 3_030 + 2 * 4_540 + 1_015)
})

describe('blobs', () => {
  test('that are gone: says whose they were, every one', async () => {
    const { check, backend, blobOf } = await fill()
    const blob = blobOf('other')
    await backend.delete([blob])
    const report = await check({ deep: true })
    expect(report.findings.map(({ kind, details }) => [kind, 'holder' in details ? details.holder.key : null])).toEqual([
      ['blob-missing', 'copy'],
      ['blob-missing', 'other'],
    ])
    expect(report.findings[0]).toMatchObject({ severity: 'damage', details: { backendId: 'main', blob, holder: { kind: 'object' } } })
    expect([report.damage, report.garbage, report.counts]).toEqual([2, 0, { 'blob-missing': 2 }])
  })

  test('that are too short', async () => {
    const { check, backend, blobOf } = await fill()
    await overwrite(backend, blobOf('large'), (bytes) => bytes.subarray(0, 4_999))
    const { findings } = await check({ deep: true })
    expect(findings).toMatchObject([{ kind: 'blob-too-short', details: { size: 4_999, needed: 5_000, holder: { key: 'large' } } }])
  })

  test('with a byte that flipped: only a deep check sees it', async () => {
    const { check, backend, blobOf } = await fill()
    await overwrite(backend, blobOf('other'), (bytes) => {
      bytes[4_000] = (bytes[4_000] ?? 0) ^ 1
      return bytes
    })
    expect(kindsOf(await check())).toEqual([])
    const { findings } = await check({ deep: true })
    // Read once, though a copy shares it.
    expect(findings).toMatchObject([{ kind: 'bytes-damaged', details: { blob: { blob: blobOf('other') }, holder: { kind: 'object' } } }])
    // Nor does one that reads others.
    const reads = (wanted: string) => (ref: { readonly blob: BlobKey }) => ref.blob === blobOf(wanted)
    expect(kindsOf(await check({ deep: true, reads: reads('large') }))).toEqual([])
    expect(kindsOf(await check({ deep: true, reads: reads('other'), asksDatabase: false }))).toEqual(['bytes-damaged'])
  })

  test('that nobody knows, and those that the collector has forgotten', async () => {
    const { check, backend, sql } = await fill()
    const stray = parseBlobKey('stray')
    await backend.put(
      stray,
      (async function* () {
        yield bytesOf(9)
      })(),
      {},
    )
    await backend.put(
      parseBlobKey('another/namespace'),
      (async function* () {
        yield bytesOf(9)
      })(),
      {},
    )
    expect((await check()).findings).toMatchObject([{ kind: 'blob-orphan', details: { backendId: 'main', blob: stray, size: 9 } }])
    await backend.delete([stray, parseBlobKey('another/namespace')])
    for (const blob of await listKeys(backend)) sql('DELETE FROM garbage WHERE blob = ?', blob)
    expect(kindsOf(await check())).toEqual(['blob-orphan'])
    expect(kindsOf(await check({ blobPrefix: 'another/' }))).toEqual([])
  })

  test('in a backend that was not given, and in one that does not answer', async () => {
    const { check, backend, blobOf } = await fill()
    expect((await check({ backends: {} })).findings).toEqual([
      { kind: 'backend-unknown', severity: 'damage', details: { backendId: 'main' } },
    ])
    const blob = blobOf('large')
    const failing = Object.create(backend, {
      get: {
        value: (key: BlobKey, options: object) =>
          key === blob
            ? Promise.reject(new StorageError('BackendUnavailable', { backend: 'memory', operation: 'get' }))
            : backend.get(key, options),
      },
      init: { value: () => backend.init() },
      list: { value: (options: { readonly prefix: string }) => backend.list(options) },
      close: { value: () => backend.close() },
    }) as Backend
    const { findings } = await check({ backends: { main: failing }, deep: true })
    expect(findings).toMatchObject([{ kind: 'blob-unreadable', details: { blob, holder: { key: 'large' } } }])
  })
})

async function listKeys(backend: Backend): Promise<readonly BlobKey[]> {
  const keys: BlobKey[] = []
  for await (const { key } of backend.list({ prefix: '' })) keys.push(key)
  return keys
}

describe('rows', () => {
  const manifestOf = "(SELECT manifest_id FROM objects WHERE key = 'large')"
  const openUpload = "(SELECT manifest_id FROM uploads WHERE key = 'open')"
  test.each<readonly [string, string, readonly unknown[]]>([
    [
      'an object that is not counted',
      `DELETE FROM blob_refs WHERE manifest_id = ${manifestOf}`,
      // Nobody knows the blob but the manifest: the collector does not, fsck must.
      [{ kind: 'reference-missing', severity: 'damage', details: { holder: { kind: 'object', key: 'large' } } }],
    ],
    [
      'a part that is not counted',
      `DELETE FROM blob_refs WHERE manifest_id = ${openUpload} AND part_number = 1`,
      [{ kind: 'reference-missing', details: { holder: { kind: 'part', key: 'open', partNumber: 1 } } }],
    ],
    [
      'a copy that is not counted',
      "DELETE FROM blob_refs WHERE manifest_id = (SELECT manifest_id FROM objects WHERE key = 'copy')",
      [{ kind: 'reference-missing', details: { holder: { kind: 'object', key: 'copy' } } }],
    ],
    [
      'a count for nobody',
      `INSERT INTO blob_refs SELECT backend_id, blob, 999999, 7 FROM blob_refs WHERE manifest_id = ${manifestOf}`,
      [{ kind: 'reference-stray', severity: 'garbage', details: { manifestId: 999_999, partNumber: 7 } }],
    ],
    [
      'a blob in use that is garbage',
      `INSERT INTO garbage SELECT backend_id, blob, 'queued', NULL, 0 FROM blob_refs WHERE manifest_id = ${manifestOf}`,
      [{ kind: 'garbage-referenced', details: { state: 'queued' } }],
    ],
    [
      'inline bytes that are gone',
      "DELETE FROM inline_bytes WHERE id = (SELECT manifest_id FROM objects WHERE key = 'small')",
      [{ kind: 'inline-missing', details: { length: 50, holder: { key: 'small' } } }],
    ],
    [
      'inline bytes that are cut',
      "UPDATE inline_bytes SET bytes = x'00' WHERE id = (SELECT manifest_id FROM objects WHERE key = 'small')",
      [{ kind: 'inline-missing' }, { kind: 'bytes-damaged', details: { blob: null } }],
    ],
    [
      'inline bytes of nobody',
      "INSERT INTO inline_bytes VALUES (888888, x'00')",
      [{ kind: 'inline-stray', details: { inlineId: 888_888 } }],
    ],
    [
      'a size that is wrong',
      "UPDATE objects SET size = 4999 WHERE key = 'large'",
      [{ kind: 'size-wrong', details: { size: 4_999, extents: 5_000, holder: { key: 'large' } } }],
    ],
    ['a part’s size that is wrong', 'UPDATE parts SET size = 41 WHERE size = 40', [{ kind: 'size-wrong' }, { kind: 'size-wrong' }]],
    [
      'extents that cannot be read',
      "UPDATE objects SET extents = x'ff00' WHERE key = 'large'",
      [{ kind: 'size-wrong', details: { extents: 0 } }, { kind: 'reference-stray' }],
    ],
    ['a bucket that is gone', "DELETE FROM buckets WHERE name = 'versioned'", [{ kind: 'rows-contradict' }]],
    [
      'an order that is wrong',
      "UPDATE object_versions SET key = 'large', bucket_id = (SELECT id FROM buckets WHERE name = 'bucket'), sequence = 999999 WHERE delete_marker = 1",
      [{ kind: 'rows-contradict' }, { kind: 'rows-contradict' }],
    ],
    ['an offset that is wrong', "UPDATE uploads SET received = 5 WHERE kind = 'append'", [{ kind: 'rows-contradict' }]],
    ['part facts that are gone', 'DELETE FROM parts WHERE size = 40', [{ kind: 'rows-contradict' }, { kind: 'inline-stray' }]],
  ])('%s', async (_, text, expected) => {
    const { check, sql } = await fill()
    expect(sql(text)).not.toEqual([0])
    const { findings } = await check({ deep: true })
    expect(findings).toMatchObject(expected)
    expect(findings).toHaveLength(expected.length)
  })

  test('that the database itself finds wrong', async () => {
    const { check, file } = await fill()
    const database = new Database(file)
    // An index whose rows are in another order than its text says: what a disk that mixes pages up does to one.
    database.unsafeMode(true)
    database.pragma('writable_schema = ON')
    database.exec(
      "UPDATE sqlite_schema SET sql = 'CREATE INDEX buckets_by_account ON buckets (name, account)' WHERE name = 'buckets_by_account'",
    )
    database.close()
    const { counts, damage } = await check()
    expect(counts['database-damaged']).toBeGreaterThan(0)
    expect(damage).toBe(counts['database-damaged'])
  })
})

test('more blobs than fit in memory at once take several passes, and give the same report', async () => {
  const { check, backend, blobOf, sql } = await fill()
  await backend.delete([blobOf('large'), blobOf('other')])
  sql("DELETE FROM blob_refs WHERE manifest_id = (SELECT manifest_id FROM uploads WHERE key = 'open') AND part_number = 3")
  const sorted = (report: FsckReport): readonly string[] => report.findings.map((finding) => JSON.stringify(finding)).sort()
  const whole = await check()
  const inPasses = await check({ blobsAtOnceMax: 2 })
  expect(sorted(inPasses)).toEqual(sorted(whole))
  expect(whole.damage).toBe(4)
  expect(inPasses.checked).toEqual(whole.checked)
})

test('keeps so many findings, counts and tells all, and says how far it is', async () => {
  const { check, backend } = await fill()
  await backend.delete(await listKeys(backend))
  const [told, steps]: [string[], FsckStep[]] = [[], []]
  const report = await check({
    deep: true,
    findingsMax: 2,
    onFinding: ({ kind }) => told.push(kind),
    onProgress: (step) => steps.push(step),
  })
  expect(report.findings).toHaveLength(2)
  expect([report.damage, told.length, report.counts['blob-missing']]).toEqual([told.length, told.length, told.length])
  expect([...new Set(steps.map(({ phase }) => phase))]).toEqual(['database', 'rows', 'blobs', 'bytes'])
  await expect(check({ findingsMax: -1 })).rejects.toMatchObject({ code: 'InvalidArgument' })
})

test('leaves a directory alone that somebody has open, and stops when told', async () => {
  const { check, file, backend } = await fill()
  const stopped = new Error('enough')
  await expect(check({ signal: AbortSignal.abort(stopped) })).rejects.toBe(stopped)
  const engine = await openEngine({ metadata: sqliteMetadata({ file, worker: 'inline' }), backend, policy: allowAll() })
  await expect(check()).rejects.toMatchObject({ code: 'DirectoryInUse' })
  await engine.close()
  expect(kindsOf(await check())).toEqual([])
})

describeOnEachStore('fsck', (store) => {
  test('stretches that were cut out of a blob are noted, because nothing says what they must be', async () => {
    const { session, bucket, engine, check, backend } = await openClockedEngine(store, { limits: { inlineSizeMax: 100 } })
    await session.putObject({ bucket, key: 'source', body: bytesOf(5_000) })
    const { uploadId } = await session.createUpload({ bucket, key: 'k' })
    const source = { bucket, key: 'source', range: { start: 1_000, end: 4_000 } }
    await session.uploadPartCopy({ bucket, key: 'k', uploadId, partNumber: 1, source })
    const { findings, damage } = await check()
    expect([findings, damage]).toEqual([[{ kind: 'bytes-unverified', severity: 'note', details: { extents: 1 } }], 0])
    const [blob] = await listKeys(backend)
    await backend.delete(blob === undefined ? [] : [blob])
    expect((await check()).counts).toEqual({ 'blob-missing': 2, 'bytes-unverified': 1 })
    await engine.close()
  })
})
