import * as fc from 'fast-check'
import { test } from 'vitest'
import { isWellFormed } from './utf8.ts'

test('tells texts that survive UTF-8 from those that do not', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\ud83d', '\ude00', '\u{1f600}', '\uffff') })
  fc.assert(fc.property(text, (text) => isWellFormed(text) === (Buffer.from(text).toString() === text)))
  fc.assert(fc.property(fc.string({ unit: 'binary' }), isWellFormed))
})
