import { expect, test } from 'vitest'
import { matchedPatterns } from './matched-patterns.ts'

const linesOf = (text: string): readonly number[] =>
  matchedPatterns([{ path: 'packages/core/src/a.test.ts', text }]).map(({ line }) => line)

test('the reason for it: such a pattern fits what it should not', () => {
  const pattern = { message: /another/ }
  for (const message of ['one', 1, undefined]) expect({ message }).toMatchObject(pattern)
  expect({ message: 'one' }).not.toMatchObject({ message: expect.stringMatching(pattern.message) })
})

test.each([
  'expect(error).toMatchObject({ code: a, message: /b/ })',
  'await expect(f()).rejects.toMatchObject({ code: a, details: { reason: /b\\/(c)/i } })',
  'expect(error).not.toMatchObject({ message: new RegExp(`${a}`) })',
  'expect(error).toMatchObject({ message: RegExp(a) })',
  "expect(error).toMatchObject({ 'x-message': /* why */ /b/ })",
  'expect(a).toMatchObject([/b/])',
  'expect(a).toMatchObject({ b: [c, /d/] })',
])('catches %s', (text) => {
  expect(linesOf(`\n${text}\n`)).toEqual([2])
})

test('catches one over several lines', () => {
  expect(linesOf('expect(a).toMatchObject({\n  code: b,\n  message:\n    /c/,\n})\n')).toEqual([4])
})

test.each([
  'expect(error).toMatchObject({ message: expect.stringMatching(/b/) })',
  "expect(a).toMatchObject({ b: 'c: /d/', e: f.replaceAll(/g/g, '') }) // message: /b/",
  'expect(a).toMatchObject({ b: c / d / e })',
  'const rule = { path: /b/ }\nexpect(a).toMatchObject({ b })',
  'expect(a).toEqual({ pattern: /b/ })',
])('allows %s', (text) => {
  expect(linesOf(text)).toEqual([])
})
