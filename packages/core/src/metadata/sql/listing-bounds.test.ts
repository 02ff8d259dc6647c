import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { evaluatePredicate } from '../../policy/evaluate-predicate.ts'
import { pathTokens } from '../../policy/predicate-row.ts'
import {
  and, col, cast, element, eq, filename, foldername, isIn, like, lit, lower, ne, not, or, startsWith } from '../../policy/predicate-builders.ts' // prettier-ignore
import { ALWAYS, type Predicate } from '../../policy/predicate.ts'
import { listingBounds } from './listing-bounds.ts'

const name = col('name')
const NOTHING = { prefixes: [''], owner: null }

describe('what is read from a condition', () => {
  test.each<[string, Predicate, object]>([
    ['an owner', eq(col('owner_id'), 'ann'), { owner: 'ann' }],
    ['an owner, the other way round', eq('ann', col('owner_id')), { owner: 'ann' }],
    ['an owner of a list of one', isIn(col('owner_id'), ['ann']), { owner: 'ann' }],
    ['a folder', eq(element(foldername(), 1), 'a'), { prefixes: ['a/'] }],
    ['folders without a gap', and(eq(element(foldername(), 2), 'b'), eq(element(foldername(), 1), 'a')), { prefixes: ['a/b/'] }],
    ['folders with a gap', and(eq(element(foldername(), 3), 'c'), eq(element(foldername(), 1), 'a')), { prefixes: ['a/'] }],
    ['the first of the tokens', eq(element(col('path_tokens'), 1), 'a'), { prefixes: ['a'] }],
    ['a beginning', startsWith(name, 'a/b'), { prefixes: ['a/b'] }],
    ['a key', eq(name, 'a/b'), { prefixes: ['a/b'] }],
    ['a pattern up to its first wildcard', like(name, 'a/b%c'), { prefixes: ['a/b'] }],
    ['a pattern with an escape', like(name, String.raw`a\%b`), { prefixes: ['a'] }],
    ['both, deep in ands', and(and(eq(col('owner_id'), 'ann'), ALWAYS), and(startsWith(name, 'x'))), { prefixes: ['x'], owner: 'ann' }],
    ['beginnings joined by or', or(startsWith(name, 'm/'), startsWith(name, 'a/'), eq(name, 'k')), { prefixes: ['a/', 'k', 'm/'] }],
    ['keys of a list', isIn(name, ['b', 'a', 'a/1']), { prefixes: ['a', 'b'] }],
    ['folders joined by or', or(eq(element(foldername(), 1), 'b'), eq(element(foldername(), 1), 'a')), { prefixes: ['a/', 'b/'] }],
    ['each with more, joined by or', or(and(startsWith(name, 'b'), ne(name, 'x')), startsWith(name, 'a')), { prefixes: ['a', 'b'] }],
    [
      'what two ors have in common',
      and(or(startsWith(name, 'a'), startsWith(name, 'b')), or(startsWith(name, 'b/1'), startsWith(name, 'c'))),
      { prefixes: ['b/1'] },
    ],
    ['two that have nothing in common', and(startsWith(name, 'a'), startsWith(name, 'b')), { prefixes: [] }],
    ['the longer of two beginnings', and(startsWith(name, 'a'), startsWith(name, 'a/b')), { prefixes: ['a/b'] }],
  ])('%s', (_, condition, bounds) => {
    expect(listingBounds(condition)).toMatchObject({ ...NOTHING, ...bounds })
  })

  test.each<[string, Predicate]>([
    ['one of several', or(eq(col('owner_id'), 'ann'), eq(col('owner_id'), 'bob'))],
    ['a beginning or an owner', or(startsWith(name, 'a'), eq(col('owner_id'), 'ann'))],
    ['more beginnings than are worth it', or(...Array.from({ length: 33 }, (_, at) => startsWith(name, `${at}/`)))],
    ['a negation', not(eq(col('owner_id'), 'ann'))],
    ['another', ne(col('owner_id'), 'ann')],
    ['a list', isIn(col('owner_id'), ['ann', 'bob'])],
    ['an owner of nobody', eq(col('owner_id'), lit('text', null))],
    ['another column', eq(col('bucket_id'), 'ann')],
    ['what is made of the key', startsWith(lower(name), 'a')],
    ['a file name', eq(filename(), 'a')],
    ['a folder before the first', eq(element(foldername(), 0), 'a')],
    ['a folder before that', eq(element(foldername(), -1), 'a')],
    ['a later folder alone', eq(element(foldername(), 2), 'a')],
    ['a folder that no key can be in', eq(element(foldername(), 1), 'a/b')],
    ['a folder of a text', eq(element(foldername('a/b'), 1), 'c')],
    ['what is cast', eq(cast(col('owner'), 'text'), 'a')],
    ['a pattern that begins with anything', like(name, '%a')],
    ['nothing', ALWAYS],
  ])('nothing from %s', (_, condition) => {
    expect(listingBounds(condition)).toEqual({ ...NOTHING, rest: condition })
  })
})

