import type { BlobKey } from '../../../backend/blob-key.ts'
import { assert } from '../../../util/assert.ts'
import type { InspectedGarbage, InspectedReference, InspectionPage, InspectionQuery } from '../../inspection.ts'
import { integerOf, textOf } from '../column.ts'
import { NO_PART } from '../references.ts'
import type { SqlProgram, SqlRow, SqlValue } from '../sql-driver.ts'
import { formatPosition, parsePosition } from './inspection-position.ts'

interface PagedRows<T> {
  readonly query: InspectionQuery
  /** The columns of the order, first among those selected. */
  readonly key: readonly string[]
  readonly columns: string
  readonly table: string
  readonly read: (row: SqlRow) => T
}

const REFERENCE_KEY = ['backend_id', 'blob', 'manifest_id', 'part_number']
const GARBAGE_KEY = ['backend_id', 'blob']

/** References in the order of blobs' names, then of their holders. */
export function inspectReferences(query: InspectionQuery): SqlProgram<InspectionPage<InspectedReference>> {
  return readPage({ query, key: REFERENCE_KEY, columns: REFERENCE_KEY.join(', '), table: 'blob_refs', read: readReference })
}

/** Garbage in the order of blobs' names. */
export function inspectGarbage(query: InspectionQuery): SqlProgram<InspectionPage<InspectedGarbage>> {
  return readPage({ query, key: GARBAGE_KEY, columns: 'backend_id, blob, state', table: 'garbage', read: readGarbage })
}

function* readPage<T>({ query, key, columns, table, read }: PagedRows<T>): SqlProgram<InspectionPage<T>> {
  const position = parsePosition(query.after, key.length)
  const names = key.join(', ')
  const where = position === null ? '' : ` WHERE (${names}) > (${key.map(() => '?').join(', ')})`
  const values: readonly SqlValue[] = [...(position ?? []), query.limit]
  const rows = yield { sql: `SELECT ${columns} FROM ${table}${where} ORDER BY ${names} LIMIT ?`, values }
  const last = rows.length === query.limit ? rows.at(-1) : undefined
  return { rows: rows.map(read), next: last === undefined ? null : formatPosition(last.slice(0, key.length)) }
}

function readReference(row: SqlRow): InspectedReference {
  const partNumber = integerOf(row[3])
  return { ...readBlob(row), manifestId: integerOf(row[2]), partNumber: partNumber === NO_PART ? null : partNumber }
}

function readGarbage(row: SqlRow): InspectedGarbage {
  const state = textOf(row[2])
  assert(state === 'reserved' || state === 'queued' || state === 'claimed', `garbage is ${state}`)
  return { ...readBlob(row), state }
}

function readBlob(row: SqlRow): { readonly backendId: string; readonly blob: BlobKey } {
  // What the store wrote was checked when it came in.
  return { backendId: textOf(row[0]), blob: textOf(row[1]) as BlobKey }
}
