import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RawDatabase, rawPostgres, rawSqlite } from '../../../test/raw-databases.ts'
import { and, col, element, eq, foldername } from '../../policy/predicate-builders.ts'
import { exists, insub } from '../../policy/predicate-relation-builders.ts'
import type { Predicate } from '../../policy/predicate.ts'
import type { Relation } from '../../policy/relation.ts'
import { listObjects } from './list-objects.ts'
import { listRelationRows } from './list-relation-rows.ts'
import { tableStatements } from './relation-table.ts'
import type { SqlStatement } from './sql-driver.ts'

const ROWS = 50_000
const DATABASES = ['sqlite', 'postgres'] as const
const TEXT = { type: 'text', nullable: false } as const
const MEMBERS: Relation = {
  name: 'members',
  kept: 'engine',
  columns: { team: TEXT, member: TEXT, level: { type: 'int', nullable: true } },
  indexes: [['member', 'team']],
  key: ['team', 'member'],
}

/** As policies are after the caller was put in. */
const LOOKS: readonly (readonly [string, Predicate])[] = [
  ['EXISTS by the key', exists(MEMBERS, 'm', (m) => and(eq(m('team'), element(foldername(), 1)), eq(m('member'), 'u7')))],
  ['EXISTS by the beginning of the key', exists(MEMBERS, 'm', (m) => and(eq(m('team'), col('bucket_id')), eq(m('level'), 3)))],
  ['IN by an index', insub(element(foldername(), 1), { relation: MEMBERS, alias: 'm', select: (m) => m('team'), where: (m) => eq(m('member'), 'u7') })],
] // prettier-ignore

const open = new Map<string, RawDatabase>()
beforeAll(async () => {
  open.set('sqlite', rawSqlite())
  open.set('postgres', await rawPostgres())
  for (const database of open.values()) await fill(database)
}, 60_000)
afterAll(() => Promise.all([...open.values()].map((database) => database.close())))

describe.each(DATABASES)('on %s, 50,000 members', (name) => {
  const database = (): RawDatabase => open.get(name)!

  test.each(LOOKS)('%s finds them by an index', async (_, visible) => {
    const query = { bucketId: 'b1', prefix: '', delimiter: null, limit: 100, rowsScannedMax: 1000, visible, position: null }
    const statements = await database().statementsOf((context) => listObjects(context, query))
    const plan = await expectNoScan(statements.find(({ sql }) => sql.includes('relation_members')))
    // Keys come in their order: nothing is sorted before a page is cut.
    expect(plan).not.toContain('TEMP B-TREE')
  })

  test('a page of rows is a seek', async () => {
    const document = { kind: 'relation', id: 'members', version: 1 }
    const query = { relation: MEMBERS, document, after: { team: 't77', member: 'u7' }, limit: 10 }
    const statements = await database().statementsOf((context) => listRelationRows(context, query))
    await expectNoScan(statements.find(({ sql }) => sql.includes('relation_members')))
  })

  async function expectNoScan(statement: SqlStatement | undefined): Promise<string> {
    if (statement === undefined) throw new Error('nothing was asked')
    const explain = name === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN (COSTS OFF)'
    const rows = await database().query({ ...statement, sql: `${explain} ${statement.sql}` })
    const plan = rows.map((row) => String(row.at(-1))).join('\n')
    expect(plan, statement.sql).toMatch(
      name === 'sqlite' ? /SEARCH (?:r1|relation_members) USING/ : /Index (?:Only )?Scan (?:using|on) "relation_#/,
    )
    expect(plan, statement.sql).not.toMatch(/Seq Scan on relation_members|SCAN (?:r1|relation_members)/)
    return plan
  }
})

async function fill(database: RawDatabase): Promise<void> {
  const run = (sql: string): Promise<unknown> => database.query({ sql, values: [] })
  for (const statement of tableStatements(database.dialect, { before: null, after: MEMBERS })) await database.query(statement)
  const sqlite = database.dialect.name === 'sqlite'
  const numbers = database.numbersTo(ROWS)
  await run(`INSERT INTO "relation_members" SELECT 't' || (n % 1000), 'u' || n, n % 10 FROM ${numbers}`)
  const version = 'bucket_id, key, version_id, sequence, manifest_id, size, etag, owner_id, legal_hold, created_at'
  const key = "'t' || (n % 1000) || '/' || n"
  await run(`INSERT INTO objects (${version}) SELECT 'b1', ${key}, 'v' || n, n, n, n, 'e', 'o', 0, n FROM ${numbers}`)
  await run(`INSERT INTO documents (kind, id, version, body) VALUES ('relation', 'members', 1, '{}')`)
  // Where nobody gathers statistics, plans must be right without.
  if (!sqlite) await run('VACUUM ANALYZE')
}
