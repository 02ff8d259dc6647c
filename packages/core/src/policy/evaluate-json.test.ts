import { expect, test } from 'vitest'
import { jsonElements, jsonHas, jsonScalarText, jsonStep, jsonText } from './evaluate-json.ts'
import { Json } from './evaluate-values.ts'
import type { JsonValue } from './predicate.ts'

test.each<[JsonValue, string]>([
  [null, 'null'],
  [1e21, '1000000000000000000000'],
  [1.5e-7, '0.00000015'],
  [-0, '0'],
  ['a"\\\n\u{1}', '"a\\"\\\\\\n\\u0001"'],
  [[1, [], {}], '[1, [], {}]'],
  [{ bb: 1, a: 2, ä: 3, c: 4 }, '{"a": 2, "c": 4, "bb": 1, "ä": 3}'],
])('prints %j as Postgres does', (json, text) => {
  expect(jsonText(json)).toBe(text)
})

test.each<[JsonValue, string | number, string | null]>([
  [{ a: true }, 'a', 'true'],
  [{ a: 1 }, 'a', '1'],
  [{ a: null }, 'a', null],
  [{ a: 'text' }, 'a', 'text'],
  [{ a: [1, 'b'] }, 'a', '[1, "b"]'],
  [{}, 'constructor', null],
  [{ 0: 'a' }, 0, null],
  [['a', 'b'], 1, 'b'],
  [['a', 'b'], -1, 'b'],
  [['a', 'b'], 2, null],
  [['a'], '0', null],
  ['alone', 0, 'alone'],
])('%j ->> %j is %j', (json, step, text) => {
  expect(jsonScalarText(jsonStep(new Json(json), step))).toBe(text)
})

test('JSON’s null is a value, until it is read as text', () => {
  expect(jsonStep(new Json({ a: null }), 'a')).toEqual(new Json(null))
  expect(jsonStep(new Json({}), 'a')).toBe(null)
  expect(jsonStep(null, 'a')).toBe(null)
})

test.each<[JsonValue, string, boolean]>([
  [{ a: null }, 'a', true],
  [{ a: 1 }, 'b', false],
  [['a', 1], 'a', true],
  [['a', 1], '1', false],
  ['a', 'a', true],
  [1, '1', false],
])('%j has %j: %j', (json, name, expected) => {
  expect(jsonHas(new Json(json), name)).toBe(expected)
})

test('gives the elements of arrays, of nothing nothing, and fails at all else', () => {
  expect(jsonElements(new Json(['a', 1, null, ['b']]))).toEqual(['a', '1', null, '["b"]'])
  expect(jsonElements(null)).toEqual([])
  for (const json of [{}, 'a', null]) expect(() => jsonElements(new Json(json))).toThrow(expect.objectContaining({ code: 'PolicyFailed' }))
})
