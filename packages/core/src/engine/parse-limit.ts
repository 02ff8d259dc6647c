import { StorageError } from '../errors/storage-error.ts'

/** How many rows a page may have: what was asked for, cut at the maximum as AWS does it; the maximum where nothing was. */
export function parseLimit(limit: number | undefined, max: number): number {
  if (limit === undefined) return max
  if (Number.isInteger(limit) && limit >= 0) return Math.min(limit, max)
  throw new StorageError('InvalidArgument', { argument: 'limit', reason: `is a whole number from 0 to ${max}` })
}
