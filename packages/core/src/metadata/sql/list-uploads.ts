import type { ListUploadsPage, ListUploadsQuery } from '../queries.ts'
import { textOf } from './column.ts'
import { collectPage } from './key-page.ts'
import type { NextPagePosition } from './key-range.ts'
import { type KeyTable, tableSource } from './key-source.ts'
import { bothBeginnings } from './key-beginnings.ts'
import { listingBounds } from './listing-bounds.ts'
import { rangedSource } from './ranged-source.ts'
import { bucketFactsOf } from './bucket-facts.ts'
import { isAlways, isNever } from './list-objects.ts'
import { uploadColumnsOf } from './predicate-columns.ts'
import { predicateSql } from './predicate-sql.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'
import { UPLOAD_COLUMN_NAMES, readUploadRow, uploadColumns } from './upload-row.ts'

const SELECT = uploadColumns('t')
const KEY_AT = UPLOAD_COLUMN_NAMES.indexOf('key')
const ID_AT = UPLOAD_COLUMN_NAMES.indexOf('id')

/** One page of the open uploads of a bucket: by key, then by id. */
export function* listUploads({ dialect }: SqlContext, query: ListUploadsQuery): SqlProgram<ListUploadsPage> {
  const { bucketId, prefix, delimiter, position, limit, rowsScannedMax, visible } = query
  if (isNever(visible)) return { uploads: [], commonPrefixes: [], next: null }
  const filter = isAlways(visible) ? null : predicateSql(visible, uploadColumnsOf(dialect, 't', bucketFactsOf(bucketId)))
  const from = position === null ? null : { after: position.after, skipPrefix: position.skipPrefix, tie: position.uploadId }
  const source = rangedSource(bothBeginnings(listingBounds(visible).prefixes, [prefix]), (within) =>
    tableSource(openUploads(query), { prefix, delimiter: null, filter, within }, dialect),
  )
  const page = yield* collectPage(source, { prefix, delimiter, limit, rowsScannedMax, position: from })
  return {
    uploads: page.rows.map(({ row }) => readUploadRow(row, bucketId)),
    commonPrefixes: page.commonPrefixes,
    next: nextOf(page.next),
  }
}

function nextOf(next: NextPagePosition | null): ListUploadsPage['next'] {
  if (next === null) return null
  const { after, skipPrefix, shown, tie } = next
  return { after, skipPrefix, shown, uploadId: tie === null ? null : textOf(tie) }
}

/** The table that a listing of uploads reads. */
function openUploads({ bucketId, kind }: Pick<ListUploadsQuery, 'bucketId' | 'kind'>): KeyTable {
  return {
    select: SELECT,
    selectValues: [],
    from: 'uploads t',
    where: `t.bucket_id = ? AND t.kind = ? AND t.status = 'open'`,
    whereValues: [bucketId, kind],
    tie: { column: 'id', descending: false, ordered: true },
    keyAt: KEY_AT,
    tieAt: ID_AT,
  }
}
