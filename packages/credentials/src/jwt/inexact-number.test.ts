import { expect, test } from 'vitest'
import { hasInexactNumber } from './inexact-number.ts'

test.each([
  '9007199254740993',
  '-9007199254740993',
  '12345678901234567890',
  '1e400',
  '-1e400',
  '1e-400',
  '0.12345678901234567890',
  '1234567890123456.78',
])('%s is another number than JavaScript keeps', (number) => {
  for (const json of [number, `{"a":${number}}`, `[1,{"b":[${number}]}]`, `{"\\"":${number},"c":"\\\\"}`])
    expect(hasInexactNumber(json)).toBe(true)
})

test.each(['0', '-0', '0.0', '1', '1.0', '-1.50', '1e5', '1E-7', '9007199254740991', '1700000000.123456', '1700000000.1234560', '1e308'])(
  '%s is kept',
  (number) => {
    for (const json of [number, `{"a":${number}}`, `[${number},"x"]`]) expect(hasInexactNumber(json)).toBe(false)
  },
)

test('what stands in a text is no number', () => {
  for (const text of ['9007199254740993', '\\"9007199254740993', '\\\\', 'a\\n1e400', '']) {
    expect(hasInexactNumber(`{"${text}":"${text}","n":1}`)).toBe(false)
  }
})
