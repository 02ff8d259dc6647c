import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { arbitraryContext, arbitraryPredicate, arbitraryRow } from '../../test/predicate-arbitrary.ts'
import { evaluatePredicate } from './evaluate-predicate.ts'
import { foldPredicate, type PredicateContext } from './fold-predicate.ts'
import { parsePredicate } from './predicate-parse.ts'
import { predicateParts } from './predicate-type.ts'
import { ALWAYS, NEVER, type Predicate } from './predicate.ts'

const CONTEXT: PredicateContext = { sub: 'u1', role: null, account: 'acme', operation: 'storage.object.list' }
const sub: Predicate = { k: 'ctx', f: 'sub' }
const role: Predicate = { k: 'ctx', f: 'role' }
const owner: Predicate = { k: 'col', n: 'owner_id' }
const text = (v: string): Predicate => ({ k: 'lit', t: 'text', v })
const equal = (a: Predicate, b: Predicate): Predicate => ({ k: 'cmp', op: '=', a, b })

test('means the same as before, for every row', () => {
  fc.assert(
    fc.property(arbitraryPredicate, arbitraryContext, arbitraryRow, (predicate, context, row) => {
      const folded = foldPredicate(parsePredicate(predicate, 'predicate'), context)
      expect(evaluatePredicate(folded, row)).toBe(evaluatePredicate(substituted(predicate, context), row))
      expect(contextIn(folded)).toBe(false)
    }),
    { numRuns: 3000 },
  )
})

test.each<[string, Predicate, Predicate]>([
  ['a constant that holds', equal(sub, text('u1')), ALWAYS],
  ['a constant that does not', equal(sub, text('u2')), NEVER],
  ['and, decided by one', { k: 'and', a: [equal(owner, text('x')), equal(sub, text('u2'))] }, NEVER],
  ['or, decided by one', { k: 'or', a: [equal(owner, text('x')), equal(sub, text('u1'))] }, ALWAYS],
  ['and of nothing', { k: 'and', a: [] }, ALWAYS],
  ['or of nothing', { k: 'or', a: [] }, NEVER],
  ['an unknown under IS NOT TRUE', { k: 'istest', op: 'IS_NOT_TRUE', a: equal(role, text('x')) }, ALWAYS],
  ['an element of a constant', equal({ k: 'idx', a: { k: 'call', f: 'foldername', a: [text('a/b')] }, i: 1 }, text('a')), ALWAYS],
  ['an empty list', { k: 'in', a: owner, l: [], neg: false }, NEVER],
])('folds %s to the constant itself', (_, predicate, expected) => {
  expect(foldPredicate(predicate, CONTEXT)).toBe(expected)
})

test('keeps what depends on the row, and only that', () => {
  expect(foldPredicate({ k: 'and', a: [equal(sub, text('u1')), equal(owner, sub)] }, CONTEXT)).toEqual(equal(owner, text('u1')))
  expect(foldPredicate(equal(role, text('x')), CONTEXT)).toEqual({ k: 'lit', t: 'bool', v: null })
})

test('refuses a constant that no database can hold', () => {
  expect(() => foldPredicate(equal(owner, sub), { ...CONTEXT, sub: 'a\0' })).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
})

function contextIn(predicate: Predicate): boolean {
  return predicate.k === 'ctx' || predicateParts(predicate).some(contextIn)
}

/** What folding does at the least: constants of the request put in by text. */
function substituted(predicate: Predicate, context: PredicateContext): Predicate {
  return JSON.parse(JSON.stringify(predicate), (_, value: Predicate) =>
    value !== null && typeof value === 'object' && value.k === 'ctx' ? { k: 'lit', t: 'text', v: context[value.f] } : value,
  ) as Predicate
}
