import type { UploadInfo, UploadKind } from '../../model/upload.ts'
import { assert } from '../../util/assert.ts'
import { integerOf, integerOrNull, textOf, textOrNull } from './column.ts'
import { ATTRIBUTE_NAMES, attributeValues, columnList, readAttributes, readChecksumKind } from './object-row.ts'
import type { SqlRow, SqlValue } from './sql-driver.ts'

/** The columns of `uploads` that `readUploadRow` reads, in its order. The bucket is known to whoever asks. */
export const UPLOAD_COLUMN_NAMES: readonly string[] = [
  'id',
  'key',
  'kind',
  'checksum_algorithm',
  'checksum_type',
  'declared_size',
  'received',
  'expires_at',
  'owner_account',
  ...ATTRIBUTE_NAMES,
]

/** How many columns `readUploadRow` takes: what a statement selects behind them begins there. */
export const UPLOAD_COLUMN_COUNT: number = UPLOAD_COLUMN_NAMES.length

/** The columns of `readUploadRow` as text of a SELECT, under a table's alias. */
export function uploadColumns(alias: string): string {
  return columnList(alias, UPLOAD_COLUMN_NAMES)
}

/** A row of `uploadColumns`, from position `at` on, as the model's upload. */
export function readUploadRow(row: SqlRow, bucketId: string, at: number = 0): UploadInfo {
  return {
    uploadId: textOf(row[at]),
    key: textOf(row[at + 1]),
    kind: uploadKindOf(row[at + 2]),
    bucketId,
    checksum: readChecksumKind(row, at + 3),
    declaredSize: integerOrNull(row[at + 5]),
    offset: integerOf(row[at + 6]),
    expiresAt: new Date(integerOf(row[at + 7])),
    ownerAccount: textOrNull(row[at + 8]),
    ...readAttributes(row, at + 9),
  }
}

function uploadKindOf(value: SqlValue | undefined): UploadKind {
  const kind = textOf(value)
  assert(kind === 'parts' || kind === 'append', `the upload's kind is ${kind}`)
  return kind
}

/** The values of `UPLOAD_COLUMN_NAMES`, in its order. */
export function uploadValues(upload: UploadInfo): SqlValue[] {
  return [
    upload.uploadId,
    upload.key,
    upload.kind,
    upload.checksum?.algorithm ?? null,
    upload.checksum?.type ?? null,
    upload.declaredSize,
    upload.offset,
    upload.expiresAt.getTime(),
    upload.ownerAccount,
    ...attributeValues(upload),
  ]
}
