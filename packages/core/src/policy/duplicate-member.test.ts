import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { findDuplicateMember } from './duplicate-member.ts'

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":1,"\\u0061":2}', 'a'],
  ['[{"b":{"a":[],"c":"a","a":null}}]', 'a'],
  ['{"a":{"x":1},"b":[{"x":1},{"x":2}],"a" : 3}', 'a'],
  ['{"":1,"":2}', ''],
  ['{"a\\"":1,"a\\"":2}', 'a"'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
])('%s has one twice', (json, name) => {
  expect(findDuplicateMember(json)).toBe(name)
})

test.each([
  '{"a":1,"A":2}',
  '{"a":"a","b":["a","a","a"]}',
  '{"a":{"a":{"a":1}}}',
  '[]',
  '"a"',
  '{"a":"{\\"a\\":1,\\"a\\":2}"}',
  ' {"a\\\\":1,"a":2}',
])('%s has none', (json) => {
  expect(findDuplicateMember(json)).toBe(null)
})

test('what was written from a value has none', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (json) => {
      expect(findDuplicateMember(JSON.stringify(JSON.parse(json), null, 1))).toBe(null)
    }),
  )
})
