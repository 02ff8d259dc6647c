import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Migration } from '../sql/migrations/migration.ts'
import { MIGRATIONS } from '../sql/migrations/index.ts'
import { SQLITE_WORDS } from '../sql/migrations/schema-words.ts'
import { sqliteMetadata } from './sqlite-metadata.ts'
import { SqliteWriter } from './sqlite-writer.ts'

let directory = ''
let file = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stowage-migrations-'))
  file = join(directory, 'metadata.sqlite')
})
afterEach(() => rm(directory, { recursive: true }))

const table = (name: string): string => `CREATE TABLE ${name} (id INTEGER PRIMARY KEY)`
const sequence = MIGRATIONS[0]!
const second: Migration = { version: 2, name: 'second', statements: () => [table('second_a'), table('second_b')] }
const third: Migration = { version: 3, name: 'third', statements: () => [table('third')] }

function migrate(migrations: readonly Migration[], failAt: string | null = null): void {
  const writer = new SqliteWriter({ file, durability: 'full' }, ({ text }) => {
    if (failAt !== null && text.includes(failAt)) throw new Error('pulled the plug')
  })
  try {
    writer.migrate(1, { migrations, words: SQLITE_WORDS, store: 'test' })
  } finally {
    writer.close()
  }
}

function applied(): readonly unknown[] {
  const database = new Database(file, { readonly: true })
  const rows = database.prepare('SELECT version, name FROM schema_migrations ORDER BY version').raw().all()
  database.close()
  return rows
}

test('migrations run once each, in order, and later ones when they come', () => {
  migrate([sequence])
  migrate([sequence])
  expect(applied()).toEqual([[1, 'initial']])
  migrate([sequence, second, third])
  expect(applied()).toEqual([
    [1, 'initial'],
    [2, 'second'],
    [3, 'third'],
  ])
})

test('what an interruption leaves is a whole number of migrations, and the next start goes on', () => {
  expect(() => migrate([sequence, second, third], 'second_b')).toThrow('pulled the plug')
  expect(applied()).toEqual([[1, 'initial']])
  expect(() => migrate([sequence, second, third], 'TABLE third')).toThrow('pulled the plug')
  expect(applied()).toHaveLength(2)
  migrate([sequence, second, third])
  expect(applied()).toHaveLength(3)
})

test('a migration that was changed after it was applied is refused', () => {
  migrate([sequence, second])
  const other: Migration = { ...second, statements: () => [table('second_c')] }
  expect(() => migrate([sequence, other])).toThrow(expect.objectContaining({ code: 'StoreUnavailable' }))
  expect(() => migrate([sequence, other])).toThrow(/migration 2 \(second\)/)
})

test('a newer schema is refused by its version, and left as it is', async () => {
  const newer: Migration = { ...second, version: MIGRATIONS.length + 1 }
  migrate([...MIGRATIONS, newer])
  const store = sqliteMetadata({ file })
  const tooNew = { code: 'SchemaTooNew', details: { found: MIGRATIONS.length + 1, supported: MIGRATIONS.length } }
  await expect(store.open()).rejects.toMatchObject(tooNew)
  await expect(sqliteMetadata({ file, worker: 'inline' }).open()).rejects.toMatchObject(tooNew)
  expect(applied()).toHaveLength(MIGRATIONS.length + 1)
})

test('who only looks is told which schema is there, and changes none', async () => {
  const needed = MIGRATIONS.length
  for (const worker of [undefined, 'inline'] as const) {
    const look = sqliteMetadata({ file, migrate: false, ...(worker === undefined ? {} : { worker }) })
    await expect(look.open()).rejects.toMatchObject({ code: 'SchemaTooOld', details: { found: 0, needed } })
    await look.close()
  }
  migrate(MIGRATIONS.slice(0, 1))
  const look = sqliteMetadata({ file, migrate: false })
  await expect(look.open()).rejects.toMatchObject({ code: 'SchemaTooOld', details: { found: 1, needed } })
  await look.close()
  expect(applied()).toHaveLength(1)
  migrate(MIGRATIONS)
  const current = sqliteMetadata({ file, migrate: false })
  await current.open()
  expect(await current.policyVersion()).toBe(1)
  await current.close()
})

