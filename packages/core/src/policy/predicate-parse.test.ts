import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { arbitraryPredicate } from '../../test/predicate-arbitrary.ts'
import { parsePredicate, PREDICATE_DEPTH_MAX, PREDICATE_NODES_MAX } from './predicate-parse.ts'

const text = (v: unknown): unknown => ({ k: 'lit', t: 'text', v })
const yes = { k: 'lit', t: 'bool', v: true }
const name = { k: 'col', n: 'name' }
const nested = (depth: number): unknown => (depth === 1 ? yes : { k: 'not', a: nested(depth - 1) })

test('lets every well-typed condition through, unchanged', () => {
  fc.assert(
    fc.property(arbitraryPredicate, (predicate) => {
      expect(parsePredicate(predicate, 'when')).toBe(predicate)
    }),
  )
  expect(parsePredicate(nested(PREDICATE_DEPTH_MAX), 'when')).toBeDefined()
})

test.each<[string, unknown, string]>([
  ['something that is no object', 'true', 'when'],
  ['null', null, 'when'],
  ['a list', [yes], 'when'],
  ['no kind', {}, 'when.k'],
  ['an unknown kind', { k: 'like', a: name, p: text('a%') }, 'when.k'],
  ['a kind of the prototype', { k: 'constructor' }, 'when.k'],
  ['an unknown field', { ...yes, cast: 'int' }, 'when.cast'],
  ['a text as a condition', text('a'), 'when'],
  ['a number as a text', text(1), 'when.v'],
  ['an endless number', { k: 'cmp', op: '=', a: { k: 'col', n: 'size' }, b: { k: 'lit', t: 'num', v: Infinity } }, 'when.b.v'],
  ['a NUL', { k: 'cmp', op: '=', a: name, b: text('a\0') }, 'when.b.v'],
  ['half a surrogate pair', { k: 'cmp', op: '=', a: name, b: text('\ud800') }, 'when.b.v'],
  ['an unknown type', { k: 'lit', t: 'uuid', v: null }, 'when.t'],
  ['an unknown column', { k: 'isnull', a: { k: 'col', n: 'owner' }, neg: false }, 'when.a.n'],
  ['an unknown context', { k: 'isnull', a: { k: 'ctx', f: 'ip' }, neg: false }, 'when.a.f'],
  ['an unknown operator', { k: 'cmp', op: '~', a: name, b: name }, 'when.op'],
  ['a text compared with a number', { k: 'cmp', op: '=', a: name, b: { k: 'col', n: 'size' } }, 'when'],
  ['JSON compared with JSON', { k: 'distinct', a: { k: 'col', n: 'metadata' }, b: { k: 'col', n: 'metadata' }, neg: false }, 'when'],
  ['a list with two types', { k: 'in', a: name, l: [text('a'), yes], neg: false }, 'when'],
  ['a list that is none', { k: 'in', a: name, l: text('a'), neg: false }, 'when.l'],
  ['a missing operand', { k: 'cmp', op: '=', a: name }, 'when.b'],
  ['a missing neg', { k: 'isnull', a: name }, 'when.neg'],
  ['a member of a text', { k: 'isnull', a: { k: 'json', a: name, p: 'a', text: true }, neg: false }, 'when.a.a'],
  ['a member as JSON', { k: 'isnull', a: { k: 'json', a: { k: 'col', n: 'metadata' }, p: 'a', text: false }, neg: false }, 'when.a.text'],
  ['an element of a text', { k: 'isnull', a: { k: 'idx', a: name, i: 1 }, neg: false }, 'when.a.a'],
  ['half an element', { k: 'isnull', a: { k: 'idx', a: { k: 'col', n: 'path_tokens' }, i: 0.5 }, neg: false }, 'when.a.i'],
  ['an unknown function', { k: 'call', f: 'now', a: [] }, 'when.f'],
  ['a function of the prototype', { k: 'call', f: 'toString', a: [] }, 'when.f'],
  ['too few arguments', { k: 'call', f: 'starts_with', a: [name] }, 'when.a'],
  ['an argument of the wrong type', { k: 'call', f: 'starts_with', a: [name, yes] }, 'when.a[1]'],
  [
    'a folder of another column',
    { k: 'isnull', a: { k: 'call', f: 'foldername', a: [{ k: 'col', n: 'etag' }] }, neg: false },
    'when.a.a[0]',
  ],
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
