import { expect, test } from 'vitest'
import { closingBracket, lineAt, readSource } from './source-text.ts'

const codeOf = (text: string): string => readSource(text).code.replaceAll(/\s+/g, ' ').trim()

test('blanks comments in both views and keeps lines', () => {
  const source = readSource('a /* x\ny */ b // c\nd')
  expect(source.code.split('\n')).toEqual(['a     ', '     b     ', 'd'])
  expect(source.withStrings).toBe(source.code)
})

test('blanks the text of strings in the code view only', () => {
  const source = readSource(`f('a // b', "c\\"d")`)
  expect(source.code).toBe(`f('      ', "    ")`)
  expect(source.withStrings).toBe(`f('a // b', "c\\"d")`)
})

test('keeps the code inside templates, nested ones too', () => {
  expect(codeOf('`a ${b} c ${d(`e ${f} g`)} h` + i')).toBe('` ${b} ${d(` ${f} `)} ` + i')
})

test('a brace inside a template expression does not end it', () => {
  expect(codeOf('`${g({ a: 1 })} text` + h')).toBe('`${g({ a: 1 })} ` + h')
})

test('tells regular expressions from divisions', () => {
  expect(codeOf(`x = /['"]/.test(y) ? a / b / c : 'd'`)).toBe(`x = / /.test(y) ? a / b / c : ' '`)
  expect(codeOf(`return /[/"]/`)).toBe('return / /')
  expect(codeOf(`(a) / "b" / c`)).toBe('(a) / " " / c')
})

test('skips the first line of a script', () => {
  expect(codeOf(`#!/usr/bin/env node 'x\nconsole`)).toBe('console')
})

test('finds lines and closing brackets', () => {
  expect(lineAt('a\nb\nc', 4)).toBe(3)
  expect(closingBracket('f(a[(1)], {b: (c)}) + (d)', 1)).toBe(18)
  expect(closingBracket('f(a', 1)).toBe(-1)
})
