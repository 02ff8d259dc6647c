import type { ByteRange } from '@stowage/core/backend'
import { assertFails, assertSameBytes, bytesOf, getBytes, keyOf, putBytes } from './support.ts'
import type { BackendCase } from './support.ts'

const SIZE = 2_200_000
const MIB = 1024 * 1024

/** First byte, last byte, nothing at all, and both sides of the sizes that implementations read in. */
const RANGES: readonly ByteRange[] = [
  { start: 0, end: SIZE },
  { start: 0, end: 1 },
  { start: SIZE - 1, end: SIZE },
  { start: 0, end: 0 },
  { start: 1_000, end: 1_000 },
  { start: SIZE, end: SIZE },
  { start: 1, end: SIZE - 1 },
  { start: 65_535, end: 65_537 },
  { start: MIB - 1, end: MIB + 1 },
  { start: MIB, end: 2 * MIB },
  { start: 1_000_001, end: SIZE },
]

/** Ranges, at their edges. */
export const rangeCases: readonly BackendCase[] = [
  {
    name: 'ranges: every edge gives exactly its bytes',
    async run(backend) {
      const bytes = bytesOf(SIZE)
      await putBytes(backend, keyOf(1), bytes)
      for (const range of RANGES) assertSameBytes(await getBytes(backend, keyOf(1), range), bytes.subarray(range.start, range.end))
    },
  },
  {
    name: 'ranges: the empty range of an empty blob is empty',
    async run(backend) {
      await putBytes(backend, keyOf(1), bytesOf(0))
      assertSameBytes(await getBytes(backend, keyOf(1), { start: 0, end: 0 }), bytesOf(0))
    },
  },
  {
    name: 'ranges: one that ends after the blob fails with BlobDamaged before the first byte',
    async run(backend) {
      await putBytes(backend, keyOf(1), bytesOf(1_000))
      await assertFails(backend.get(keyOf(1), { range: { start: 0, end: 1_001 } }), 'BlobDamaged')
      await assertFails(backend.get(keyOf(1), { range: { start: 1_000, end: 1_001 } }), 'BlobDamaged')
      await assertFails(backend.get(keyOf(1), { range: { start: 5_000, end: 6_000 } }), 'BlobDamaged')
    },
  },
  {
    name: 'ranges: one that begins below 0 or after its own end is refused',
    async run(backend) {
      await putBytes(backend, keyOf(1), bytesOf(1_000))
      await assertFails(backend.get(keyOf(1), { range: { start: -1, end: 10 } }), 'InvalidArgument')
      await assertFails(backend.get(keyOf(1), { range: { start: 10, end: 9 } }), 'InvalidArgument')
    },
  },
]
