import { assert } from '../../util/assert.ts'
import type { UploadInfo } from '../../model/upload.ts'
import { integerOf, integerOrNull, textOf } from './column.ts'
import { ATTRIBUTE_NAMES, attributeValues, columnList, readAttributes, readChecksumKind } from './object-row.ts'
import type { SqlRow, SqlValue } from './sql-driver.ts'

/** The columns of `uploads` that `readUploadRow` reads, in its order. */
export const UPLOAD_COLUMN_NAMES: readonly string[] = [
  'id',
  'kind',
  'bucket_id',
  'key',
  'checksum_algorithm',
  'checksum_type',
  'declared_size',
  'received',
  'expires_at',
  ...ATTRIBUTE_NAMES,
]

/** How many columns `readUploadRow` takes. */
export const UPLOAD_COLUMN_COUNT: number = UPLOAD_COLUMN_NAMES.length

/** The columns of `readUploadRow` as text of a SELECT, under a table's alias. */
export function uploadColumns(alias: string): string {
  return columnList(alias, UPLOAD_COLUMN_NAMES)
}

/** A row of `uploadColumns`, from position `at` on, as the model's upload. */
export function readUploadRow(row: SqlRow, at: number = 0): UploadInfo {
  const kind = textOf(row[at + 1])
  assert(kind === 'parts' || kind === 'append', `the upload is of kind ${kind}`)
  return {
    uploadId: textOf(row[at]),
    kind,
    bucketId: textOf(row[at + 2]),
    key: textOf(row[at + 3]),
    checksum: readChecksumKind(row, at + 4),
    declaredSize: integerOrNull(row[at + 6]),
    offset: integerOf(row[at + 7]),
    expiresAt: new Date(integerOf(row[at + 8])),
    ...readAttributes(row, at + 9),
  }
}

/** The values of `UPLOAD_COLUMN_NAMES`, in its order. */
export function uploadValues(upload: UploadInfo): SqlValue[] {
  return [
    upload.uploadId,
    upload.kind,
    upload.bucketId,
    upload.key,
    upload.checksum?.algorithm ?? null,
    upload.checksum?.type ?? null,
    upload.declaredSize,
    upload.offset,
    upload.expiresAt.getTime(),
    ...attributeValues(upload),
  ]
}
