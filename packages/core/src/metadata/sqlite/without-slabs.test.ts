import { expect, test } from 'vitest'
import { withoutSlabs } from './without-slabs.ts'

test('views get memory of their own, all else stays what it is', () => {
  const slab = Buffer.alloc(65_536, 7)
  const own = new Uint8Array([1, 2])
  const rest = { at: new Date(1), list: [{ own }], none: null }
  const input = { rest, extents: [{ bytes: slab.subarray(10, 14), length: 4 }] }
  const copy = withoutSlabs(input)
  expect(copy).toEqual({ rest, extents: [{ bytes: new Uint8Array([7, 7, 7, 7]), length: 4 }] })
  expect(copy).toMatchObject({ extents: [{ bytes: { buffer: { byteLength: 4 } } }] })
  expect(copy).toHaveProperty('rest', rest)
  expect((copy as typeof input).rest).toBe(rest)
  expect(input.extents[0]?.bytes.buffer).toBe(slab.buffer)
})
