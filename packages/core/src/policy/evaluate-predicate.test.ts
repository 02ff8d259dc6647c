import { AssertionError } from 'node:assert'
import { describe, expect, test } from 'vitest'
import { evaluateExpression, evaluatePredicate } from './evaluate-predicate.ts'
import { bucketPolicyRow, objectPolicyRow, type PolicyRow } from './predicate-row.ts'
import type { JsonValue, Predicate } from './predicate.ts'

const text = (v: string | null): Predicate => ({ k: 'lit', t: 'text', v })
const bool = (v: boolean | null): Predicate => ({ k: 'lit', t: 'bool', v })
const num = (v: number | null): Predicate => ({ k: 'lit', t: 'num', v })
const bigint = (v: string): Predicate => ({ k: 'lit', t: 'bigint', v })
const json = (v: JsonValue): Predicate => ({ k: 'lit', t: 'jsonb', v })
const failing: Predicate = { k: 'cast', a: { k: 'cast', a: text('abc'), t: 'int' }, t: 'text' }
const fails: Predicate = { k: 'isnull', a: failing, neg: false }
const name: Predicate = { k: 'col', n: 'name' }
const call = (f: Extract<Predicate, { k: 'call' }>['f'], ...a: readonly Predicate[]): Predicate => ({ k: 'call', f, a })
const value = (predicate: Predicate, row: PolicyRow = {}): unknown => evaluateExpression(predicate, { row })

const BUCKET = { name: 'b', account: 'acme', public: false }

test.each<[string, Predicate, boolean | null]>([
  ['and with an unknown', { k: 'and', a: [bool(true), bool(null)] }, null],
  ['and with a false beside an unknown', { k: 'and', a: [bool(null), bool(false)] }, false],
  ['empty and', { k: 'and', a: [] }, true],
  ['or with an unknown', { k: 'or', a: [bool(false), bool(null)] }, null],
  ['or with a true beside an unknown', { k: 'or', a: [bool(null), bool(true)] }, true],
  ['empty or', { k: 'or', a: [] }, false],
  ['not of an unknown', { k: 'not', a: bool(null) }, null],
  ['not', { k: 'not', a: bool(false) }, true],
  ['null in ()', { k: 'in', a: text(null), l: [], neg: false }, false],
  ['null not in ()', { k: 'in', a: text(null), l: [], neg: true }, true],
  ['x in (a)', { k: 'in', a: text('x'), l: [text('a')], neg: false }, false],
  ['x not in (a, null)', { k: 'in', a: text('x'), l: [text('a'), text(null)], neg: true }, null],
  ['a in (null, a)', { k: 'in', a: text('a'), l: [text(null), text('a')], neg: false }, true],
  ['null is distinct from null', { k: 'distinct', a: text(null), b: text(null), neg: false }, false],
  ['null is not distinct from a', { k: 'distinct', a: text(null), b: text('a'), neg: true }, false],
  ['null = null', { k: 'cmp', op: '=', a: text(null), b: text(null) }, null],
  ['1 < 2', { k: 'cmp', op: '<', a: num(1), b: num(2) }, true],
  ['false < true', { k: 'cmp', op: '<', a: bool(false), b: bool(true) }, true],
  ['U+10000 > U+FFFF', { k: 'cmp', op: '>', a: text('\u{10000}'), b: text('\uffff') }, true],
  ['null is not true', { k: 'istest', op: 'IS_NOT_TRUE', a: bool(null) }, true],
  ['null is true', { k: 'istest', op: 'IS_TRUE', a: bool(null) }, false],
  ['null is false', { k: 'istest', op: 'IS_FALSE', a: bool(null) }, false],
  ['null is not false', { k: 'istest', op: 'IS_NOT_FALSE', a: bool(null) }, true],
  ['null is unknown', { k: 'istest', op: 'IS_UNKNOWN', a: bool(null) }, true],
  ['true is not unknown', { k: 'istest', op: 'IS_NOT_UNKNOWN', a: bool(true) }, true],
  ['null is null', { k: 'isnull', a: text(null), neg: false }, true],
  ['a is not null', { k: 'isnull', a: text('a'), neg: true }, true],
  // auth.md §3.1, each verified on Postgres 15.
  ['null in (a)', { k: 'in', a: text(null), l: [text('a')], neg: false }, null],
  ['a = any (null)', { k: 'anyeq', a: text('a'), arr: call('foldername', text(null)) }, null],
  ['a = any ({})', { k: 'anyeq', a: text('a'), arr: { k: 'arr', a: [] } }, false],
  ['null = any ({})', { k: 'anyeq', a: text(null), arr: { k: 'arr', a: [] } }, false],
  ['a = any ({b, null})', { k: 'anyeq', a: text('a'), arr: { k: 'arr', a: [text('b'), text(null)] } }, null],
  ['null in (the elements of [])', { k: 'inarr', a: text(null), arr: json([]) }, false],
  ['x in (the elements of [1, null])', { k: 'inarr', a: text('x'), arr: json([1, null]) }, null],
  ['1 in (the elements of [1, null])', { k: 'inarr', a: text('1'), arr: json([1, null]) }, true],
  ['null like %', { k: 'like', a: text(null), p: text('%'), ci: false, neg: false }, null],
  ['a not like b', { k: 'like', a: text('a'), p: text('b'), ci: false, neg: true }, true],
  ['a member of a null', { k: 'jhas', a: json(null), b: text('a') }, null],
  ['2^53 + 1 = 2^53, as bigint', { k: 'cmp', op: '=', a: bigint('9007199254740993'), b: bigint('9007199254740992') }, false],
  ['2^53 + 1 = 2^53, beside a float8', { k: 'cmp', op: '=', a: bigint('9007199254740993'), b: num(2 ** 53) }, true],
  ['NaN > every number', { k: 'cmp', op: '>', a: { k: 'cast', a: text('nan'), t: 'num' }, b: num(1e308) }, true],
  ['1::int = 1::bigint', { k: 'cmp', op: '=', a: { k: 'lit', t: 'int', v: 1 }, b: bigint('1') }, true],
  ['the first known of them', { k: 'cmp', op: '=', a: call('coalesce', text(null), text('a'), failing), b: text('a') }, true],
  ['false and what fails', { k: 'and', a: [bool(false), fails] }, false],
  ['true or what fails', { k: 'or', a: [bool(true), fails] }, true],
  ['starts_with', call('starts_with', text('a%b'), text('a%')), true],
  ['starts_with the empty text', call('starts_with', text(''), text('')), true],
  ['starts_with of null', call('starts_with', text(null), text('')), null],
])('%s', (_, predicate, expected) => {
  expect(evaluatePredicate(predicate, {})).toBe(expected)
})

