import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RawDatabase, rawPostgres, rawSqlite } from '../../../test/raw-databases.ts'
import { ALWAYS, type Predicate } from '../../policy/predicate.ts'
import { selectBuckets } from './list-buckets.ts'
import { listObjects } from './list-objects.ts'
import { listUploads } from './list-uploads.ts'
import { listVersions } from './list-versions.ts'
import { selectParts } from './part-row.ts'
import type { SqlProgram, SqlStatement } from './sql-driver.ts'

const ROWS = 200_000
const DATABASES = ['sqlite', 'postgres'] as const

const open = new Map<string, RawDatabase>()
beforeAll(async () => {
  open.set('sqlite', rawSqlite())
  open.set('postgres', await rawPostgres())
  for (const database of open.values()) await fill(database)
}, 120_000)
afterAll(() => Promise.all([...open.values()].map((database) => database.close())))

const OWNED: Predicate = { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'lit', t: 'text', v: 'o7' } }
const OF_A_TYPE: Predicate = {
  k: 'cmp',
  op: '=',
  a: { k: 'json', a: { k: 'col', n: 'metadata' }, p: 'mimetype', text: true },
  b: { k: 'lit', t: 'text', v: 'image/png' },
}
const FOLDER: Predicate = {
  k: 'cmp',
  op: '=',
  a: { k: 'idx', a: { k: 'call', f: 'foldername', a: [{ k: 'col', n: 'name' }] }, i: 1 },
  b: { k: 'lit', t: 'text', v: 'd5' },
}
const QUERY = { bucketId: 'b1', prefix: '', delimiter: null, limit: 1000, rowsScannedMax: 100_000, visible: ALWAYS, position: null }
const MIDDLE = { after: 'd5/000500000', skipPrefix: false }
const PAGES = [
  ['the first page', {}],
  ['a page in the middle', { position: MIDDLE }],
  ['a prefix', { prefix: 'd5/' }],
  ['folders', { delimiter: '/' }],
  ['a filter over the owner', { visible: OWNED }],
  ['a filter over the folder', { visible: FOLDER, limit: 10 }],
] as const

describe.each(DATABASES)('on %s, 200,000 rows', (name) => {
  const database = (): RawDatabase => open.get(name)!

  test.each(PAGES)('objects: %s is a seek', async (_, more) => {
    const statements = await statementsOf((context) => listObjects(context, { ...QUERY, ...more }))
    await expectSeeks(database(), statements, ['objects'])
  })

  test.each([
    ['the first page', {}],
    ['a page in the middle', { position: MIDDLE }],
    ['a prefix', { prefix: 'd5/' }],
    ['folders', { delimiter: '/' }],
    ['with another condition', { visible: { k: 'and', a: [OWNED, { k: 'not', a: OF_A_TYPE }] } }],
  ] as const)('objects of one owner: %s is read by the index of owners', async (_, more) => {
    const statements = await statementsOf((context) => listObjects(context, { ...QUERY, visible: OWNED, ...more }))
    // SQLite reads nothing else: what a row is looked up for is what a condition asks that no listing shows.
    const index = name === 'postgres' ? 'objects_by_owner' : 'COVERING INDEX objects_by_owner'
    for (const statement of statements) expect(await planOf(database(), statement)).toContain(index)
  })

  test.each(PAGES)('versions: %s is two seeks', async (_, more) => {
    const position = 'position' in more ? { ...MIDDLE, sequence: null } : null
    const statements = await statementsOf((context) => listVersions(context, { ...QUERY, ...more, position }))
    expect(new Set(statements.map(({ sql }) => /FROM (\w+) t/.exec(sql)?.[1]))).toEqual(new Set(['objects', 'object_versions']))
    await expectSeeks(database(), statements, ['objects', 'object_versions'])
  })

  test('versions: the middle of a key is a seek', async () => {
    const position = { after: 'd5/000000005', skipPrefix: false, sequence: 100_000 }
    const statements = await statementsOf((context) => listVersions(context, { ...QUERY, position }))
    await expectSeeks(database(), statements, ['objects', 'object_versions'])
  })

  test.each(PAGES)('uploads: %s is a seek', async (_, more) => {
    const position = 'position' in more ? { ...MIDDLE, uploadId: null } : null
    const statements = await statementsOf((context) => listUploads(context, { ...QUERY, ...more, kind: 'parts', position }))
    await expectSeeks(database(), statements, ['uploads'])
  })

  test.each([
    ['of an account', { account: 'a7' }],
    ['of all', { account: null }],
    ['of a jurisdiction', { account: null, jurisdiction: 'default' }],
    ['behind a name', { account: null, after: 'n000500' }],
  ])('buckets: %s is a seek', async (_, more) => {
    const statement = selectBuckets(
      { dialect: database().dialect },
      { jurisdiction: null, visible: ALWAYS, prefix: '', after: null, limit: 100, ...more },
    )
    // Postgres reads the few buckets of one account, and sorts them.
    await expectSeek(database(), statement, more.account === null)
  })

  test('parts are a seek', async () => {
    await expectSeek(database(), selectParts(1, { after: 5000, limit: 1000 }), true)
  })

  test('folders are walked over: a page of them reads a row each, in three statements', async () => {
    let rows = 0
    let statements = 0
    const page = await database().run(function* (context): SqlProgram<unknown> {
      const program = listObjects(context, { ...QUERY, delimiter: '/' })
      let step = program.next()
      while (step.done !== true) {
        const found = yield step.value
        rows += found.length
        statements += 1
        step = program.next(found)
      }
      return step.value
    })
    expect(page).toMatchObject({ commonPrefixes: Array.from({ length: 10 }, (_, at) => `d${at}/`), objects: [], next: null })
    expect([rows < 10 + 8 + 2, statements <= 3]).toEqual([true, true])
  })

  async function statementsOf(program: Parameters<RawDatabase['statementsOf']>[0]): Promise<readonly SqlStatement[]> {
    const statements = await database().statementsOf(program)
    expect(statements.length).toBeGreaterThan(0)
    return statements
  }
})

