import { describe, expect, test } from 'vitest'
import { parseRelation, RELATION_LIMITS } from './parse-relation.ts'

const TEXT = { type: 'text', nullable: false } as const
const TEAMS = { name: 'public.team_members', kept: 'engine', columns: { team: TEXT, user: TEXT }, indexes: [['user', 'team']] }
const VIEW = { name: 'app.members', kept: 'postgres', columns: { user: { type: 'text', nullable: true } }, indexes: [] }

describe('a relation', () => {
  test('that the engine keeps has a key: all columns where it names none', () => {
    expect(parseRelation(TEAMS, 'r')).toEqual({ ...TEAMS, key: ['team', 'user'] })
    expect(parseRelation({ ...TEAMS, key: ['user'] }, 'r')).toEqual({ ...TEAMS, key: ['user'] })
    const optional = { ...TEAMS.columns, since: { type: 'timestamptz', nullable: true } }
    expect(parseRelation({ ...TEAMS, columns: optional, key: ['team', 'user'] }, 'r')).toMatchObject({ key: ['team', 'user'] })
    expect(() => parseRelation({ ...TEAMS, columns: optional }, 'r')).toThrow(/r\.key .*since, which may be null/)
  })

  test('that Postgres keeps is as it is said', () => {
    expect(parseRelation(VIEW, 'r')).toEqual(VIEW)
    expect(parseRelation({ ...VIEW, name: 'Members', columns: { A: TEXT, a: TEXT, xmin: TEXT } }, 'r')).toMatchObject({ name: 'Members' })
  })

  const many = (count: number): Record<string, typeof TEXT> =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, TEXT]))

  test.each<[string, unknown, string]>([
    ['nothing', null, 'r'],
    ['a list', [], 'r'],
    ['a field that nobody knows', { ...TEAMS, rows: [] }, 'r.rows'],
    ['no name', { ...TEAMS, name: '' }, 'r.name'],
    ['three names', { ...TEAMS, name: 'a.b.c' }, 'r.name'],
    ['half a name', { ...TEAMS, name: 'a.' }, 'r.name'],
    ['a name with a quote', { ...TEAMS, name: 'a"b' }, 'r.name'],
    ['a name that is too long for a table', { ...TEAMS, name: 'é'.repeat(RELATION_LIMITS.nameBytesMax / 2) + 'x' }, 'r.name'],
    ['a keeper that there is not', { ...TEAMS, kept: 'us' }, 'r.kept'],
    ['no columns', { ...TEAMS, columns: {}, indexes: [] }, 'r.columns'],
    ['too many columns', { ...TEAMS, columns: many(RELATION_LIMITS.columnsMax + 1), indexes: [], key: ['c0'] }, 'r.columns'],
    ['a column without a type', { ...TEAMS, columns: { a: { nullable: true } } }, 'r.columns.a.type'],
    ['a column that is nearly nullable', { ...TEAMS, columns: { a: { type: 'int', nullable: 1 } } }, 'r.columns.a.nullable'],
    ['a column with a default', { ...TEAMS, columns: { a: { ...TEXT, default: '' } } }, 'r.columns.a.default'],
    ['a column with a name that is none', { ...TEAMS, columns: { 'a b': TEXT } }, 'r.columns.a b'],
    ['a column with a name that is too long', { ...TEAMS, columns: { ['é'.repeat(32)]: TEXT } }, `r.columns.${'é'.repeat(32)}`],
    ['a column that Postgres has', { ...TEAMS, columns: { xmin: TEXT } }, 'r.columns.xmin'],
    ['a column twice, for SQLite', { ...TEAMS, columns: { a: TEXT, A: TEXT } }, 'r.columns.A'],
    ['an index over nothing', { ...TEAMS, indexes: [[]] }, 'r.indexes[0]'],
    ['an index over a column that there is not', { ...TEAMS, indexes: [['team'], ['team', 'toString']] }, 'r.indexes[1][1]'],
    ['an index over a column twice', { ...TEAMS, indexes: [['team', 'team']] }, 'r.indexes[0][1]'],
    ['too many indexes', { ...TEAMS, indexes: Array.from({ length: 9 }, () => ['team']) }, 'r.indexes'],
    ['too wide an index', { ...TEAMS, columns: many(9), indexes: [Object.keys(many(9))], key: ['c0'] }, 'r.indexes[0]'],
    ['too wide a key', { ...TEAMS, columns: many(9), indexes: [] }, 'r.key'],
    ['an empty key', { ...TEAMS, key: [] }, 'r.key'],
    ['a key of what is not ours', { ...VIEW, key: ['user'] }, 'r.key'],
    ['a table of ours, as if it were theirs', { ...VIEW, name: 'relation_teams' }, 'r.name'],
  ])('with %s is none', (_, value, argument) => {
    expect(() => parseRelation(value, 'r')).toThrow(
      expect.objectContaining({ code: 'InvalidArgument', details: expect.objectContaining({ argument }) }),
    )
  })
})
