import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Pool } from 'pg'
import { newSchema, postgresPool, STORES } from '../../test/stores.ts'
import { RELATION_STORES, type RelationStore } from '../../test/policy/relation-stores.ts'
import { exists } from '../policy/predicate-relation-builders.ts'
import { bucketPolicyRow } from '../policy/predicate-row.ts'
import { col, eq } from '../policy/predicate-builders.ts'
import { ALWAYS } from '../policy/predicate.ts'
import type { Relation } from '../policy/relation.ts'
import { unconditional } from '../policy/requirement.ts'
import type { MetadataStore } from './metadata-store.ts'
import { postgresMetadata } from './postgres/postgres-metadata.ts'

const TEAMS: Relation = { name: 'teams', kept: 'engine', columns: { team: { type: 'text', nullable: false } }, indexes: [], key: ['team'] }
const OF_POSTGRES: Relation = { name: 'app.teams', kept: 'postgres', columns: TEAMS.columns, indexes: [] }
const DOCUMENT = { kind: 'relation', id: 'teams', version: 1 }

function define(store: MetadataStore, before: Relation | null, after: Relation | null): Promise<unknown> {
  const body = after === null ? null : {}
  return store.writeDocuments({
    writes: [{ kind: 'relation', id: 'teams', expected: 'any', body, sealed: null }],
    raisesPolicyVersion: false,
    tables: [{ before, after }],
  })
}

/** What a policy asks of a relation: over rows that are there, and over one that is to be. */
function looks(store: MetadataStore, relation: Relation): readonly (() => Promise<unknown>)[] {
  const visible = exists(relation, 't', (t) => eq(t('team'), 'red'))
  return [
    () => store.listObjects({ bucketId: 'b', prefix: '', delimiter: '/', position: null, limit: 1, visible, rowsScannedMax: 10 }),
    () => store.listBuckets({ account: null, jurisdiction: null, prefix: '', after: null, limit: 1, visible }),
    () =>
      store.createBucket({
        bucket: { id: 'b', jurisdiction: 'default', name: 'b', account: 'a', public: false, versioning: 'off', createdAt: new Date(0) },
        require: { ...unconditional(1), proposed: visible },
      }),
  ]
}

describe.each(RELATION_STORES)('a table of a relation on $name', (kind) => {
  let store: RelationStore
  beforeEach(async () => {
    store = await kind.open()
    await store.metadata.open()
  })
  afterEach(async () => {
    await store.metadata.close()
    await store.remove()
  })

  test('that somebody dropped is a policy that fails, and can still be removed', async () => {
    const { metadata } = store
    await define(metadata, null, TEAMS)
    const [list] = looks(metadata, TEAMS)
    await list?.()
    await store.execute('DROP TABLE "relation_teams"')
    for (const look of looks(metadata, TEAMS)) await expect(look()).rejects.toMatchObject({ code: 'PolicyFailed', retryable: false })
    const rows = { relation: TEAMS, document: DOCUMENT }
    await expect(metadata.changeRelationRows({ ...rows, put: [{ team: 'a' }], delete: [] })).rejects.toMatchObject({ code: 'PolicyFailed' })
    await expect(metadata.changeRelationRows({ ...rows, put: [], delete: [{ team: 'a' }] })).rejects.toMatchObject({ code: 'PolicyFailed' })
    await expect(metadata.listRelationRows({ ...rows, after: null, limit: 1 })).rejects.toMatchObject({ code: 'PolicyFailed' })
    const columns = { ...TEAMS.columns, more: { type: 'int', nullable: true } } as const
    await expect(define(metadata, TEAMS, { ...TEAMS, columns })).rejects.toMatchObject({ code: 'PolicyFailed' })
    await define(metadata, TEAMS, null)
    expect(await metadata.readDocument(DOCUMENT)).toBeNull()
  })

  test('that is not there is told of where conditions are judged, and of no other', async () => {
    const row = bucketPolicyRow({
      id: 'b',
      jurisdiction: 'default',
      name: 'red',
      account: 'a',
      public: false,
      versioning: 'off',
      createdAt: new Date(0),
    })
    const missing = exists(TEAMS, 't', (t) => eq(t('team'), col('name')))
    const verdicts = await store.metadata.judge([eq(col('name'), 'red'), missing, ALWAYS, missing].map((predicate) => ({ predicate, row })))
    const failed = { failed: expect.stringContaining('a relation') }
    expect(verdicts).toEqual([true, failed, true, failed])
  })

  test('that somebody made is not taken over', async () => {
    await store.execute('CREATE TABLE "relation_teams" (other int)')
    await expect(define(store.metadata, null, TEAMS)).rejects.toMatchObject({ code: 'Conflict' })
    expect(await store.metadata.readDocument(DOCUMENT)).toBeNull()
  })

  test('without a column that a policy names is a policy that fails', async () => {
    await store.execute('CREATE TABLE "relation_teams" (other int)')
    for (const look of looks(store.metadata, TEAMS)) await expect(look()).rejects.toMatchObject({ code: 'PolicyFailed' })
  })
})

