import type { ByteRange } from '../backend/backend.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { RequestedRange } from './inputs.ts'

/** A range by its bytes: what is asked for a part becomes one first. */
export type RequestedBytes = Exclude<RequestedRange, { readonly part: number }>

/**
 * Holds a range against a size (RFC 9110 §14.1.2): cut at the end; `InvalidRange` where nothing of it exists. A suffix of
 * an empty object is refused too, as AWS does: no Content-Range could say it.
 */
export function resolveRange(range: RequestedBytes, size: number): ByteRange {
  if ('suffix' in range) {
    checkPosition(range.suffix)
    if (range.suffix === 0 || size === 0) throw new StorageError('InvalidRange', { size })
    return { start: Math.max(0, size - range.suffix), end: size }
  }
  const { start, end } = range
  checkPosition(start)
  if (end !== undefined) {
    checkPosition(end)
    if (end <= start) throw new StorageError('InvalidArgument', { argument: 'range', reason: 'ends before it has begun' })
  }
  if (start >= size) throw new StorageError('InvalidRange', { size })
  return { start, end: end === undefined ? size : Math.min(end, size) }
}

function checkPosition(position: number): void {
  // Not isSafeInteger: what is past 2^53 is past the end of anything, and is no mistake of the caller.
  if (!(Number.isInteger(position) && position >= 0)) {
    throw new StorageError('InvalidArgument', { argument: 'range', reason: 'positions are whole numbers, 0 or more' })
  }
}
