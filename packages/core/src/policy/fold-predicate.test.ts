import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { arbitraryContext, arbitraryPredicate, arbitraryRow } from '../../test/policy/predicate-arbitrary.ts'
import { RELATION_ROWS, RELATIONS } from '../../test/policy/relation-samples.ts'
import { withContext } from '../../test/policy/with-context.ts'
import { isStorageError } from '../errors/storage-error.ts'
import { evaluateWithin, type EvaluationScope } from './evaluate-predicate.ts'
import { foldPredicate, type PredicateContext } from './fold-predicate.ts'
import { parsePredicate } from './predicate-parse.ts'
import { predicateParts } from './predicate-type.ts'
import { ALWAYS, NEVER, type Predicate } from './predicate.ts'

const CONTEXT: PredicateContext = {
  sub: 'u1',
  role: null,
  account: 'acme',
  operation: 'storage.object.list',
  ip: '10.0.0.1',
  key: null,
  jwt: { org: 'o1', teams: ['a', 'b'], nothing: null },
  now: new Date(1000),
}
const sub: Predicate = { k: 'ctx', f: 'sub' }
const role: Predicate = { k: 'ctx', f: 'role' }
const owner: Predicate = { k: 'col', n: 'owner_id' }
const jwt: Predicate = { k: 'ctx', f: 'jwt' }
const uid: Predicate = { k: 'ctx', f: 'uid' }
const isNull = (a: Predicate): Predicate => ({ k: 'isnull', a, neg: false })
const text = (v: string): Predicate => ({ k: 'lit', t: 'text', v })
const failing: Predicate = { k: 'cast', a: { k: 'cast', a: text('x'), t: 'uuid' }, t: 'text' }
const equal = (a: Predicate, b: Predicate): Predicate => ({ k: 'cmp', op: '=', a, b })

test('means the same as before, for every row, errors included', () => {
  fc.assert(
    fc.property(arbitraryPredicate, arbitraryContext, arbitraryRow, (predicate, context, row) => {
      const folded = foldPredicate(parsePredicate(predicate, 'predicate', { relations: RELATIONS }), context)
      const scope = { row, relations: RELATION_ROWS }
      expect(outcome(folded, scope)).toBe(outcome(withContext(predicate, context), scope))
      expect(contextIn(folded)).toBe(false)
    }),
    { numRuns: 5000 },
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
  ['an element found before one that may fail', { k: 'in', a: sub, l: [owner, text('u1'), failing], neg: false }, ALWAYS],
  ['an empty list', { k: 'in', a: owner, l: [], neg: false }, NEVER],
  ['a claim', equal({ k: 'json', a: jwt, p: 'org', text: true }, text('o1')), ALWAYS],
  ['claims in a list', { k: 'inarr', a: text('b'), arr: { k: 'json', a: jwt, p: 'teams', text: false } }, ALWAYS],
  ['claims that are not there', { k: 'inarr', a: owner, arr: { k: 'json', a: jwt, p: 'none', text: false } }, NEVER],
  ['the operation', { k: 'call', f: 'allow_only_operation', a: [text('object.list')] }, ALWAYS],
  ['another operation', { k: 'call', f: 'allow_any_operation', a: [{ k: 'arr', a: [text('object.get'), text('')] }] }, NEVER],
  ['the address', equal({ k: 'ctx', f: 'ip' }, text('10.0.0.1')), ALWAYS],
  ['a look into a relation for nothing', { k: 'exists', rel: 'members', alias: 'm', where: equal(sub, text('u2')) }, NEVER],
  ['what fails behind what decides', { k: 'and', a: [equal(sub, text('u2')), isNull(uid)] }, NEVER],
  ['the time', { k: 'cmp', op: '>', a: { k: 'ctx', f: 'now' }, b: { k: 'lit', t: 'timestamptz', v: 999 } }, ALWAYS],
])('folds %s to the constant itself', (_, predicate, expected) => {
  expect(foldPredicate(predicate, CONTEXT)).toBe(expected)
})

test('keeps what depends on the row, and only that', () => {
  expect(foldPredicate({ k: 'and', a: [equal(sub, text('u1')), equal(owner, sub)] }, CONTEXT)).toEqual(equal(owner, text('u1')))
  expect(foldPredicate(equal(role, text('x')), CONTEXT)).toEqual({ k: 'lit', t: 'bool', v: null })
})

test('leaves what fails for whoever gets there', () => {
  const failing: Predicate = { k: 'cast', a: text('u1'), t: 'uuid' }
  expect(foldPredicate(isNull(uid), CONTEXT)).toEqual(isNull(failing))
  expect(foldPredicate({ k: 'and', a: [isNull(uid), equal(sub, text('u2'))] }, CONTEXT)).toEqual({ k: 'and', a: [isNull(failing), NEVER] })
  expect(foldPredicate(isNull(uid), { ...CONTEXT, sub: '{A0EEBC999C0B4EF8BB6D6BB9BD380A11}' })).toBe(NEVER)
})

test('writes a search in claims as a list', () => {
  const teams: Predicate = { k: 'json', a: jwt, p: 'teams', text: false }
  expect(foldPredicate({ k: 'inarr', a: owner, arr: teams }, CONTEXT)).toEqual({ k: 'in', a: owner, l: [text('a'), text('b')], neg: false })
})

test('keeps JSON’s null apart from no claim at all', () => {
  const claim = (p: string): Predicate => foldPredicate(isNull({ k: 'json', a: jwt, p, text: false }), CONTEXT)
  expect([claim('nothing'), claim('none')]).toEqual([NEVER, ALWAYS])
})

test('refuses a constant that no database can hold', () => {
  expect(() => foldPredicate(equal(owner, sub), { ...CONTEXT, sub: 'a\0' })).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  for (const claims of [{ a: '\0' }, { a: undefined }, { '\ud800': 1 }]) {
    expect(() => foldPredicate(isNull(jwt), { ...CONTEXT, jwt: claims })).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  }
})

function contextIn(predicate: Predicate): boolean {
  return predicate.k === 'ctx' || predicateParts(predicate).some(contextIn)
}

function outcome(predicate: Predicate, scope: EvaluationScope): unknown {
  try {
    return evaluateWithin(predicate, scope)
  } catch (error) {
    if (isStorageError(error)) return error.code
    throw error
  }
}