describe.each(STORES.filter(({ name }) => name !== 'sqlite-worker'))('a change of a relation on $name', (tested) => {
  const after: Relation = { ...TEAMS, columns: { ...TEAMS.columns, more: { type: 'int', nullable: true } }, indexes: [['more']] }

  test.each<[string, Relation | null, Relation | null]>([
    ['made', null, TEAMS],
    ['changed', TEAMS, after],
    ['dropped', TEAMS, null],
  ])('that fails at any statement leaves what is to be %s as it was', async (_, from, to) => {
    let failAt: number | null = null
    const onStatement = ({ command, index }: { readonly command: string; readonly index: number }): void => {
      // The last one, COMMIT, is told as -1.
      if (command === 'writeDocuments' && index === failAt) throw new Error('the power failed')
    }
    const store = await tested.open({ onStatement })
    if (from !== null) {
      await define(store, null, from)
      await store.changeRelationRows({ relation: from, document: DOCUMENT, put: [{ team: 'red' }], delete: [] })
    }
    for (const at of [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      failAt = at
      const failed = await define(store, from, to).then(
        () => false,
        () => true,
      )
      failAt = null
      if (!failed) break
      expect((await store.readDocument(DOCUMENT))?.version ?? null).toBe(from === null ? null : 1)
      const page = store.listRelationRows({ relation: from ?? TEAMS, document: DOCUMENT, after: null, limit: 2 })
      if (from === null) await expect(page).rejects.toMatchObject({ code: 'PolicyFailed' })
      else expect(await page).toMatchObject({ outcome: 'listed', rows: [{ team: 'red' }] })
      expect(at).not.toBe(9)
    }
    const document = await store.readDocument(DOCUMENT)
    expect(document?.version ?? null).toBe(to === null ? null : from === null ? 1 : 2)
    const listed = store.listRelationRows({ relation: to ?? TEAMS, document: document ?? DOCUMENT, after: null, limit: 2 })
    if (to === null) await expect(listed).rejects.toMatchObject({ code: 'PolicyFailed' })
    else expect(await listed).toMatchObject({ outcome: 'listed' })
    await store.close()
  })
})

describe('a relation that Postgres keeps', () => {
  let pool: Pool
  let schema: string
  let app: string
  let store: MetadataStore
  let relation: Relation
  beforeEach(async () => {
    pool = postgresPool()
    schema = newSchema()
    app = newSchema()
    relation = { ...OF_POSTGRES, name: `${app}.teams` }
    store = postgresMetadata({ pool, schema })
    await store.open()
    await pool.query(`CREATE SCHEMA ${app}`)
  })
  afterEach(async () => {
    await store.close()
    await pool.query(`DROP SCHEMA ${schema} CASCADE`)
    await pool.query(`DROP SCHEMA ${app} CASCADE`)
    await pool.end()
  })

  test('is looked at in the database', async () => {
    await pool.query(`CREATE COLLATION ${app}.lenient (provider = icu, locale = 'und', deterministic = false)`)
    await pool.query(`CREATE TABLE ${app}.teams (team varchar(20) NOT NULL, n smallint, big bigint, u uuid, flag boolean, at timestamptz,
      wrong char(3), day date, loose text COLLATE ${app}.lenient, maybe text, gone text)`)
    await pool.query(`ALTER TABLE ${app}.teams DROP COLUMN gone`)
    await pool.query(`CREATE VIEW ${app}.seen AS SELECT team FROM ${app}.teams`)
    const of = async (columns: Relation['columns'], name: string = relation.name): Promise<unknown> =>
      (await store.inspectRelationTables([{ ...relation, name, columns }]))[0]
    const some = (type: Relation['columns'][string]['type'], nullable = true) => ({ type, nullable }) as const
    const all = {
      team: some('text', false),
      n: some('int'),
      big: some('bigint'),
      u: some('uuid'),
      flag: some('bool'),
      at: some('timestamptz'),
    }
    expect(await of(all)).toBeNull()
    expect(await of({ team: some('text') }, `${app}.seen`)).toBeNull()
    expect(await of(all, `${app}.nowhere`)).toEqual({ column: null, reason: 'is no table or view that can be seen from here' })
    expect(await of(all, 'teams')).toMatchObject({ column: null })
    for (const name of ['nowhere', 'gone', 'TEAM', 'ctid']) {
      expect(await of({ [name]: some('text') })).toEqual({ column: name, reason: 'is not a column of the table' })
    }
    expect(await of({ wrong: some('text') })).toEqual({
      column: 'wrong',
      reason: 'is character in the table, not text or character varying',
    })
    expect(await of({ ...all, day: some('timestamptz') })).toMatchObject({ column: 'day' })
    expect(await of({ n: some('bigint') })).toMatchObject({ column: 'n' })
    expect(await of({ loose: some('text') })).toMatchObject({ column: 'loose' })
    expect(await of({ maybe: some('text', false) })).toEqual({ column: 'maybe', reason: 'may be null in the table' })
  })

  test('with row-level security of its own is refused: it would be read as the engine sees it, not as the caller would', async () => {
    await pool.query(`CREATE TABLE ${app}.teams (team text NOT NULL)`)
    await pool.query(`CREATE VIEW ${app}.seen AS SELECT team FROM ${app}.teams`)
    const found = async (name: string): Promise<unknown> => {
      const [fault] = await store.inspectRelationTables([{ ...relation, name, columns: { team: { type: 'text', nullable: false } } }])
      return fault
    }
    expect(await found(`${app}.teams`)).toBeNull()
    await pool.query(`ALTER TABLE ${app}.teams ENABLE ROW LEVEL SECURITY`)
    expect(await found(`${app}.teams`)).toEqual({
      column: null,
      reason: expect.stringContaining(`${app}.teams, which has row-level security of its own`),
    })
    const view = { ...relation, name: `${app}.seen`, columns: { team: { type: 'text', nullable: true } } } as const
    expect((await store.inspectRelationTables([view]))[0]).toBeNull()
  })

  test('that this user may not read is said so, and fails where a policy looks into it', async () => {
    await pool.query(`CREATE TABLE ${app}.teams (team text NOT NULL, hidden text NOT NULL)`)
    const user = newSchema()
    const { password } = new URL(pool.options.connectionString ?? '')
    await pool.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`)
    await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO ${user}`)
    await pool.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${user}`)
    const theirs = postgresPool(2, user)
    const limited = postgresMetadata({ pool: theirs, schema, migrate: false })
    await limited.open()
    const fault = async (columns = relation.columns): Promise<unknown> =>
      (await limited.inspectRelationTables([{ ...relation, columns }]))[0]
    const fails = async (): Promise<void> => {
      for (const look of looks(limited, relation)) await expect(look()).rejects.toMatchObject({ code: 'PolicyFailed', retryable: false })
    }
    expect(await fault()).toEqual({ column: null, reason: 'is in a schema that this user may not use' })
    await fails()
    await pool.query(`GRANT USAGE ON SCHEMA ${app} TO ${user}`)
    expect(await fault()).toEqual({ column: 'team', reason: 'may not be read by this user' })
    await fails()
    await pool.query(`GRANT SELECT (team) ON ${app}.teams TO ${user}`)
    expect(await fault()).toBeNull()
    expect(await fault({ hidden: { type: 'text', nullable: false } })).toMatchObject({ column: 'hidden' })
    for (const look of looks(limited, relation)) await look()
    await pool.query(`DROP TABLE ${app}.teams`)
    await fails()
    await limited.close()
    await theirs.end()
    await pool.query(`DROP OWNED BY ${user}`)
    await pool.query(`DROP ROLE ${user}`)
  })
})
