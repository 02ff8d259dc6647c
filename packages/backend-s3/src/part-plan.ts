import { PART_COUNT_MAX } from './options.ts'
import type { ParsedOptions } from './options.ts'

/** How a blob is cut. */
export interface PartPlan {
  /** The size of every part but the last, in bytes. */
  readonly partSize: number
  /** How many of them are on their way at once. */
  readonly concurrency: number
  /** Whether it goes up in one request, all of it in memory. */
  readonly isWhole: boolean
}

const MIB = 1024 ** 2

/**
 * Plans a blob of that size. One that would have more than 10,000 parts gets larger ones, and so many fewer at once that the memory stays
 * what it was; two parts are the least that it takes.
 */
export function planParts(options: ParsedOptions, size: number | undefined): PartPlan {
  const { concurrency, multipartThreshold } = options
  if (size !== undefined && size <= multipartThreshold) return { partSize: Math.max(size, 1), concurrency: 1, isWhole: true }
  const needed = Math.ceil(Math.ceil((size ?? 0) / PART_COUNT_MAX) / MIB) * MIB
  if (needed <= options.partSize) return { partSize: options.partSize, concurrency, isWhole: false }
  const memory = options.partSize * (concurrency + 1)
  return { partSize: needed, concurrency: Math.max(1, Math.min(concurrency, Math.floor(memory / needed) - 1)), isWhole: false }
}
