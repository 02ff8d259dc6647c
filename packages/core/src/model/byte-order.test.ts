import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes } from './byte-order.ts'

test('orders surrogate pairs behind U+FFFF, where JavaScript does not', () => {
  expect(['\uffff', '\u{10000}'].sort()).toEqual(['\u{10000}', '\uffff'])
  expect(compareBytes('\u{10000}', '\uffff')).toBeGreaterThan(0)
  expect(compareBytes('\ud7ff', '\ue000')).toBeLessThan(0)
})

test('agrees with the order of the UTF-8 bytes', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', '\0'), maxLength: 4 })
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
    }),
  )
})
