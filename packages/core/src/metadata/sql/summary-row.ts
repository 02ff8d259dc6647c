import type { ObjectSummary } from '../../model/object.ts'
import { integerOf, textOf, textOrNull } from './column.ts'
import { readChecksumKind, readHeaders } from './object-row.ts'
import type { SqlRow } from './sql-driver.ts'

/**
 * The columns of `objects` that `readSummaryRow` reads, in its order. On SQLite all of them are in the index of owners: a page of one more column would
 * look up each of its rows.
 */
export const SUMMARY_COLUMN_NAMES: readonly string[] = [
  'key',
  'version_id',
  'sequence',
  'size',
  'etag',
  'checksum_algorithm',
  'checksum_type',
  'content_type',
  'headers',
  'owner_id',
  'created_at',
]

/** A row of `SUMMARY_COLUMN_NAMES` as the model's summary. */
export function readSummaryRow(row: SqlRow, bucketId: string): ObjectSummary {
  return {
    bucketId,
    key: textOf(row[0]),
    versionId: textOf(row[1]),
    sequence: integerOf(row[2]),
    size: integerOf(row[3]),
    etag: textOf(row[4]),
    checksum: readChecksumKind(row, 5),
    headers: readHeaders(row, 7),
    ownerId: textOrNull(row[9]),
    createdAt: new Date(integerOf(row[10])),
  }
}
