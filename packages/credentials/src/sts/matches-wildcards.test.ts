import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesWildcards } from './matches-wildcards.ts'

test('stars stand for any letters, question marks for one', () => {
  const letter = fc.constantFrom('a', 'b')
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 6 })
  fc.assert(
    fc.property(pattern, fc.string({ unit: letter, maxLength: 6 }), (wildcards, text) => {
      const expression = new RegExp(`^${wildcards.replaceAll('*', '.*').replaceAll('?', '.')}$`)
      expect(matchesWildcards(wildcards, text)).toBe(expression.test(text))
    }),
    { numRuns: 2000 },
  )
})

test('patterns that expressions take for ever with are answered', () => {
  expect(matchesWildcards(`${'*a'.repeat(30_000)}b`, 'a'.repeat(1000))).toBe(false)
  expect(matchesWildcards(`${'*?'.repeat(500)}b`, 'a'.repeat(10_000))).toBe(false)
})
