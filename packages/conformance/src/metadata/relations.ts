import assert from 'node:assert/strict'
import { RELATION_ROW_LIMITS } from '@stowage/core/metadata'
import type { ListRelationRowsPage, MetadataStore, RelationTableChange, WriteDocumentsOutcome } from '@stowage/core/metadata'
import type { Predicate, Relation, RelationRow } from '@stowage/core/policy'
import { listQuery, makeBucket, type MetadataCase, type MetadataSubject, putText, requirement } from './support.ts'

const TEAMS: Relation = {
  name: 'public.teams',
  kept: 'engine',
  columns: { team: { type: 'text', nullable: false }, user: { type: 'text', nullable: false }, level: { type: 'int', nullable: true } },
  indexes: [['user', 'team'], ['level']],
  key: ['team', 'user'],
}
const TEAM = { type: 'text', nullable: false } as const

/** A relation with a column of every type. */
const EVERY: Relation = {
  name: 'every',
  kept: 'engine',
  columns: {
    id: { type: 'uuid', nullable: false },
    flag: { type: 'bool', nullable: true },
    word: { type: 'text', nullable: true },
    small: { type: 'int', nullable: true },
    large: { type: 'bigint', nullable: true },
    until: { type: 'timestamptz', nullable: true },
  },
  indexes: [['until', 'flag']],
  key: ['id'],
}

const ID = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'
const OTHER_ID = '00000000-9c0b-4ef8-bb6d-6bb9bd380a11'

function document(relation: Relation, version: number): { kind: string; id: string; version: number } {
  return { kind: 'relation', id: relation.name, version }
}

/** Writes the document of a relation, and its table with it. */
function define(store: MetadataStore, change: RelationTableChange, expected: number | null): Promise<WriteDocumentsOutcome> {
  const relation = change.after ?? change.before
  const body = change.after === null ? null : { is: 'there' }
  const writes = [{ kind: 'relation', id: relation?.name ?? '', expected, body, sealed: null }]
  return store.writeDocuments({ writes, raisesPolicyVersion: true, tables: [change] })
}

async function made(store: MetadataStore, relation: Relation): Promise<void> {
  const outcome = await define(store, { before: null, after: relation }, null)
  assert.equal(outcome.outcome, 'written')
}

async function put(store: MetadataStore, relation: Relation, ...rows: readonly RelationRow[]): Promise<void> {
  const outcome = await store.changeRelationRows({ relation, document: document(relation, 1), put: rows, delete: [] })
  assert.deepEqual(outcome, { outcome: 'written' })
}

function list(store: MetadataStore, relation: Relation, version: number = 1): Promise<ListRelationRowsPage> {
  return store.listRelationRows({ relation, document: document(relation, version), after: null, limit: 100 })
}

async function rows(store: MetadataStore, relation: Relation, version: number = 1): Promise<readonly RelationRow[]> {
  const page = await list(store, relation, version)
  assert.equal(page.outcome, 'listed')
  return page.outcome === 'listed' ? page.rows : []
}

/** True of rows of which the relation names the first folder. */
const OF_A_TEAM: Predicate = {
  k: 'exists',
  rel: TEAMS.name,
  alias: 't',
  where: {
    k: 'cmp',
    op: '=',
    a: { k: 'rcol', alias: 't', n: 'team', t: 'text' },
    b: { k: 'idx', a: { k: 'call', f: 'foldername', a: [{ k: 'col', n: 'name' }] }, i: 1 },
  },
}

async function seen({ store }: MetadataSubject): Promise<readonly string[]> {
  return (await store.listObjects(listQuery({ visible: OF_A_TEAM }))).objects.map(({ key }) => key)
}

function refused(promise: Promise<unknown>, code: 'InvalidArgument' | 'LimitExceeded', place?: string): Promise<void> {
  return assert.rejects(promise, (error: { code?: unknown; details?: { argument?: unknown } }) => {
    assert.equal(error.code, code)
    if (place !== undefined) assert.equal(error.details?.argument, place)
    return true
  })
}

