import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Scope } from './caller.ts'
import { OPERATION_NAMES } from './operation.ts'
import type { OperationName } from './operation.ts'
import { decodeScope, encodeScope } from './scope-codec.ts'

const operations = Object.keys(OPERATION_NAMES) as OperationName[]
const texts = fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 })
const scopes: fc.Arbitrary<Scope> = fc.record(
  {
    buckets: fc.array(fc.record({ jurisdiction: fc.string(), name: fc.string() }), { maxLength: 4 }),
    operations: fc.subarray(operations).map((names) => new Set(names)),
    prefixes: texts,
    objects: texts,
    notAfter: fc.date({ noInvalidDate: true }),
    sourceCidrs: fc.subarray(['192.0.2.0/24', '2001:db8::/32', '0.0.0.0/0']),
  },
  { requiredKeys: [] },
)

test('what is encoded is JSON, and comes back the same', () => {
  fc.assert(
    fc.property(scopes, (scope) => {
      const json = JSON.stringify(encodeScope(scope))
      expect(decodeScope(JSON.parse(json))).toEqual(scope)
    }),
  )
})

test('a field without a value does not limit, an empty list does', () => {
  const fromJavaScript = { buckets: undefined, objects: [] } as unknown as Scope
  expect(encodeScope(fromJavaScript)).toEqual({ objects: [] })
  expect(decodeScope({})).toEqual({})
  expect(decodeScope({ objects: [] })).toEqual({ objects: [] })
})

describe('what is not a scope is refused', () => {
  const many = Array.from({ length: 1001 }, () => 'x')
  const wrong: readonly (readonly [string, unknown])[] = [
    ['no object', 'all'],
    ['null', null],
    ['a list', []],
    ['a field that nobody knows', { prefixes: [], admin: 'write' }],
    ['a field of every object', { constructor: [] }],
    ['a null', { buckets: null }],
    ['a bucket that is a text', { buckets: ['b'] }],
    ['a bucket without jurisdiction', { buckets: [{ name: 'b' }] }],
    ['a bucket with more', { buckets: [{ jurisdiction: 'default', name: 'b', prefix: 'x' }] }],
    ['an operation that there is not', { operations: ['GetObject', 'toString'] }],
    ['a prefix that is a number', { prefixes: [1] }],
    ['objects that are a text', { objects: 'k' }],
    ['a day', { notAfter: '2030-01-31' }],
    ['a number of milliseconds', { notAfter: 0 }],
    ['a name for an address', { sourceCidrs: ['localhost'] }],
    ['too many of them', { prefixes: many }],
  ]

  test.each(wrong)('%s', (_, value) => {
    expect(() => decodeScope(value)).toThrow(expect.objectContaining({ code: value && JSON.stringify(value).length > 1000 ? 'LimitExceeded' : 'InvalidArgument' })) // prettier-ignore
  })

  test('when it is written, too', () => {
    const unknown = { tenant: 'a' } as unknown as Scope
    for (const scope of [unknown, { notAfter: new Date(Number.NaN) }, { sourceCidrs: ['x'] }, { operations: new Set(['Fly' as never]) }]) {
      expect(() => encodeScope(scope)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    }
    expect(() => encodeScope({ objects: many })).toThrow(expect.objectContaining({ code: 'LimitExceeded' }))
  })
})
