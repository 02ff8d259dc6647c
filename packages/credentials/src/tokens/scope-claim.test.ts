import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { arbitraryScope } from '../../test/scope-arbitrary.ts'
import { parseScopeClaim, scopeClaim } from './scope-claim.ts'

test('a scope comes back out of a token as it was', () => {
  fc.assert(
    fc.property(arbitraryScope, (scope) => {
      expect(parseScopeClaim(JSON.parse(JSON.stringify(scopeClaim(scope))))).toEqual(scope)
    }),
  )
  expect(parseScopeClaim(scopeClaim({ notAfter: new Date(Number.NaN) }))).toEqual({ notAfter: new Date(0) })
})

test('what is not known there, or of another kind, is no scope', () => {
  const claims = [
    null,
    undefined,
    [],
    'a',
    { anything: [] },
    { buckets: 'one' },
    { buckets: [['default']] },
    { buckets: [['default', 'one', 'two']] },
    { buckets: [[1, 'one']] },
    { buckets: { 0: 'a' } },
    { operations: ['GetEverything'] },
    { operations: ['constructor'] },
    { operations: 'GetObject' },
    { prefixes: [null] },
    { prefixes: 'a' },
    { objects: [1] },
    { notAfter: '2030' },
    { notAfter: null },
    { sourceCidrs: [{}] },
  ]
  for (const claim of claims) expect(() => parseScopeClaim(claim)).toThrow(expect.objectContaining({ name: 'TokenError', code: 'claims' }))
})
