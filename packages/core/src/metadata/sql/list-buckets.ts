import sql, { join, raw } from 'sql-template-tag'
import { compareBytes } from '../../model/byte-order.ts'
import type { BucketInfo } from '../../model/bucket.ts'
import type { ListBucketsPage, ListBucketsQuery } from '../queries.ts'
import { bucketColumns, readBucketRow } from './bucket-row.ts'
import { prefixSuccessor } from './key-range.ts'
import { isAlways, isNever } from './list-objects.ts'
import { bucketColumnsOf } from './predicate-columns.ts'
import { predicateSql } from './predicate-sql.ts'
import type { SqlContext, SqlProgram, SqlStatement } from './sql-driver.ts'

const COLUMNS = bucketColumns('b')

/** One page of buckets by name. One statement. */
export function* listBuckets(context: SqlContext, query: ListBucketsQuery): SqlProgram<ListBucketsPage> {
  const { visible, limit } = query
  if (isNever(visible)) return { buckets: [], next: null }
  const found = (yield selectBuckets(context, query)).map((row) => readBucketRow(row))
  return cutPage(found, limit)
}

/** The statement of `listBuckets`. */
export function selectBuckets({ dialect }: Pick<SqlContext, 'dialect'>, query: ListBucketsQuery): SqlStatement {
  const { account, jurisdiction, visible, prefix, after, limit } = query
  const below = prefixSuccessor(prefix)
  const conditions = [
    ...(account === null ? [] : [sql`b.account = ${account}`]),
    ...(jurisdiction === null ? [] : [sql`b.jurisdiction = ${jurisdiction}`]),
    after === null || compareBytes(after, prefix) < 0 ? sql`b.name >= ${prefix}` : sql`b.name > ${after}`,
    ...(below === null ? [] : [sql`b.name < ${below}`]),
    ...(isAlways(visible) ? [] : [predicateSql(visible, bucketColumnsOf(dialect, 'b'))]),
  ]
  return sql`SELECT ${raw(COLUMNS)} FROM buckets b WHERE ${join(conditions, ' AND ')} ORDER BY b.name, b.jurisdiction LIMIT ${limit + SAME_NAME_MAX}`
}

/** How many buckets of one name a page makes room for beyond its limit: one in each jurisdiction. */
const SAME_NAME_MAX = 64

/** Cuts between names, never within one: the next page begins behind a name. So a page may be longer by the jurisdictions of one name. */
function cutPage(found: readonly BucketInfo[], limit: number): ListBucketsPage {
  const last = found[limit - 1]
  if (last === undefined) return { buckets: found, next: null }
  const same = found.findIndex((bucket, at) => at >= limit && bucket.name !== last.name)
  if (same !== -1) return { buckets: found.slice(0, same), next: last.name }
  return { buckets: found, next: found.length < limit + SAME_NAME_MAX ? null : last.name }
}
