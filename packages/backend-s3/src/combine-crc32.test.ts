import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { bytesOf } from '../test/support/faulty-store.ts'
import { combineCrc32 } from './combine-crc32.ts'

const BYTES = bytesOf(100_003)

test.each([0, 1, 2, 255, 65_536, 99_999, 100_003])('the sums of two stretches, divided at %i, give that of both', (at) => {
  const [first, second] = [BYTES.subarray(0, at), BYTES.subarray(at)]
  expect(combineCrc32(crc32(first), crc32(second), second.length)).toBe(crc32(BYTES))
})

test('of any number of stretches, whatever they are', () => {
  let whole = 0
  for (let at = 0; at < BYTES.length; at += 7_001) {
    const stretch = BYTES.subarray(at, at + 7_001)
    whole = combineCrc32(whole, crc32(stretch), stretch.length)
  }
  expect(whole).toBe(crc32(BYTES))
  // Longer than a number of 32 bits can say: zeros, of which the sum of both is known by halves.
  const zeros = 2 ** 33
  const half = combineCrc32(crc32(BYTES), 0, zeros / 2)
  expect(combineCrc32(half, 0, zeros / 2)).toBe(combineCrc32(crc32(BYTES), 0, zeros))
})
