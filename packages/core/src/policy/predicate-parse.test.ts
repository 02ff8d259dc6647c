import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arbitraryPredicate } from '../../test/policy/predicate-arbitrary.ts'
import { MEMBERS, RELATIONS } from '../../test/policy/relation-samples.ts'
import { parsePredicate, PREDICATE_DEPTH_MAX, PREDICATE_NODES_MAX } from './predicate-parse.ts'
import type { Relation } from './relation.ts'

const text = (v: unknown): unknown => ({ k: 'lit', t: 'text', v })
const yes = { k: 'lit', t: 'bool', v: true }
const name = { k: 'col', n: 'name' }
const metadata = { k: 'col', n: 'metadata' }
const nested = (depth: number): unknown => (depth === 1 ? yes : { k: 'not', a: nested(depth - 1) })

test('lets every well-typed condition through, unchanged', () => {
  fc.assert(
    fc.property(arbitraryPredicate, (predicate) => {
      expect(parsePredicate(predicate, 'when', { relations: RELATIONS })).toEqual(predicate)
    }),
  )
  expect(parsePredicate(nested(PREDICATE_DEPTH_MAX), 'when')).toBeDefined()
})

test.each<[string, unknown, string]>([
  ['something that is no object', 'true', 'when'],
  ['null', null, 'when'],
  ['a list', [yes], 'when'],
  ['no kind', {}, 'when.k'],
  ['an unknown kind', { k: 'regex', a: name, p: text('a%') }, 'when.k'],
  ['an unknown kind that is an array method', { k: 'map' }, 'when.k'],
  ['a kind of the prototype', { k: 'constructor' }, 'when.k'],
  ['an unknown field', { ...yes, cast: 'int' }, 'when.cast'],
  ['a text as a condition', text('a'), 'when'],
  ['a number as a text', text(1), 'when.v'],
  ['an endless number', { k: 'cmp', op: '=', a: { k: 'col', n: 'size' }, b: { k: 'lit', t: 'num', v: Infinity } }, 'when.b.v'],
  ['a NUL', { k: 'cmp', op: '=', a: name, b: text('a\0') }, 'when.b.v'],
  ['half a surrogate pair', { k: 'cmp', op: '=', a: name, b: text('\ud800') }, 'when.b.v'],
  ['an unknown type', { k: 'lit', t: 'date', v: null }, 'when.t'],
  ['an unknown column', { k: 'isnull', a: { k: 'col', n: 'tags' }, neg: false }, 'when.a.n'],
  ['an unknown context', { k: 'isnull', a: { k: 'ctx', f: 'headers' }, neg: false }, 'when.a.f'],
  ['an unknown operator', { k: 'cmp', op: '~', a: name, b: name }, 'when.op'],
  ['a text compared with a number', { k: 'cmp', op: '=', a: name, b: { k: 'col', n: 'size' } }, 'when'],
  ['JSON compared with JSON', { k: 'distinct', a: { k: 'col', n: 'metadata' }, b: { k: 'col', n: 'metadata' }, neg: false }, 'when'],
  ['a list with two types', { k: 'in', a: name, l: [text('a'), yes], neg: false }, 'when'],
  ['a list that is none', { k: 'in', a: name, l: text('a'), neg: false }, 'when.l'],
  ['a missing operand', { k: 'cmp', op: '=', a: name }, 'when.b'],
  ['a missing neg', { k: 'isnull', a: name }, 'when.neg'],
  ['a member of a text', { k: 'isnull', a: { k: 'json', a: name, p: 'a', text: true }, neg: false }, 'when.a.a'],
  ['a member by half a number', { k: 'isnull', a: { k: 'json', a: metadata, p: 0.5, text: false }, neg: false }, 'when.a.p'],
  ['a member of which nothing says how it is read', { k: 'isnull', a: { k: 'json', a: metadata, p: 'a' }, neg: false }, 'when.a.text'],
  ['an element of a text', { k: 'isnull', a: { k: 'idx', a: name, i: 1 }, neg: false }, 'when.a.a'],
  ['half an element', { k: 'isnull', a: { k: 'idx', a: { k: 'col', n: 'path_tokens' }, i: 0.5 }, neg: false }, 'when.a.i'],
  ['an unknown function', { k: 'call', f: 'now', a: [] }, 'when.f'],
  ['a function of the prototype', { k: 'call', f: 'toString', a: [] }, 'when.f'],
  ['too few arguments', { k: 'call', f: 'starts_with', a: [name] }, 'when.a'],
  ['an argument of the wrong type', { k: 'call', f: 'starts_with', a: [name, yes] }, 'when.a[1]'],
  ['a text compared with a uuid', { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'ctx', f: 'uid' } }, 'when'],
  ['a time compared with a number', { k: 'cmp', op: '<', a: { k: 'col', n: 'created_at' }, b: { k: 'lit', t: 'num', v: 1 } }, 'when'],
  ['a list compared', { k: 'in', a: { k: 'col', n: 'path_tokens' }, l: [], neg: false }, 'when'],
  ['no uuid', { k: 'isnull', a: { k: 'lit', t: 'uuid', v: 'a' }, neg: false }, 'when.a.v'],
  ['an int of 5 bytes', { k: 'isnull', a: { k: 'lit', t: 'int', v: 2 ** 31 }, neg: false }, 'when.a.v'],
  ['a bigint as a number', { k: 'isnull', a: { k: 'lit', t: 'bigint', v: 1 }, neg: false }, 'when.a.v'],
  ['a bigint of 9 bytes', { k: 'isnull', a: { k: 'lit', t: 'bigint', v: '9223372036854775808' }, neg: false }, 'when.a.v'],
  ['a bigint with a zero in front', { k: 'isnull', a: { k: 'lit', t: 'bigint', v: '01' }, neg: false }, 'when.a.v'],
  ['a time beyond 9999', { k: 'isnull', a: { k: 'lit', t: 'timestamptz', v: 253_402_300_800_000 }, neg: false }, 'when.a.v'],
  ['a NUL in JSON', { k: 'isnull', a: { k: 'lit', t: 'jsonb', v: { a: ['\0'] } }, neg: false }, 'when.a.v'],
  ['JSON that is none', { k: 'isnull', a: { k: 'lit', t: 'jsonb', v: { a: undefined } }, neg: false }, 'when.a.v'],
  ['a cast to JSON', { k: 'isnull', a: { k: 'cast', a: name, t: 'jsonb' }, neg: false }, 'when.a.t'],
  ['a cast of JSON to a number', { k: 'isnull', a: { k: 'cast', a: metadata, t: 'int' }, neg: false }, 'when.a'],
  ['a cast of a flag to a bigint', { k: 'isnull', a: { k: 'cast', a: yes, t: 'bigint' }, neg: false }, 'when.a'],
  ['a cast of any text to a time', { k: 'isnull', a: { k: 'cast', a: name, t: 'timestamptz' }, neg: false }, 'when.a'],
  ['a time without an offset', { k: 'isnull', a: { k: 'cast', a: text('2026-01-31T12:00:00'), t: 'timestamptz' }, neg: false }, 'when.a'],
  [
    'a time between milliseconds',
    { k: 'isnull', a: { k: 'cast', a: text('2026-01-31T12:00:00.0001Z'), t: 'timestamptz' }, neg: false },
    'when.a',
  ],
  ['a pattern that ends with an escape', { k: 'like', a: name, p: text('a\\'), ci: false, neg: false }, 'when.p'],
  ['a pattern that is a number', { k: 'like', a: name, p: { k: 'lit', t: 'int', v: 1 }, ci: false, neg: false }, 'when.p'],
  ['a search in a text', { k: 'anyeq', a: name, arr: name }, 'when.arr'],
  ['a search in a list as JSON', { k: 'inarr', a: name, arr: { k: 'col', n: 'path_tokens' } }, 'when.arr'],
  ['a list with a flag', { k: 'anyeq', a: name, arr: { k: 'arr', a: [text('a'), yes] } }, 'when.arr.a[1]'],
  ['an operation named by the row', { k: 'call', f: 'allow_only_operation', a: [name] }, 'when.a[0]'],
  ['a field of a text by a text', { k: 'isnull', a: { k: 'call', f: 'split_part', a: [name, name, name] }, neg: false }, 'when.a.a[2]'],
  ['a relation, where there is none', { k: 'exists', rel: 'members', alias: 'm', where: yes }, 'when.rel'],
  ['a column of no relation', { k: 'isnull', a: { k: 'rcol', alias: 'm', n: 'team', t: 'text' }, neg: false }, 'when.a.alias'],
  ['a text under and', { k: 'and', a: [yes, name] }, 'when.a[1]'],
  ['an unknown test', { k: 'istest', op: 'IS_NULL', a: yes }, 'when.op'],
  ['a test of a text', { k: 'istest', op: 'IS_TRUE', a: name }, 'when.a'],
])('refuses %s, and says where', (_, predicate, argument) => {
  expect(() => parsePredicate(predicate, 'when')).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', details: expect.objectContaining({ argument }) }),
  )
})