/** The plans of a page. Where a statement asks for all there is left of a range, Postgres may read it and then sort: only the first ones are strict. */
async function expectSeeks(database: RawDatabase, statements: readonly SqlStatement[], tables: readonly string[]): Promise<void> {
  for (const [at, statement] of statements.entries()) await expectSeek(database, statement, at < tables.length)
}

/** The plan reads by an index that begins with what is asked, and, where that is strict, sorts nothing. */
async function expectSeek(database: RawDatabase, statement: SqlStatement, strict: boolean): Promise<void> {
  const sqlite = database.dialect.name === 'sqlite'
  const plan = await planOf(database, statement)
  const problem = `${statement.sql}\n${JSON.stringify(statement.values)}\n${plan}`
  // Of all buckets there is no condition to search by: they are walked in the order of their index.
  // A walk over folders is read as it was made.
  const walked = statement.sql.includes('FROM buckets') ? 'b USING' : 'w$|walk$|CONSTANT ROW$'
  expect(plan, problem).not.toMatch(new RegExp(`Seq Scan|TEMP B-TREE|^SCAN (?!${walked})`, 'm'))
  if (strict) expect(plan, problem).not.toMatch(/\bSort\b|Bitmap/)
  expect(plan, problem).toMatch(
    sqlite ? /(?:SEARCH [tpb]|SCAN b) USING (?:COVERING )?(?:INDEX|PRIMARY KEY)/ : /Index Cond: |buckets_by_name/,
  )
}

async function planOf(database: RawDatabase, statement: SqlStatement): Promise<string> {
  const explain = database.dialect.name === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN (COSTS OFF)'
  const rows = await database.query({ ...statement, sql: `${explain} ${statement.sql}` })
  return rows.map((row) => String(row.at(-1))).join('\n')
}

/** Fills the tables by the database itself: three buckets, of which the middle one has nearly all. */
async function fill(database: RawDatabase): Promise<void> {
  const from = `FROM ${database.numbersTo(ROWS)}`
  const padded = database.dialect.name === 'sqlite' ? `printf('%09d', n)` : `lpad(n::text, 9, '0')`
  const bucket = `CASE WHEN n % 1000 = 0 THEN 'b0' WHEN n % 1000 = 1 THEN 'b2' ELSE 'b1' END`
  const key = `'d' || (n % 10) || '/' || ${padded}`
  const run = (text: string): Promise<unknown> => database.query({ sql: text, values: [] })
  const version = 'bucket_id, key, version_id, sequence, manifest_id, size, etag, owner_id, legal_hold, created_at'
  await run(`INSERT INTO objects (${version}) SELECT ${bucket}, ${key}, 'v' || n, 1000000 + n, n, n, 'e', 'o' || (n % 100), 0, n ${from}`)
  // A million-version key in small: ten keys with 20,000 versions each.
  const oneOfTen = `'d' || (n % 10) || '/' || CASE WHEN n % 10 = 0 THEN '000000010' ELSE '00000000' || (n % 10) END`
  await run(
    `INSERT INTO object_versions (${version}, delete_marker) SELECT 'b1', ${oneOfTen}, 'w' || n, n, n, n, 'e', 'o' || (n % 100), 0, n, n % 2 ${from}`,
  )
  const upload = 'id, kind, bucket_id, key, manifest_id, status, received, owner_id, legal_hold, created_at, expires_at'
  await run(
    `INSERT INTO uploads (${upload}) SELECT 'u' || ${padded}, 'parts', ${bucket}, ${key}, n, CASE WHEN n % 2 = 0 THEN 'open' ELSE 'completed' END, 0, 'o' || (n % 100), 0, n, n ${from}`,
  )
  await run(
    `INSERT INTO buckets (id, jurisdiction, name, account, public, versioning, created_at) SELECT 'b' || n, 'default', 'n' || ${padded}, 'a' || (n % 100), 0, 'off', n ${from} WHERE n <= 20000`,
  )
  await run(
    `INSERT INTO parts (manifest_id, part_number, size, etag, created_at, extents) SELECT n / 10000, n % 10000, n, 'e', n, ${database.dialect.name === 'sqlite' ? `x'00'` : `'\\x00'`} ${from}`,
  )
  // On SQLite nobody gathers statistics: its plans must be right without.
  if (database.dialect.name === 'postgres') await run('VACUUM ANALYZE')
}
