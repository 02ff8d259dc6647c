import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Question } from '../engine/authorise.ts'
import { isBucketInScope, isWithinScope, keysInScope } from '../engine/check-scope.ts'
import { ANONYMOUS, type Scope } from './caller.ts'
import { evaluatePredicate } from './evaluate-predicate.ts'
import { intersectScopes } from './intersect-scopes.ts'
import type { Action, OperationName } from './operation.ts'
import type { RequestFacts } from './policy.ts'

// Few letters, so that prefixes nest and keys are met.
const key = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 4 })
const bucket = fc.record({ jurisdiction: fc.constantFrom('default', 'eu'), name: fc.constantFrom('one', 'two') })
const operation = fc.constantFrom<OperationName>('GetObject', 'PutObject', 'ListObjects', 'CreateBucket', 'CopyObject')
const time = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }).map((second) => new Date(second * 1000)) },
  { weight: 1, arbitrary: fc.constant(new Date(Number.NaN)) },
)
const cidr = fc.constantFrom(
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.2.0/24',
  '::ffff:10.1.0.0/112',
  '192.0.2.1',
  '2001:db8::/32',
  '::/0',
  'nonsense',
)
const fields = {
  buckets: fc.array(bucket, { minLength: 1, maxLength: 3 }),
  operations: fc.array(operation, { minLength: 2, maxLength: 5 }).map((names) => new Set(names)),
  prefixes: fc.array(key, { maxLength: 3 }),
  objects: fc.array(key, { maxLength: 3 }),
  notAfter: time,
  sourceCidrs: fc.array(cidr, { maxLength: 3 }),
}
// With every field limited, nearly nothing would get through.
const scopes: fc.Arbitrary<Scope> = fc
  .tuple(
    fc.record(fields),
    fc.subarray(['buckets', 'operations', 'prefixes', 'objects', 'notAfter', 'sourceCidrs'] as const, { maxLength: 3 }),
  )
  .map(([scope, limited]): Scope => Object.fromEntries(limited.map((field) => [field, scope[field]])))
const questions: fc.Arbitrary<Question> = fc.record({
  operation,
  action: fc.constantFrom<Action>(
    'bucket.create',
    'bucket.list',
    'bucket.update',
    'bucket.delete',
    'object.read',
    'object.list',
    'object.write',
  ),
  side: fc.constantFrom('source' as const, 'target' as const),
  overwrite: fc.constant(null),
  address: fc.option(bucket),
  key: fc.option(key),
  versionId: fc.constant(null),
})
const sourceIps = fc.constantFrom(null, '10.1.2.3', '10.9.9.9', '::ffff:10.1.2.3', '2001:db8::1', 'fe80::1', 'unknown')
const asked: fc.Arbitrary<RequestFacts> = fc
  .tuple(
    operation,
    fc.integer({ min: 1, max: 4 }).map((second) => new Date(second * 1000)),
    sourceIps,
  )
  .map(([name, at, sourceIp]) => ({ operation: name, at, facts: new Map(sourceIp === null ? [] : [['sourceIp', sourceIp]]) }))

function lets(scope: Scope, question: Question, facts: RequestFacts): boolean {
  return isWithinScope({ ...ANONYMOUS, scope }, question, facts)
}

function shows(scope: Scope, name: string): boolean | null {
  return evaluatePredicate(keysInScope(scope), { name })
}

describe('the intersection of two scopes', () => {
  test('D20: lets through what both let through, and nothing else', () => {
    let through = 0
    fc.assert(
      fc.property(scopes, scopes, questions, asked, (a, b, question, facts) => {
        const expected = lets(a, question, facts) && lets(b, question, facts)
        if (expected) through += 1
        expect(lets(intersectScopes(a, b), question, facts)).toBe(expected)
      }),
      { numRuns: 5000 },
    )
    // Otherwise a function that refuses everything would have passed.
    expect(through).toBeGreaterThan(100)
  })

  test('is the same from either side, with itself and with no limit at all', () => {
    fc.assert(
      fc.property(scopes, scopes, questions, asked, (a, b, question, facts) => {
        const decision = lets(intersectScopes(a, b), question, facts)
        expect(lets(intersectScopes(b, a), question, facts)).toBe(decision)
        expect(lets(intersectScopes(a, a), question, facts)).toBe(lets(a, question, facts))
        expect(lets(intersectScopes({}, a), question, facts)).toBe(lets(a, question, facts))
        expect(lets(intersectScopes(a, {}), question, facts)).toBe(lets(a, question, facts))
      }),
      { numRuns: 1000 },
    )
  })

  test('shows in a listing the buckets and keys that both show', () => {
    fc.assert(
      fc.property(scopes, scopes, key, bucket, (a, b, name, address) => {
        const scope = intersectScopes(a, b)
        expect(isBucketInScope(scope, address)).toBe(isBucketInScope(a, address) && isBucketInScope(b, address))
        expect(shows(scope, name)).toBe(shows(a, name) === true && shows(b, name) === true)
      }),
      { numRuns: 1000 },
    )
  })

  test('of many scopes is no longer than they are together', () => {
    fc.assert(
      fc.property(scopes, scopes, (a, b) => {
        const { prefixes = [], objects = [], sourceCidrs = [] } = intersectScopes(a, b)
        expect(prefixes.length).toBeLessThanOrEqual((a.prefixes?.length ?? 0) + (b.prefixes?.length ?? 0))
        expect(objects.length).toBeLessThanOrEqual((a.objects?.length ?? 0) + (b.objects?.length ?? 0))
        expect(sourceCidrs.length).toBeLessThanOrEqual((a.sourceCidrs?.length ?? 0) + (b.sourceCidrs?.length ?? 0))
      }),
    )
  })

  test('keeps an empty list, which allows nothing', () => {
    expect(intersectScopes({ prefixes: ['a/'] }, { prefixes: ['b/'] })).toEqual({ prefixes: [], objects: [] })
    expect(intersectScopes({ buckets: [] }, {})).toEqual({ buckets: [] })
    expect(intersectScopes({ operations: new Set(['GetObject']) }, { operations: new Set() })).toEqual({ operations: new Set() })
    expect(intersectScopes({ sourceCidrs: ['10.0.0.0/8'] }, { sourceCidrs: ['::/0'] })).toEqual({ sourceCidrs: [] })
  })
})

describe('where requests must come from', () => {
  const question = {
    operation: 'GetObject',
    action: 'object.read',
    side: 'target',
    overwrite: null,
    address: null,
    key: 'k',
    versionId: null,
  } as const
  const from = (sourceIp: string | number | null, sourceCidrs = ['10.0.0.0/8']): boolean =>
    lets({ sourceCidrs }, question, {
      operation: 'GetObject',
      at: new Date(0),
      facts: new Map<string, string | number>(sourceIp === null ? [] : [['sourceIp', sourceIp]]),
    })

  test('an address of a block passes, also over IPv6', () => {
    expect([from('10.1.2.3'), from('::ffff:10.1.2.3'), from('11.1.2.3'), from('::ffff:11.1.2.3')]).toEqual([true, true, false, false])
  })

  test('an address that is not known, or none, does not', () => {
    expect([from(null), from(''), from('unknown'), from(167_837_955), from('10.1.2.3', []), from('10.1.2.3', ['nonsense'])]).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
    ])
  })
})