/** Tables that policies look into, kept by the store. */
export const relationCases: readonly MetadataCase[] = [
  {
    name: 'relations: rows of every type are put, replaced, listed by their keys and deleted',
    async run({ store }) {
      await made(store, EVERY)
      const full = { flag: true, word: 'ä 😀 "\\', small: -2_147_483_648, large: '9223372036854775807', until: 1_700_000_000_123 }
      const before = { flag: false, word: '', small: 0, large: '-9007199254740993', until: -62_135_596_800_000 }
      const empty = { flag: null, word: null, small: null, large: null, until: null }
      await put(store, EVERY, { id: ID.toUpperCase(), ...full }, { id: OTHER_ID, ...before })
      assert.deepEqual(await rows(store, EVERY), [{ id: OTHER_ID, ...before }, { id: ID, ...full }]) // prettier-ignore
      // What is not named is null; and again is fine.
      for (let twice = 0; twice < 2; twice += 1) await put(store, EVERY, { id: ID })
      assert.deepEqual((await rows(store, EVERY))[1], { id: ID, ...empty })
      const change = { relation: EVERY, document: document(EVERY, 1), put: [{ id: ID, ...full }], delete: [{ id: ID }, { id: OTHER_ID }] }
      for (let twice = 0; twice < 2; twice += 1) assert.deepEqual(await store.changeRelationRows(change), { outcome: 'written' })
      assert.deepEqual(await rows(store, EVERY), [{ id: ID, ...full }])
    },
  },
  {
    name: 'relations: rows are listed in pages, texts by their bytes',
    async run({ store }) {
      await made(store, TEAMS)
      const names = ['a', 'b', 'B', 'ä', '😀', '\u{fffd}']
      await put(store, TEAMS, ...names.flatMap((team) => [{ team, user: 'x' }, { team, user: 'X' }])) // prettier-ignore
      const found: string[] = []
      let after: RelationRow | null = null
      do {
        const page: ListRelationRowsPage = await store.listRelationRows({ relation: TEAMS, document: document(TEAMS, 1), after, limit: 5 })
        assert.ok(page.outcome === 'listed' && page.rows.length <= 5)
        found.push(...page.rows.map(({ team, user }) => `${String(team)}${String(user)}`))
        after = page.next
      } while (after !== null)
      assert.deepEqual(
        found,
        ['B', 'a', 'b', 'ä', '\u{fffd}', '😀'].flatMap((team) => [`${team}X`, `${team}x`]),
      )
      const last = await store.listRelationRows({ relation: TEAMS, document: document(TEAMS, 1), after: null, limit: found.length })
      assert.ok(last.outcome === 'listed' && last.next === null)
    },
  },
  {
    name: 'relations: what predicates look into is there at once, and no policy version is raised',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      await made(store, TEAMS)
      const require = requirement({ policyVersion: 2 })
      for (const key of ['blue/a', 'red/a']) await putText(subject, key, { require })
      assert.deepEqual(await seen(subject), [])
      const member = requirement({ policyVersion: 2, finalCreated: OF_A_TEAM })
      assert.deepEqual(await putText(subject, 'red/b', { require: member }), { outcome: 'denied', looks: 'forbidden' })
      await put(store, TEAMS, { team: 'red', user: 'u' })
      assert.equal(await store.policyVersion(), 2)
      assert.deepEqual(await seen(subject), ['red/a'])
      assert.equal((await putText(subject, 'red/b', { require: member })).outcome, 'committed')
      await store.changeRelationRows({ relation: TEAMS, document: document(TEAMS, 1), put: [], delete: [{ team: 'red', user: 'u' }] })
      assert.deepEqual(await seen(subject), [])
    },
  },
  {
    name: 'relations: a table changes with its document, or not at all',
    async run({ store }) {
      await made(store, TEAMS)
      await put(store, TEAMS, { team: 'a', user: 'b', level: 1 })
      const until = { type: 'timestamptz', nullable: true } as const
      const after: Relation = { ...TEAMS, columns: { team: TEAM, user: TEAM, until }, indexes: [['user', 'until'], ['until']] } // prettier-ignore
      assert.equal((await define(store, { before: TEAMS, after }, 7)).outcome, 'conflict')
      assert.deepEqual(await rows(store, TEAMS), [{ team: 'a', user: 'b', level: 1 }])
      assert.deepEqual(await define(store, { before: TEAMS, after }, 1), { outcome: 'written', policyVersion: 3 })
      assert.deepEqual(await rows(store, after, 2), [{ team: 'a', user: 'b', until: null }])
      // Who knows only what was before changes nothing.
      const stale = { relation: TEAMS, document: document(TEAMS, 1), put: [{ team: 'x', user: 'y' }], delete: [{ team: 'a', user: 'b' }] }
      assert.deepEqual(await store.changeRelationRows(stale), { outcome: 'relation-changed' })
      assert.deepEqual(await list(store, after, 1), { outcome: 'relation-changed' })
      assert.equal((await rows(store, after, 2)).length, 1)
      // And back: what was in the column is gone.
      await define(store, { before: after, after: TEAMS }, 2)
      assert.deepEqual(await rows(store, TEAMS, 3), [{ team: 'a', user: 'b', level: null }])
      await define(store, { before: TEAMS, after: null }, 3)
      assert.deepEqual(await store.changeRelationRows(stale), { outcome: 'relation-changed' })
      // Another one of the same name, with nothing of the former in it.
      const anew: Relation = { ...TEAMS, columns: { ...TEAMS.columns, team: { type: 'int', nullable: false } } }
      await define(store, { before: null, after: anew }, null)
      const version = (await store.readDocument({ kind: 'relation', id: TEAMS.name }))?.version ?? 0
      assert.deepEqual(await rows(store, anew, version), [])
    },
  },
  {
    name: 'relations: what no table can become is refused',
    async run({ store }) {
      await made(store, TEAMS)
      const { level: _, ...fewer } = TEAMS.columns
      const changes: Partial<Relation>[] = [
        { key: ['user', 'team'] },
        { columns: { ...TEAMS.columns, team: { type: 'int', nullable: false } } },
        { columns: { ...TEAMS.columns, level: { type: 'int', nullable: false } } },
        { columns: { ...fewer, other: { type: 'int', nullable: false } }, indexes: [] },
      ]
      for (const change of changes) await refused(define(store, { before: TEAMS, after: { ...TEAMS, ...change } }, 1), 'InvalidArgument')
      await assert.rejects(define(store, { before: null, after: TEAMS }, 1), { code: 'Conflict' })
      assert.equal((await store.readDocument({ kind: 'relation', id: TEAMS.name }))?.version, 1)
      assert.deepEqual(await rows(store, TEAMS), [])
    },
  },
  {
    name: 'relations: values that a column may not hold are refused with their place, and nothing is written',
    async run({ store }) {
      await made(store, EVERY)
      const { textBytesMax, rowsMax } = RELATION_ROW_LIMITS
      const change = (wrong: unknown, right: RelationRow = { id: OTHER_ID }): Promise<unknown> =>
        store.changeRelationRows({ relation: EVERY, document: document(EVERY, 1), put: [right, wrong as RelationRow], delete: [] })
      const wrong: readonly (readonly [string, unknown])[] = [
        ['id', 'x'], ['id', null], ['id', undefined], ['flag', 1], ['word', 1], ['word', 'a\u0000'], ['word', '\ud800'], ['small', 1.5],
        ['small', 2_147_483_648], ['small', '1'], ['large', 1], ['large', '9223372036854775808'], ['large', '01'], ['until', '2026-01-01'],
        ['until', 1e18], ['until', 0.5], ['other', 1],
      ] // prettier-ignore
      for (const [name, value] of wrong) await refused(change({ id: ID, [name]: value }), 'InvalidArgument', `put[1].${name}`)
      for (const row of [null, 1, []]) await refused(change(row), 'InvalidArgument', 'put[1]')
      await refused(change({ id: ID.toUpperCase() }, { id: ID }), 'InvalidArgument', 'put[1]')
      await refused(change({ id: ID, word: 'x'.repeat(textBytesMax + 1) }), 'LimitExceeded')
      const many = Array.from({ length: rowsMax + 1 }, (_, at) => ({ id: ID.slice(0, -4) + String(1000 + at) }))
      await refused(put(store, EVERY, ...many), 'LimitExceeded')
      assert.deepEqual(await rows(store, EVERY), [])
      await put(store, EVERY, { id: OTHER_ID, word: 'ä'.repeat(textBytesMax / 2) })
      await put(store, EVERY, ...many.slice(1))
      const query = { relation: EVERY, document: document(EVERY, 1), after: null, limit: 1 }
      for (const limit of [0, 1.5]) await refused(store.listRelationRows({ ...query, limit }), 'InvalidArgument', 'limit')
      await refused(store.listRelationRows({ ...query, limit: RELATION_ROW_LIMITS.listLimitMax + 1 }), 'LimitExceeded')
      await refused(store.listRelationRows({ ...query, after: { id: OTHER_ID, word: 'x' } }), 'InvalidArgument', 'after.word')
    },
  },
  {
    name: 'relations: what is indexed together has a limit, whether the row is there before or after',
    async run({ store }) {
      await made(store, TEAMS)
      const half = RELATION_ROW_LIMITS.indexedBytesMax / 2
      const largest = { team: 'x'.repeat(half), user: 'y'.repeat(half) }
      await refused(put(store, TEAMS, { ...largest, user: 'y'.repeat(half + 1) }), 'InvalidArgument', 'put[0]')
      await put(store, TEAMS, largest)
      const columns = {
        a: { type: 'uuid', nullable: false },
        b: { type: 'text', nullable: false },
        c: { type: 'text', nullable: true },
      } as const
      const bare: Relation = { name: 'bare', kept: 'engine', columns, indexes: [], key: ['a'] }
      await made(store, bare)
      await put(store, bare, { a: ID, b: 'x'.repeat(half), c: 'x'.repeat(half + 1) })
      await refused(define(store, { before: bare, after: { ...bare, indexes: [['b', 'c']] } }, 1), 'InvalidArgument')
      assert.equal((await rows(store, bare)).length, 1)
    },
  },
  {
    name: 'relations: many that put the same rows all put them',
    async run({ store }) {
      await made(store, TEAMS)
      const batch = (level: number): RelationRow[] =>
        Array.from({ length: 50 }, (_, at) => ({ team: `t${(at * 7 + level) % 50}`, user: 'u', level }))
      await Promise.all(Array.from({ length: 8 }, (_, at) => put(store, TEAMS, ...batch(at))))
      const levels = (await rows(store, TEAMS)).map(({ level }) => level)
      assert.equal(levels.length, 50)
      assert.ok(levels.every((level) => typeof level === 'number' && level < 8))
    },
  },
  {
    name: 'relations: names are as they are, whatever SQL means by them',
    async run({ store }) {
      const columns = { order: TEAM, größe: TEAM, _where$: { type: 'int', nullable: true } } as const
      // One with a name as long as one may be, one that is called as an index of the other might be.
      const relations: readonly Relation[] = [
        { name: `x${'é'.repeat(26)}`, kept: 'engine', columns: { ...columns, _where$: TEAM, _: TEAM }, indexes: [['größe'], ['größe', 'order'], ['größe']] },
        { name: 'select_pkey', kept: 'engine', columns: { order: TEAM }, indexes: [] },
        { name: 'select', kept: 'engine', columns: { select: TEAM }, indexes: [['select']] },
      ] // prettier-ignore
      for (const relation of relations) {
        await made(store, relation)
        const row = Object.fromEntries(Object.keys(relation.columns).map((name) => [name, `of ${name}`]))
        for (let twice = 0; twice < 2; twice += 1) await put(store, relation, row)
        assert.deepEqual(await rows(store, relation), [row])
      }
      for (const relation of relations) await define(store, { before: relation, after: null }, 1)
    },
  },
]