test('uploads that are there are taken for those of users of the bucket’s account', () => {
  migrate(MIGRATIONS.slice(0, 2))
  const database = new Database(file)
  database.exec(
    `INSERT INTO buckets (id, jurisdiction, name, account, public, versioning, created_at) VALUES ('b', 'default', 'b', 'red', 0, 'off', 0)`,
  )
  const upload = `INSERT INTO uploads (id, kind, bucket_id, key, manifest_id, status, received, legal_hold, created_at, expires_at, owner_id)
VALUES (?, 'parts', 'b', 'k', ?, 'open', 0, 0, 0, 0, ?)`
  for (const [at, owner] of ['ann', null].entries()) database.prepare(upload).run(`u${at}`, at, owner)
  migrate(MIGRATIONS)
  expect(database.prepare('SELECT id, owner_account FROM uploads ORDER BY id').raw().all()).toEqual([
    ['u0', 'red'],
    ['u1', null],
  ])
  database.close()
})

test('objects that are there are listed by the index of owners, made anew', async () => {
  migrate(MIGRATIONS.slice(0, 3))
  const database = new Database(file)
  const insert = database.prepare(
    `INSERT INTO objects (bucket_id, key, version_id, sequence, manifest_id, size, etag, content_type, headers, owner_id, legal_hold, created_at)
VALUES ('b', ?, 'null', ?, 1, 3, 'e', 'a/b', '{"storageClass":"STANDARD"}', ?, 0, 5)`,
  )
  for (const [at, owner] of ['ann', null, 'bob', 'ann'].entries()) insert.run(`k${at}`, at + 1, owner)
  database.close()
  // Each time from a fresh connection: an explanation looks at no schema but the one that it knows.
  const plan = (): unknown => {
    const fresh = new Database(file)
    const text = `EXPLAIN QUERY PLAN SELECT headers FROM objects INDEXED BY objects_by_owner WHERE bucket_id = ? AND owner_id = ?`
    const row = fresh.prepare(text).get('b', 'ann')
    expect(fresh.pragma('integrity_check', { simple: true })).toBe('ok')
    fresh.close()
    return row
  }
  expect(plan()).toMatchObject({ detail: expect.stringContaining('USING INDEX objects_by_owner') })
  expect(() => migrate(MIGRATIONS, 'CREATE INDEX objects_by_owner')).toThrow('pulled the plug')
  expect(plan()).toMatchObject({ detail: expect.stringContaining('USING INDEX objects_by_owner') })
  const store = sqliteMetadata({ file })
  await store.open()
  const page = { bucketId: 'b', prefix: '', delimiter: null, position: null, limit: 10, rowsScannedMax: 10 }
  const visible = { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'lit', t: 'text', v: 'ann' } } as const
  const { objects } = await store.listObjects({ ...page, visible })
  await store.close()
  const headers = { contentType: 'a/b', storageClass: 'STANDARD' }
  const same = { bucketId: 'b', versionId: 'null', size: 3, etag: 'e', checksum: null, headers, ownerId: 'ann', createdAt: new Date(5) }
  expect(objects).toEqual([
    { ...same, key: 'k0', sequence: 1 },
    { ...same, key: 'k3', sequence: 4 },
  ])
  expect(plan()).toMatchObject({ detail: expect.stringContaining('USING COVERING INDEX objects_by_owner') })
})

test('unfinished append uploads of the first schema are counted', () => {
  migrate(MIGRATIONS.slice(0, 1))
  const database = new Database(file)
  const upload = `INSERT INTO uploads (id, kind, bucket_id, key, manifest_id, status, received, legal_hold, created_at, expires_at)
VALUES (?, 'append', 'b', 'k', ?, 'open', 0, 0, 0, 0)`
  for (const manifestId of [1, 2]) database.prepare(upload).run(`u${manifestId}`, manifestId)
  for (const offset of [0, 3]) database.prepare('INSERT INTO append_pieces VALUES (1, ?, 3, ?)').run(offset, Buffer.from([1, 0, 0, 0]))
  migrate(MIGRATIONS)
  expect(database.prepare('SELECT id, extent_count FROM uploads ORDER BY id').raw().all()).toEqual([
    ['u1', 2],
    ['u2', 0],
  ])
  database.close()
})
