import { expect, test } from 'vitest'
import { sizes } from './sizes.ts'

const messages = (path: string, text: string): readonly string[] =>
  sizes([{ path, text }]).map((found) => `${found.line}: ${found.message}`)
const lines = (count: number): string => 'a\n'.repeat(count)

test('catches a file that is too long', () => {
  expect(messages('packages/core/src/a.ts', lines(300))).toEqual([])
  expect(messages('packages/core/src/a.ts', lines(301))).toEqual(['300: has 301 lines, at most 300: split it by concept'])
  expect(messages('packages/core/src/a.test.ts', lines(500))).toEqual([])
  expect(messages('packages/core/src/a.test.ts', lines(501))).toHaveLength(1)
  expect(messages('tools/a.ts', lines(500))).toEqual([])
  expect(messages('bench/src/a.ts', lines(501))).toHaveLength(1)
})

test('catches a function that is too long', () => {
  const withLines = (count: number): string => `function a(b: string): void {\n${lines(count - 2)}}\n`
  expect(messages('packages/core/src/a.ts', withLines(60))).toEqual([])
  expect(messages('packages/core/src/a.ts', `\n${withLines(61)}`)).toEqual(['2: a has 61 lines, at most 60'])
  expect(messages('packages/core/src/a.test.ts', withLines(61))).toEqual([])
})

test('a brace in a string, a template or a comment does not hide the end of a function', () => {
  const text = `function a(): string {\n  // }\n  return '}' + \`}\${b}\` + /[}]/.source\n${lines(60)}}\n`
  expect(messages('packages/core/src/a.ts', text)).toEqual(['1: a has 64 lines, at most 60'])
})

test('catches a long parameter list of an exported function, and only there', () => {
  expect(messages('packages/core/src/a.ts', 'export function a(b, c, d) {}')).toEqual([])
  expect(messages('packages/core/src/a.ts', 'function a(b, c, d, e) {}')).toEqual([])
  expect(messages('packages/core/src/a.ts', 'export function a(b, c, d, e) {}')).toEqual([
    '1: a has 4 parameters, at most 3: take an options object',
  ])
  expect(messages('packages/core/src/a.ts', 'export const a = (b, c, d, e) => {}')).toHaveLength(1)
})