test.each<[string, Predicate, Predicate]>([
  ['an owner', eq(col('owner_id'), 'ann'), ALWAYS],
  ['folders', and(eq(element(foldername(), 1), 'a'), eq(element(foldername(), 2), 'b')), ALWAYS],
  ['a beginning', startsWith(name, 'a'), ALWAYS],
  ['a folder and its beginning', and(eq(element(foldername(), 1), 'a'), startsWith(name, 'a')), ALWAYS],
  ['two owners', and(eq(col('owner_id'), 'ann'), eq(col('owner_id'), 'bob')), eq(col('owner_id'), 'bob')],
  ['two folders', and(eq(element(foldername(), 1), 'a'), eq(element(foldername(), 1), 'b')), eq(element(foldername(), 1), 'b')],
  ['a folder behind a gap', and(eq(element(foldername(), 1), 'a'), eq(element(foldername(), 3), 'c')), eq(element(foldername(), 3), 'c')],
  ['beginnings joined by or', or(startsWith(name, 'm/'), startsWith(name, 'a/')), ALWAYS],
  ['a beginning or a key', or(startsWith(name, 'm/'), eq(name, 'a')), or(startsWith(name, 'm/'), eq(name, 'a'))],
  ['a key', eq(name, 'a'), eq(name, 'a')],
  ['an owner and more', and(eq(col('owner_id'), 'ann'), ne(name, 'x')), ne(name, 'x')],
])('what is left to ask: %s', (_, condition, rest) => {
  expect(listingBounds(condition).rest).toEqual(rest)
})

test('no row that passes lies outside, and inside the rest says the same', () => {
  const word = fc.constantFrom('', 'a', 'b', 'a/', 'a/b', 'ab', '%', 'a_')
  const key = fc.array(fc.constantFrom('a', 'b', '/', '%'), { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''))
  const owner = fc.constantFrom('a', 'b', null)
  const leaf: fc.Arbitrary<Predicate> = fc.oneof(
    word.map((text) => eq(col('owner_id'), text)),
    fc.tuple(fc.integer({ min: -1, max: 3 }), word).map(([place, text]) => eq(element(foldername(), place), text)),
    fc.tuple(fc.integer({ min: 1, max: 2 }), word).map(([place, text]) => eq(element(col('path_tokens'), place), text)),
    word.map((text) => startsWith(name, text)),
    word.map((text) => like(name, `${text}%`)),
    word.map((text) => eq(name, text)),
    word.map((text) => ne(name, text)),
    fc.array(word, { minLength: 1, maxLength: 3 }).map((texts) => isIn(name, texts)),
    fc.array(word, { minLength: 1, maxLength: 3 }).map((texts) => or(...texts.map((text) => startsWith(name, text)))),
  )
  const { tree } = fc.letrec<{ tree: Predicate }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((parts) => and(...parts)),
      fc.array(tie('tree'), { minLength: 1, maxLength: 2 }).map((parts) => or(...parts)),
      tie('tree').map((part) => not(part)),
    ),
  }))
  fc.assert(
    fc.property(tree, fc.array(fc.tuple(key, owner), { minLength: 5, maxLength: 10 }), (condition, rows) => {
      const { prefixes, owner: bound, rest } = listingBounds(condition)
      expect(prefixes.filter((one, at) => prefixes.some((other, place) => place !== at && one.startsWith(other)))).toEqual([])
      for (const [key, owner] of rows) {
        const row = { name: key, owner_id: owner, path_tokens: pathTokens(key) }
        const lies = prefixes.some((prefix) => key.startsWith(prefix)) && (bound === null || owner === bound)
        expect(evaluatePredicate(condition, row) === true).toBe(lies && evaluatePredicate(rest, row) === true)
      }
    }),
    { numRuns: 5_000 },
  )
})
