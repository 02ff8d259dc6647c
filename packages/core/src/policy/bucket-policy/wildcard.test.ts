import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchesPattern, patternText, readPattern, type Pattern } from './wildcard.ts'

const SYNTAX = { variables: true, wildcards: true, isVariable: (name: string) => name === 'jwt:sub' }

function pattern(source: string): Pattern {
  const read = readPattern(source, SYNTAX)
  if (typeof read === 'string') throw new Error(read)
  return read
}

function matches(source: string, text: string, sub: string | null = null): boolean | null {
  return matchesPattern(pattern(source), text, () => sub)
}

describe('matchesPattern', () => {
  test.each([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['a*', 'a/b/c', true],
    ['a/*', 'a', false],
    ['*.png', 'x/y.png', true],
    ['*.png', 'x.png/', false],
    ['a?c', 'a/c', true],
    ['a?c', 'ac', false],
    ['?', '🦜', true],
    ['a*b*c', 'a-bb-c', true],
    ['a*b*c', 'a-c-b', false],
    ['[a]%_\\', '[a]%_\\', true],
    ['.', 'x', false],
    ['${*}', '*', true],
    ['${*}', 'x', false],
    ['${?}${$}', '?$', true],
  ])('%j against %j: %s', (source, text, expected) => {
    expect(matches(source, text)).toBe(expected)
  })

  test('a variable is a literal: what a user is called cannot widen a statement', () => {
    expect(matches('home/${jwt:sub}/*', 'home/ann/x', 'ann')).toBe(true)
    expect(matches('home/${jwt:sub}/*', 'home/bob/x', '*')).toBe(false)
    expect(matches('home/${jwt:sub}/*', 'home/*/x', '*')).toBe(true)
    expect(matches('home/${jwt:sub}/*', 'home//x', '')).toBe(true)
  })

  test('a variable without a value is neither', () => {
    expect(matches('home/${jwt:sub}/*', 'home/ann/x')).toBeNull()
  })

  test('says what a regular expression says', () => {
    const part = fc.constantFrom('*', '?', 'a', 'b', '/', '.', '🦜')
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '🦜'), maxLength: 12 })
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), text, (parts, value) => {
        const expression = parts.map((one) => (one === '*' ? '.*' : one === '?' ? '.' : one.replace('.', '\\.'))).join('')
        expect(matches(parts.join(''), value)).toBe(new RegExp(`^${expression}$`, 'su').test(value))
      }),
    )
  })

  // A pattern that a backtracking matcher would try for longer than anybody waits.
  test('D56: many stars take no longer than their number', () => {
    expect(matches(`${'a*'.repeat(200)}b`, 'a'.repeat(4_000))).toBe(false)
  })

  test('what is longer than any key or header that is meant is neither', () => {
    expect(matches('*', 'a'.repeat(4_097))).toBeNull()
    expect(matches('${jwt:sub}*', 'a', 'a'.repeat(5_000))).toBeNull()
  })
})

test.each([
  ['${jwt:sub', 'has a ${ without its }'],
  ['${aws:nonsense}', "names the variable 'aws:nonsense', which nobody knows"],
])('%s is no pattern', (source, reason) => {
  expect(readPattern(source, SYNTAX)).toBe(reason)
})

test('without variables and wildcards all is text', () => {
  const plain = readPattern('${jwt:sub}*', { ...SYNTAX, variables: false, wildcards: false })
  expect(typeof plain === 'string' ? null : patternText(plain, () => null)).toBe('${jwt:sub}*')
})
