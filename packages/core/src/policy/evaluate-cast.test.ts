import { describe, expect, test } from 'vitest'
import { castValue, parseUuid, uuidOrNull } from './evaluate-cast.ts'
import type { ExpressionType } from './predicate-type.ts'
import type { CastType } from './predicate.ts'
import type { Value } from './evaluate-values.ts'

const FAILS = 'fails'

test.each<[Value, ExpressionType, CastType, Value]>([
  ['12', 'text', 'int', 12],
  [' \t-7\n', 'text', 'int', -7],
  ['2147483647', 'text', 'int', 2_147_483_647],
  ['2147483648', 'text', 'int', FAILS],
  ['-2147483648', 'text', 'int', -2_147_483_648],
  ['12abc', 'text', 'int', FAILS],
  ['', 'text', 'int', FAILS],
  ['1.0', 'text', 'int', FAILS],
  ['1_000', 'text', 'int', 1000],
  ['1__0', 'text', 'int', FAILS],
  ['_1', 'text', 'int', FAILS],
  ['-0x1f', 'text', 'int', -31],
  ['9223372036854775807', 'text', 'bigint', 9_223_372_036_854_775_807n],
  ['9007199254740993', 'text', 'bigint', 9_007_199_254_740_993n],
  ['9223372036854775808', 'text', 'bigint', FAILS],
  ['9'.repeat(2000), 'text', 'bigint', FAILS],
  [`${'0'.repeat(2000)}1`, 'text', 'bigint', 1n],
  ['1e3', 'text', 'num', 1000],
  ['.5', 'text', 'num', 0.5],
  ['NaN', 'text', 'num', NaN],
  ['-inf', 'text', 'num', -Infinity],
  ['0x1.8p1', 'text', 'num', 3],
  ['1e400', 'text', 'num', FAILS],
  ['1e-400', 'text', 'num', FAILS],
  ['0e-400', 'text', 'num', 0],
  ['1e', 'text', 'num', FAILS],
  ['tr', 'text', 'bool', true],
  [' OFF ', 'text', 'bool', false],
  ['of', 'text', 'bool', false],
  ['o', 'text', 'bool', FAILS],
  ['', 'text', 'bool', FAILS],
  ['10', 'text', 'bool', FAILS],
  ['{A0EEBC99-9C0B4EF8-BB6D6BB9-BD380A11}', 'text', 'uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  [' a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'text', 'uuid', FAILS],
  ['abc', 'text', 'uuid', FAILS],
  [2.5, 'num', 'int', 2],
  [3.5, 'num', 'int', 4],
  [-2.5, 'num', 'int', -2],
  [0.5, 'num', 'bigint', 0n],
  [3e9, 'num', 'int', FAILS],
  [NaN, 'num', 'int', FAILS],
  [1e19, 'num', 'bigint', FAILS],
  [3_000_000_000n, 'bigint', 'int', FAILS],
  [9_007_199_254_740_993n, 'bigint', 'num', 9_007_199_254_740_992],
  [2, 'int', 'bool', true],
  [true, 'bool', 'int', 1],
  [false, 'bool', 'text', 'false'],
  [12, 'int', 'text', '12'],
  [1e15, 'num', 'text', '1e+15'],
  [123_456_789_012_345, 'num', 'text', '123456789012345'],
  [1e-5, 'num', 'text', '1e-05'],
  [-0.25, 'num', 'text', '-0.25'],
  [-0, 'num', 'text', '-0'],
  [NaN, 'num', 'text', 'NaN'],
  [null, 'text', 'uuid', null],
])('casts %s of type %s to %s as Postgres does', (value, from, to, expected) => {
  if (expected !== FAILS) return expect(castValue(value, from, to)).toBe(expected)
  expect(() => castValue(value, from, to)).toThrow(expect.objectContaining({ code: 'PolicyFailed' }))
})

describe('a uuid', () => {
  const digits = 'a0eebc999c0b4ef8bb6d6bb9bd380a11'
  const canonical = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'

  test.each([digits, canonical, `{${digits}}`, 'A0EE-BC99-9C0B-4EF8-BB6D-6BB9-BD38-0A11'])('is read from %s', (text) => {
    expect(parseUuid(text)).toBe(canonical)
  })

  test.each(['', `{${digits}`, `${digits}}`, digits.slice(1), `${canonical}-`, 'a0e-ebc999c0b4ef8bb6d6bb9bd380a11'])(
    'is not %s',
    (text) => {
      expect(parseUuid(text)).toBe(null)
    },
  )

  test('of a column is the text in its usual form only', () => {
    expect([canonical.toUpperCase(), digits, 'null', null].map(uuidOrNull)).toEqual([canonical, null, null, null])
  })
})
