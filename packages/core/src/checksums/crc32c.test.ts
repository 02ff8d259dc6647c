import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32c, crc32cInJs } from './crc32c.ts'

describe('crc32c', () => {
  test('the check value of the catalogue, by the library and in JS', () => {
    const bytes = Buffer.from('123456789')
    expect([crc32c(bytes), crc32cInJs(bytes)]).toEqual([0xe3069283, 0xe3069283])
  })

  test('JS says what the library says, at every alignment and on from any value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(7), fc.integer({ min: 0, max: 0xffffffff }), (bytes, skip, value) => {
        const cut = bytes.subarray(Math.min(skip, bytes.length))
        expect(crc32cInJs(cut, value)).toBe(crc32c(cut, value))
      }),
    )
  })
})
