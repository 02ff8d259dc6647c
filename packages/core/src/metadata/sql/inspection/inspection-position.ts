import { StorageError } from '../../../errors/storage-error.ts'
import { parseJson } from '../json-column.ts'
import type { SqlValue } from '../sql-driver.ts'

/** Where a page of an inspection goes on: values of the last row's key. */
export type InspectionPosition = readonly SqlValue[]

/** The position as callers see it. */
export function formatPosition(position: InspectionPosition): string {
  return JSON.stringify(position)
}

/** Reads a position back; null stands for the start. Throws `InvalidArgument` for what no page gave. */
export function parsePosition(after: string | null, length: number): InspectionPosition | null {
  if (after === null) return null
  const position = readList(after)
  if (position?.length === length && position.every((value) => typeof value === 'string' || typeof value === 'number' || value === null)) {
    return position
  }
  throw new StorageError('InvalidArgument', { argument: 'after', reason: 'is not what a page gave' })
}

function readList(text: string): readonly unknown[] | null {
  try {
    const value = parseJson(text)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