test.each<[string, unknown, unknown, unknown, unknown]>([
  // key, foldername, filename, extension, path_tokens
  ['a/b/c', ['a', 'b'], 'c', 'c', ['a', 'b', 'c']],
  ['c.png', [], 'c.png', 'png', ['c.png']],
  ['a/', ['a'], '', '', ['a', '']],
  ['/a', [''], 'a', 'a', ['', 'a']],
  ['a//b', ['a', ''], 'b', 'b', ['a', '', 'b']],
  ['', null, null, null, []],
  ['c.tar.gz', [], 'c.tar.gz', 'gz', ['c.tar.gz']],
  ['noext', [], 'noext', 'noext', ['noext']],
  ['.bashrc', [], '.bashrc', 'bashrc', ['.bashrc']],
  ['a.', [], 'a.', '', ['a.']],
  ['a/b.c/d', ['a', 'b.c'], 'd', 'd', ['a', 'b.c', 'd']],
])('takes %j apart as Supabase Storage does', (key, folders, file, extension, tokens) => {
  const row = objectPolicyRow(BUCKET, { ...FACTS, key })
  expect(value(call('foldername', name), row)).toEqual(folders)
  expect(value(call('filename', name), row)).toBe(file)
  expect(value(call('extension', name), row)).toBe(extension)
  expect(value({ k: 'col', n: 'path_tokens' }, row)).toEqual(tokens)
})

test('counts elements from 1, and has nothing outside', () => {
  const row = objectPolicyRow(BUCKET, { ...FACTS, key: 'a/b/c' })
  const at = (i: number): unknown => value({ k: 'idx', a: call('foldername', name), i }, row)
  expect([at(-1), at(0), at(1), at(2), at(3)]).toEqual([null, null, 'a', 'b', null])
  expect(value({ k: 'idx', a: call('foldername', text(null)), i: 1 })).toBe(null)
})

test('folds case in ASCII only', () => {
  expect(value(call('lower', text('AZÄİ')))).toBe('azÄİ')
  expect(value(call('upper', text('azäß')))).toBe('AZäß')
})

