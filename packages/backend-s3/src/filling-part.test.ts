import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { bytesOf } from '../test/support/faulty-store.ts'
import { FillingPart } from './filling-part.ts'

const BYTES = bytesOf(1_000_000)

test.each([1, 1_000, 65_536, 131_072, 131_073, 500_000, 1_000_000])('collects bytes in chunks of %i, and knows their digests', (length) => {
  // Larger than needed, as a buffer that is used again may be.
  const part = new FillingPart(Buffer.alloc(BYTES.length + 7), { size: BYTES.length, withSha256: true })
  const start = length === 1 ? BYTES.length - 100 : 0
  if (start > 0) part.take(BYTES.subarray(0, start), 0)
  for (let at = start; at < BYTES.length; at += length) {
    expect(part.isFull).toBe(false)
    const chunk = BYTES.subarray(at, at + length)
    expect(part.take(chunk, 0)).toBe(chunk.length)
  }
  expect(part.isFull).toBe(true)
  const { bytes, crc32: sum, sha256 } = part.seal()
  expect(bytes.equals(BYTES)).toBe(true)
  expect([sum, sha256]).toEqual([crc32(BYTES), createHash('sha256').update(BYTES).digest('hex')])
})

test('takes of a chunk what fits in, from where it is told', () => {
  const part = new FillingPart(Buffer.alloc(10), { size: 10, withSha256: false })
  expect(part.take(BYTES.subarray(0, 8), 5)).toBe(3)
  expect(part.take(BYTES.subarray(0, 100), 8)).toBe(7)
  expect([part.isFull, part.take(BYTES, 15)]).toEqual([true, 0])
  const { bytes, crc32: sum, sha256 } = part.seal()
  expect(bytes.equals(BYTES.subarray(5, 15))).toBe(true)
  expect([sum, sha256]).toEqual([crc32(BYTES.subarray(5, 15)), null])
})

test('of no bytes, too', () => {
  const { bytes, crc32: sum, sha256 } = new FillingPart(Buffer.alloc(0), { size: 1, withSha256: true }).seal()
  expect([bytes.length, sum, sha256]).toEqual([0, 0, createHash('sha256').digest('hex')])
})
