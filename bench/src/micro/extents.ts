import { bench, do_not_optimize, group, run } from 'mitata'
import { parseBlobKey } from '@stowage/core/backend'
import { decodeExtents, encodeExtents, readExtentsHeader } from '../../../packages/core/src/metadata/sql/extent-codec.ts'
import type { StoredExtent } from '../../../packages/core/src/metadata/sql/extent-codec.ts'

/** The one packed column that says where an object's bytes are. `node -C @stowage/source bench/src/micro/extents.ts`. */
const PART_SIZE = 8 * 1024 * 1024

function extents(count: number): readonly StoredExtent[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: 'blob' as const,
    backendId: 'main',
    blob: parseBlobKey(`0190a0a00000700080${index.toString(16).padStart(14, '0')}`),
    storedOffset: 0,
    storedLength: PART_SIZE,
    length: PART_SIZE,
    crc32c: (index * 2_654_435_761) >>> 0,
    envelope: null,
  }))
}

for (const count of [1, 64, 1000, 10_000]) {
  const list = extents(count)
  const bytes = encodeExtents(1, list)
  group(`${count} extents, ${bytes.length} bytes`, () => {
    bench('encode', () => do_not_optimize(encodeExtents(1, list)))
    bench('decode', () => do_not_optimize(decodeExtents(1, bytes)))
    bench('read the header', () => do_not_optimize(readExtentsHeader(bytes)))
  })
}

await run()