describe('rows', () => {
  test('read metadata as text', () => {
    const row = objectPolicyRow(BUCKET, FACTS)
    const metadata = (p: string): unknown => value({ k: 'json', a: { k: 'col', n: 'metadata' }, p, text: true }, row)
    expect(['mimetype', 'size', 'contentLength', 'eTag', 'other', 'toString'].map(metadata)).toEqual([
      'image/png',
      '12',
      '12',
      '"abc"',
      null,
      null,
    ])
    expect(value({ k: 'json', a: { k: 'col', n: 'user_metadata' }, p: 'team', text: true }, row)).toBe('red')
    expect(
      value({ k: 'isnull', a: { k: 'col', n: 'user_metadata' }, neg: false }, objectPolicyRow(BUCKET, { ...FACTS, userMetadata: {} })),
    ).toBe(true)
    expect(value({ k: 'col', n: 'created_at' }, { created_at: new Date(7) })).toBe(7)
  })

  test('of buckets have an account and no content', () => {
    const row = bucketPolicyRow({
      id: '1',
      jurisdiction: 'default',
      name: 'b',
      account: 'acme',
      public: true,
      versioning: 'off',
      createdAt: new Date(5),
    })
    expect([value({ k: 'col', n: 'account' }, row), value({ k: 'col', n: 'public' }, row), value({ k: 'col', n: 'size' }, row)]).toEqual([
      'acme',
      true,
      null,
    ])
  })
})

test.each<[string, Predicate]>([
  ['context that was not folded', { k: 'ctx', f: 'sub' }],
  ['a text as a condition', text('a')],
  ['a text compared with a number', { k: 'cmp', op: '=', a: text('1'), b: num(1) }],
  ['a member of a text', { k: 'json', a: text('{}'), p: 'a', text: true }],
  ['an element of a text', { k: 'idx', a: text('a'), i: 1 }],
  ['the case of a number', call('lower', num(1))],
])('refuses %s', (_, predicate) => {
  expect(() => evaluatePredicate(predicate, {})).toThrow(AssertionError)
})

const FACTS = {
  key: 'a/b.png',
  ownerId: 'u1',
  versionId: 'null',
  createdAt: new Date(0),
  size: 12,
  etag: 'abc',
  headers: { contentType: 'image/png' },
  userMetadata: { team: 'red' },
}

test.each<[string, Predicate]>([
  ['what fails and a false', { k: 'and', a: [fails, bool(false)] }],
  ['an unknown, and what fails', { k: 'and', a: [bool(null), fails] }],
  ['what fails or a true', { k: 'or', a: [fails, bool(true)] }],
  ['an unknown in a list with what fails', { k: 'in', a: text(null), l: [failing], neg: false }],
  ['a null beside what fails', { k: 'cmp', op: '=', a: text(null), b: failing }],
  ['a pattern that ends with an escape', { k: 'like', a: text('a'), p: { k: 'concat', a: text('\\'), b: text('') }, ci: true, neg: false }],
  ['a field numbered 0', { k: 'isnull', a: call('split_part', text('a'), text('/'), { k: 'lit', t: 'int', v: 0 }), neg: false }],
  ['a user who is no uuid', { k: 'isnull', a: { k: 'cast', a: text('auth0|1'), t: 'uuid' }, neg: false }],
])('fails as Postgres does: %s', (_, predicate) => {
  expect(() => evaluatePredicate(predicate, {})).toThrow(expect.objectContaining({ code: 'PolicyFailed' }))
})

test.each<[string, Predicate, unknown]>([
  ['split_part', call('split_part', text('a/b/c'), text('/'), { k: 'lit', t: 'int', v: 2 }), 'b'],
  ['split_part from the end', call('split_part', text('a/b/c'), text('/'), { k: 'lit', t: 'int', v: -1 }), 'c'],
  ['split_part beyond', call('split_part', text('a'), text('/'), { k: 'lit', t: 'int', v: 2 }), ''],
  ['split_part without a delimiter', call('split_part', text('a'), text(''), { k: 'lit', t: 'int', v: 1 }), 'a'],
  ['string_to_array', call('string_to_array', text('a,,b'), text(',')), ['a', '', 'b']],
  ['string_to_array of nothing', call('string_to_array', text(''), text(',')), []],
  ['string_to_array by characters', call('string_to_array', text('a\u{10000}'), text(null)), ['a', '\u{10000}']],
  ['concat', { k: 'concat', a: text('a'), b: text(null) }, null],
  ['the place before the first', { k: 'idx', a: { k: 'arr', a: [text('a')] }, i: 0 }, null],
])('%s', (_, predicate, expected) => {
  expect(value(predicate)).toEqual(expected)
})
