import { expect, test } from 'vitest'
import { functionsOf } from './functions.ts'

const found = (code: string): readonly string[] =>
  functionsOf(code).map((one) => `${one.name}/${one.parameterCount} ${one.line}-${one.endLine}${one.exported ? ' exported' : ''}`)

test.each([
  ['function a(b, c) {\n}', ['a/2 1-2']],
  ['export async function a<T extends { x: number }>(b: Map<string, T>, c = [1, 2],): Promise<{ d: 1 }> {\n}', ['a/2 1-2 exported']],
  ['export function* a(b: () => void, { c, d }: E): Generator<number, void> {}', ['a/2 1-1 exported']],
  ['export const a = async (b, c) => {\n\n}', ['a/2 1-3 exported']],
  ['export const a: Check = (b) => {}', ['a/1 1-1 exported']],
  ['const a = (b: C): b is D | { e: 1 }[] => {\n}', ['a/1 1-2']],
  ['class X {\n  async #a(\n    b: C,\n  ): Promise<void> {\n  }\n  get d(): { e: 1 } {\n  }\n}', ['#a/1 2-5', 'd/0 6-7']],
  ['function a(): (b: C) => void {\n}', ['a/0 1-2']],
  ['function a(b: D): asserts b is E {}', ['a/1 1-1']],
  ['function a(): readonly string[] {}', ['a/0 1-1']],
  ['list.map((x) => {\n})', ['a function/1 1-2']],
])('finds the functions of %s', (code, expected) => {
  expect(found(code)).toEqual(expected)
})

test.each([
  'if (a) { b }',
  'for (const a of b) { c }',
  'for await (const a of b) { c }',
  'while (a) { b }',
  'switch (a) { }',
  'try { } catch (error) { }',
  'const a = (b: C) => ({ d: b })',
  'const a = b ? f(c) : { d: 1 }',
  'switch (a) { case f(b): { break } }',
  'interface A { b(c: D): { e: F }\n  g: H }',
  'f(a)\ng(b)',
])('finds no function in %s', (code) => {
  expect(found(code)).toEqual([])
})
