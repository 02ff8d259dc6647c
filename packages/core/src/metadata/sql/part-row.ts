import type { PartInfo } from '../../model/upload.ts'
import { integerOf, textOf } from './column.ts'
import { columnList, readChecksum } from './object-row.ts'
import type { SqlRow, SqlValue } from './sql-driver.ts'

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

/** How many columns `readPartRow` takes. */
export const PART_COLUMN_COUNT: number = PART_COLUMN_NAMES.length

/** The columns of `readPartRow` as text of a SELECT, under a table's alias. */
export function partColumns(alias: string): string {
  return columnList(alias, PART_COLUMN_NAMES)
}

/** A row of `partColumns`, from position `at` on, as the model's part. */
export function readPartRow(row: SqlRow, at: number = 0): PartInfo {
  return {
    partNumber: integerOf(row[at]),
    size: integerOf(row[at + 1]),
    etag: textOf(row[at + 2]),
    checksum: readChecksum(row, at + 3),
    createdAt: new Date(integerOf(row[at + 6])),
  }
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
