import { expect, test } from 'vitest'
import { checkKey, checkKeyText } from './check-key.ts'
import { DEFAULT_LIMITS } from './limits.ts'

const HOSTILE = ['..', '../x', '/', '//', 'a//b', 'a/', '.', ' ', '\\', '%2e', '\n', '\u{1f600}', '\uffff', 'é', 'e\u0301']

test.each([...HOSTILE, 'a'.repeat(1024), 'ä'.repeat(512), '\u{1f600}'.repeat(256)])('takes %j', (key) => {
  expect(() => checkKey(key, DEFAULT_LIMITS)).not.toThrow()
})

test.each([
  ['', 'InvalidArgument'],
  ['a\0b', 'InvalidArgument'],
  ['\ud83d', 'InvalidArgument'],
  ['\ude00\ud83d', 'InvalidArgument'],
  ['a'.repeat(1025), 'KeyTooLong'],
  ['ä'.repeat(513), 'KeyTooLong'],
  ['\u{1f600}'.repeat(257), 'KeyTooLong'],
])('refuses %j', (key, code) => {
  expect(() => checkKey(key, DEFAULT_LIMITS)).toThrow(expect.objectContaining({ code }))
})

test('what keys are held against may be empty', () => {
  expect(() => checkKeyText('prefix', '', DEFAULT_LIMITS)).not.toThrow()
  expect(() => checkKeyText('prefix', '\0', DEFAULT_LIMITS)).toThrow(
    expect.objectContaining({ details: { argument: 'prefix', reason: 'has a NUL character' } }),
  )
})
