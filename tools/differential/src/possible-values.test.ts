import { expect, test } from 'vitest'
import type { Predicate } from '../../../packages/core/src/policy/predicate.ts'
import type { Truth } from './judge.ts'
import { possibleValues } from './possible-values.ts'

const sighting = { row: { name: 'a', owner_id: null, public: true }, relations: { r: [] } }
const bool = (v: boolean | null): Predicate => ({ k: 'lit', t: 'bool', v })
const YES: Predicate = { k: 'col', n: 'public' }
/** The key is no number. */
const FAILS: Predicate = { k: 'cmp', op: '=', a: { k: 'cast', a: { k: 'col', n: 'name' }, t: 'int' }, b: { k: 'lit', t: 'int', v: 1 } }
const all = (k: 'and' | 'or', ...a: Predicate[]): Predicate => ({ k, a })

test.each<readonly [string, Predicate, readonly Truth[]]>([
  ['nothing that may fail has the one value that it has', all('or', YES, bool(null)), [true]],
  ['and an unknown one', all('and', YES, bool(null)), [null]],
  ['an arm that decides may come first', all('or', YES, FAILS), [true, 'failed']],
  ['wherever it is written', all('or', FAILS, YES), [true, 'failed']],
  ['one that does not decide cannot help', all('and', YES, all('or', FAILS, bool(false))), ['failed']],
  ['nor an unknown one', all('or', FAILS, bool(null)), ['failed']],
  ['turned round by NOT', { k: 'not', a: all('or', YES, FAILS) }, [false, 'failed']],
])('%s', (_, predicate, expected) => {
  const possible = possibleValues(predicate, sighting)
  // What fails by itself may be passed by, too: constants around it may decide.
  for (const value of expected) expect(possible.has(value)).toBe(true)
  if (!expected.includes('failed')) expect([...possible]).toEqual(expected)
})

test('what cannot come out does not', () => {
  expect(possibleValues(all('or', YES, FAILS), sighting).has(null)).toBe(false)
  expect(possibleValues(all('or', YES, FAILS), sighting).has(false)).toBe(false)
})