test('refuses what is too deep or too large', () => {
  expect(() => parsePredicate(nested(PREDICATE_DEPTH_MAX + 1), 'when')).toThrow(/nests deeper/)
  expect(() => parsePredicate({ k: 'and', a: Array.from({ length: PREDICATE_NODES_MAX }, () => yes) }, 'when')).toThrow(/more than/)
  const circle: { k: string; a?: unknown } = { k: 'not' }
  circle.a = circle
  expect(() => parsePredicate(circle, 'when')).toThrow(/nests deeper/)
})

test('says how a text and a uuid can be compared', () => {
  const mixed = { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'ctx', f: 'uid' } }
  expect(() => parsePredicate(mixed, 'when')).toThrow(/compares text with uuid: cast one side: ::text/)
})

test('brings uuids into their canonical form', () => {
  const id = (v: string): unknown => ({ k: 'cmp', op: '=', a: { k: 'col', n: 'id' }, b: { k: 'lit', t: 'uuid', v } })
  expect(parsePredicate(id('{A0EEBC999C0B4EF8BB6D6BB9BD380A11}'), 'when')).toEqual(id('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'))
})

describe('relations', () => {
  const kept: Relation = { ...MEMBERS, name: 'public.shares', kept: 'postgres' }
  const relations = [MEMBERS, kept, { ...kept, name: 'a?' }]
  const team = (alias = 'm'): unknown => ({ k: 'rcol', alias, n: 'team', t: 'text' })
  const equal = (a: unknown, b: unknown): unknown => ({ k: 'cmp', op: '=', a, b })
  const exists = (where: unknown, fields: object = {}): unknown => ({ k: 'exists', rel: 'members', alias: 'm', where, ...fields })
  const parse = (value: unknown): unknown => parsePredicate(value, 'when', { relations })

  test('are told who keeps them', () => {
    expect(parse(exists(equal(team(), name)))).toEqual(exists(equal(team(), name), { kept: 'engine' }))
    expect(parse(exists(yes, { rel: 'public.shares' }))).toEqual(exists(yes, { rel: 'public.shares', kept: 'postgres' }))
  })

  test('may stand in one another, each under its own alias', () => {
    const inner = exists(equal(team('m'), team('n')), { alias: 'n' })
    expect(parse(exists(inner))).toMatchObject({ where: { kept: 'engine' } })
  })

  test.each<[string, unknown, string]>([
    ['of another name', exists(yes, { rel: 'toString' }), 'when.rel'],
    ['with a name that no table can have', exists(yes, { rel: 'a?' }), 'when.rel'],
    ['kept by somebody else', exists(yes, { kept: 'postgres' }), 'when.kept'],
    ['with an alias that is no name', exists(yes, { alias: 'a b' }), 'when.alias'],
    ['without an alias', exists(yes, { alias: undefined }), 'when.alias'],
    ['with the alias of one around them', exists(exists(yes)), 'when.where.alias'],
    ['by another alias', exists(equal(team('n'), name)), 'when.where.a.alias'],
    ['by a column that they do not have', exists(equal({ k: 'rcol', alias: 'm', n: 'key', t: 'text' }, name)), 'when.where.a.n'],
    ['by a column of the prototype', exists(equal({ k: 'rcol', alias: 'm', n: 'valueOf', t: 'text' }, name)), 'when.where.a.n'],
    ['by a column of another type', exists(equal({ k: 'rcol', alias: 'm', n: 'team', t: 'uuid' }, name)), 'when.where.a.t'],
    ['outside of them', { k: 'insub', a: team(), rel: 'members', alias: 'm', sel: team(), where: yes, neg: false }, 'when.a.alias'],
    ['with a selection of another type', { k: 'insub', a: yes, rel: 'members', alias: 'm', sel: team(), where: yes, neg: false }, 'when'],
    ['with a text as their condition', exists(name), 'when.where'],
  ])('are refused %s, with the place', (_, predicate, argument) => {
    expect(() => parse(predicate)).toThrow(
      expect.objectContaining({ code: 'InvalidArgument', details: expect.objectContaining({ argument }) }),
    )
  })
})
