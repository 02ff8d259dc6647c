import type { BlobKey } from '@stowage/core/backend'
import type { CopiedRange } from './copy-parts.ts'
import { PART_COUNT_MAX } from './options.ts'

/** Small enough to go on beside each other, large enough for few requests; in bytes. */
const RANGE_SIZE = 1024 ** 3

/** The ranges in which a blob of that size is copied: of 1 GiB, or larger where there would be more than 10,000 of them. */
export function cutRanges(from: BlobKey, size: number): readonly CopiedRange[] {
  const rangeSize = Math.max(RANGE_SIZE, Math.ceil(size / PART_COUNT_MAX))
  return Array.from({ length: Math.ceil(size / rangeSize) }, (_, index) => ({
    from,
    range: { start: index * rangeSize, end: Math.min(size, (index + 1) * rangeSize) },
  }))
}
