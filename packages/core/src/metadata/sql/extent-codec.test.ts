import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BlobKey } from '../../backend/blob-key.ts'
import { decodeExtents, encodeExtents, readExtentsHeader } from './extent-codec.ts'
import type { StoredExtent } from './extent-codec.ts'

const SAFE = fc.maxSafeNat()
const envelope = fc.record({
  scheme: fc.string(),
  dataKeyId: fc.string({ unit: 'grapheme' }),
  salt: fc.uint8Array({ maxLength: 40 }),
  frameSize: SAFE,
  firstFrame: SAFE,
  skip: SAFE,
})
const facts = {
  length: SAFE,
  crc32c: fc.option(fc.nat({ max: 0xffffffff })),
  envelope: fc.option(envelope),
}
const blob = fc.stringMatching(/^[a-z0-9_-]{1,8}\/[a-z0-9_-]{1,180}$/).map((name) => name as BlobKey)
const extent: fc.Arbitrary<StoredExtent> = fc.oneof(
  fc.record({ kind: fc.constant('inline' as const), inlineId: SAFE, ...facts }),
  fc.record({ kind: fc.constant('blob' as const), backendId: fc.string(), blob, storedOffset: SAFE, storedLength: SAFE, ...facts }),
)

test('what is packed comes out again, whatever it is', () => {
  fc.assert(
    fc.property(SAFE, fc.array(extent, { maxLength: 20 }), (manifestId, extents) => {
      const packed = encodeExtents(manifestId, extents)
      expect(decodeExtents(manifestId, packed)).toEqual(extents)
      const first = extents[0]
      const single = extents.length === 1 && first?.kind === 'inline' && first.inlineId === manifestId
      expect(readExtentsHeader(packed.subarray(0, 2))).toEqual({
        blobs: extents.some(({ kind }) => kind === 'blob'),
        single,
        scattered: !single && extents.some(({ kind }) => kind === 'inline'),
      })
    }),
    { numRuns: 500 },
  )
})

test('one inline extent is a header, 10,000 blobs are less than 500 KB', () => {
  const single: StoredExtent = { kind: 'inline', inlineId: 7, length: 4096, crc32c: 1, envelope: null }
  expect(encodeExtents(7, [single]).byteLength).toBeLessThanOrEqual(12)
  const many = Array.from({ length: 10_000 }, (_, index): StoredExtent => {
    const name = `0194f${(index * 0x9e3779b1).toString(16).padStart(27, '0').slice(-27)}` as BlobKey
    return {
      kind: 'blob',
      backendId: 'main',
      blob: name,
      length: 5 << 20,
      storedOffset: 0,
      storedLength: 5 << 20,
      crc32c: index,
      envelope: null,
    }
  })
  const packed = encodeExtents(1, many)
  expect(packed.byteLength).toBeLessThan(500_000)
  expect(decodeExtents(1, packed)).toEqual(many)
})

test('damage is told, never read past', () => {
  const packed = encodeExtents(1, [{ kind: 'inline', inlineId: 1, length: 4096, crc32c: 1, envelope: null }])
  expect(() => decodeExtents(1, packed.subarray(0, packed.length - 1))).toThrow('end too early')
  expect(() => decodeExtents(1, Buffer.concat([packed, Buffer.from([0])]))).toThrow('behind their end')
  expect(() => decodeExtents(1, Uint8Array.from([9, ...packed.subarray(1)]))).toThrow('version 9')
  expect(() => readExtentsHeader(Uint8Array.from([9, 0]))).toThrow('version 9')
})
