import type { PartPage } from '../commands.ts'
import type { UploadQuery } from '../metadata-store.ts'
import type { FindObjectQuery } from '../queries.ts'
import { integerOf } from './column.ts'
import { findObject } from './find-object.ts'
import { bucketFactsOf } from './bucket-facts.ts'
import { isAlways, isNever } from './list-objects.ts'
import { type PartRange, readPartPage } from './part-row.ts'
import { uploadColumnsOf } from './predicate-columns.ts'
import { predicateSql } from './predicate-sql.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'

const NO_PARTS: PartPage = { parts: [], next: null }

/** One page of the parts of an open upload; none where there is no such upload, or the caller may not see it. */
export function* listParts({ dialect }: SqlContext, query: UploadQuery & PartRange): SqlProgram<PartPage> {
  const { uploadId, bucketId, key, visible } = query
  if (isNever(visible)) return NO_PARTS
  const filter = isAlways(visible) ? null : predicateSql(visible, uploadColumnsOf(dialect, 'u', bucketFactsOf(bucketId)))
  const [upload] = yield {
    sql: `SELECT u.manifest_id FROM uploads u WHERE u.id = ? AND u.bucket_id = ? AND u.key = ? AND u.status = 'open'${filter === null ? '' : ` AND ${filter.sql}`}`,
    values: [uploadId, bucketId, key, ...(filter?.values ?? [])],
  }
  return upload === undefined ? NO_PARTS : yield* readPartPage(integerOf(upload[0]), query)
}

const MANIFEST = `SELECT manifest_id FROM objects WHERE bucket_id = ? AND key = ? AND sequence = ?
UNION ALL SELECT manifest_id FROM object_versions WHERE bucket_id = ? AND key = ? AND sequence = ?`

/** One page of the parts that a version was completed from; none where it was written in one go, or the caller may not read it. */
export function* listObjectParts(context: SqlContext, query: FindObjectQuery & PartRange): SqlProgram<PartPage> {
  const found = yield* findObject(context, query)
  if (found.outcome !== 'found' || found.object.partCount === null) return NO_PARTS
  const { bucketId, key, sequence } = found.object
  const [row] = yield { sql: MANIFEST, values: [bucketId, key, sequence, bucketId, key, sequence] }
  return row === undefined ? NO_PARTS : yield* readPartPage(integerOf(row[0]), query)
}
