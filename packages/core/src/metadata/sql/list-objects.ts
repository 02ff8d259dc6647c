import type { Sql } from 'sql-template-tag'
import type { ListObjectsPage, ListObjectsQuery } from '../queries.ts'
import type { Predicate } from '../../policy/predicate.ts'
import { bucketFactsOf } from './bucket-facts.ts'
import { collectPage, isOneStatement, type KeyPageQuery } from './key-page.ts'
import { type KeyTable, tableSource } from './key-source.ts'
import { bothBeginnings } from './key-beginnings.ts'
import { listingBounds } from './listing-bounds.ts'
import { columnList } from './object-row.ts'
import { rangedSource } from './ranged-source.ts'
import { objectColumnsOf } from './predicate-columns.ts'
import { predicateSql } from './predicate-sql.ts'
import type { SqlContext, SqlDialect, SqlProgram } from './sql-driver.ts'
import { readSummaryRow, SUMMARY_COLUMN_NAMES } from './summary-row.ts'

const SELECT = columnList('t', SUMMARY_COLUMN_NAMES)
const KEY_AT = SUMMARY_COLUMN_NAMES.indexOf('key')

/** One page of the current objects of a bucket. */
export function* listObjects({ dialect }: SqlContext, query: ListObjectsQuery): SqlProgram<ListObjectsPage> {
  const { bucketId, prefix, visible } = query
  if (isNever(visible)) return { objects: [], commonPrefixes: [], next: null }
  const { owner, prefixes, rest } = listingBounds(visible)
  const table: KeyTable = {
    select: SELECT,
    selectValues: [],
    from: owner === null ? 'objects t' : `objects t${dialect.byOwner}`,
    where: owner === null ? 't.bucket_id = ?' : 't.bucket_id = ? AND t.owner_id = ?',
    whereValues: owner === null ? [bucketId] : [bucketId, owner],
    tie: null,
    keyAt: KEY_AT,
    tieAt: KEY_AT,
  }
  const filter = filterOf(rest, dialect, bucketId)
  const source = rangedSource(bothBeginnings(prefixes, [prefix]), (within) =>
    tableSource(table, { prefix, delimiter: query.delimiter, filter, within }, dialect),
  )
  const page = yield* collectPage(source, pageQuery(query))
  return {
    objects: page.rows.map(({ row }) => readSummaryRow(row, bucketId)),
    commonPrefixes: page.commonPrefixes,
    next: page.next === null ? null : { after: page.next.after, skipPrefix: page.next.skipPrefix, shown: page.next.shown },
  }
}

/** Whether the page surely takes one statement, so that it needs no transaction. */
export function listsObjectsAtOnce(query: ListObjectsQuery): boolean {
  const { prefixes, rest } = listingBounds(query.visible)
  return isOneStatement(pageQuery(query), isAlways(rest) && prefixes.length === 1)
}

function pageQuery({ prefix, delimiter, position, limit, rowsScannedMax }: ListObjectsQuery): KeyPageQuery {
  return { prefix, delimiter, limit, rowsScannedMax, position: position === null ? null : { ...position, tie: null } }
}

function filterOf(visible: Predicate, dialect: SqlDialect, bucketId: string): Sql | null {
  return isAlways(visible) ? null : predicateSql(visible, objectColumnsOf(dialect, 't', bucketFactsOf(bucketId)))
}

/** Whether a predicate is the plain literal that every row passes. */
export function isAlways(predicate: Predicate): boolean {
  return predicate.k === 'lit' && predicate.v === true
}

/** Whether a predicate is a plain literal that no row passes. */
export function isNever(predicate: Predicate): boolean {
  return predicate.k === 'lit' && predicate.v !== true
}
