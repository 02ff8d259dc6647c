import type { BucketInfo } from '../../model/bucket.ts'
import { integerOf, textOf } from './column.ts'
import { versioningOf } from './key-state.ts'
import { columnList } from './object-row.ts'
import type { SqlRow, SqlValue } from './sql-driver.ts'

/** The columns of `buckets` that `readBucketRow` reads, in its order. */
export const BUCKET_COLUMN_NAMES: readonly string[] = ['id', 'jurisdiction', 'name', 'account', 'public', 'versioning', 'created_at']

/** The columns of `readBucketRow` as text of a SELECT, under a table's alias. */
export function bucketColumns(alias: string): string {
  return columnList(alias, BUCKET_COLUMN_NAMES)
}

/** A row of `bucketColumns`, from position `at` on, as the model's bucket. */
export function readBucketRow(row: SqlRow, at: number = 0): BucketInfo {
  return {
    id: textOf(row[at]),
    jurisdiction: textOf(row[at + 1]),
    name: textOf(row[at + 2]),
    account: textOf(row[at + 3]),
    public: row[at + 4] === 1,
    versioning: versioningOf(row[at + 5]),
    createdAt: new Date(integerOf(row[at + 6])),
  }
}

/** The values of `BUCKET_COLUMN_NAMES`, in its order. */
export function bucketValues(bucket: BucketInfo): SqlValue[] {
  return [bucket.id, bucket.jurisdiction, bucket.name, bucket.account, bucket.public ? 1 : 0, bucket.versioning, bucket.createdAt.getTime()]
}
