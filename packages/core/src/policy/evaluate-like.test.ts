import { expect, test } from 'vitest'
import { globOf, matchesLike } from './evaluate-like.ts'

test.each<[string, string, boolean | null]>([
  ['abc', 'abc', true],
  ['abc', 'ABC', false],
  ['abc', 'a%', true],
  ['abc', '%c', true],
  ['abc', '%b%', true],
  ['abc', 'a_c', true],
  ['abc', '_', false],
  ['', '%', true],
  ['', '_', false],
  ['\u{10000}', '_', true],
  ['a%c', 'a\\%c', true],
  ['abc', 'a\\%c', false],
  ['a\\c', 'a\\\\c', true],
  ['axc', 'a\\xc', true],
  ['a\nb', 'a_b', true],
  ['[a]*?', '[a]*?', true],
  ['aab', '%a_', true],
  ['abab', '%ab', true],
  ['abc', 'abc\\', null],
  ['zzz', 'abc\\', null],
])('%j LIKE %j: %j', (text, pattern, expected) => {
  expect(matchesLike(text, pattern, false)).toBe(expected)
})

test('folds case in ASCII only', () => {
  expect(matchesLike('ABÄ', 'ab_', true)).toBe(true)
  expect(matchesLike('ä', 'Ä', true)).toBe(false)
})

test('takes no longer for a pattern of many wildcards', () => {
  expect(matchesLike('a'.repeat(2000), `${'%a'.repeat(200)}%b`, false)).toBe(false)
})

test('becomes a pattern of GLOB', () => {
  expect(globOf('a\\%[*]?_%')).toBe('a%[[][*]][?]?*')
  expect(globOf('\\')).toBe(null)
})
