import type { PartPage } from '../commands.ts'
import type { PartInfo } from '../../model/upload.ts'
import { integerOf, textOf } from './column.ts'
import { columnList, readChecksum } from './object-row.ts'
import type { SqlProgram, SqlRow, SqlStatement, SqlValue } from './sql-driver.ts'

/** The columns of `parts` that `readPartRow` reads, in its order. */
export const PART_COLUMN_NAMES: readonly string[] = [
  'part_number',
  'size',
  'etag',
  'checksum_algorithm',
  'checksum_type',
  'checksum_value',
  'created_at',
]

/** A row of `PART_COLUMN_NAMES`, from position `at` on, as the model's part. */
export function readPartRow(row: SqlRow, at: number = 0): PartInfo {
  return {
    partNumber: integerOf(row[at]),
    size: integerOf(row[at + 1]),
    etag: textOf(row[at + 2]),
    checksum: readChecksum(row, at + 3),
    createdAt: new Date(integerOf(row[at + 6])),
  }
}

/** Which part numbers of a manifest a page shows. */
export interface PartRange {
  readonly after: number
  readonly limit: number
}

const SELECT_PARTS = `SELECT ${columnList('p', PART_COLUMN_NAMES)} FROM parts p
WHERE p.manifest_id = ? AND p.part_number > ? ORDER BY p.part_number LIMIT ?`

/** The statement of `readPartPage`. */
export function selectParts(manifestId: number, { after, limit }: PartRange): SqlStatement {
  return { sql: SELECT_PARTS, values: [manifestId, after, limit + 1] }
}

/** One page of the parts of a manifest, by number. */
export function* readPartPage(manifestId: number, range: PartRange): SqlProgram<PartPage> {
  const parts = (yield selectParts(manifestId, range)).map((row) => readPartRow(row))
  const page = parts.slice(0, range.limit)
  return { parts: page, next: parts.length > range.limit ? (page.at(-1)?.partNumber ?? null) : null }
}

/** How many columns `readPartRow` takes. */
export const PART_COLUMN_COUNT: number = PART_COLUMN_NAMES.length

/** The columns of `readPartRow` as text of a SELECT, under a table's alias. */
export function partColumns(alias: string): string {
  return columnList(alias, PART_COLUMN_NAMES)
}

/** The values of `PART_COLUMN_NAMES`, in its order. */
export function partValues(part: PartInfo): SqlValue[] {
  return [
    part.partNumber,
    part.size,
    part.etag,
    part.checksum?.algorithm ?? null,
    part.checksum?.type ?? null,
    part.checksum?.value ?? null,
    part.createdAt.getTime(),
  ]
}
