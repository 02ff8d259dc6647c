import { raw } from 'sql-template-tag'
import { compareBytes } from '../../model/byte-order.ts'
import type { ObjectInfo } from '../../model/object.ts'
import type { Predicate } from '../../policy/predicate.ts'
import type { ListVersionsPage, ListVersionsQuery } from '../queries.ts'
import { integerOf } from './column.ts'
import { collectPage } from './key-page.ts'
import { laterSeek, type NextPagePosition, prefixSuccessor, type Seek } from './key-range.ts'
import {
  type KeySource,
  type KeyTable,
  type ScannedBatch,
  type ScannedRow,
  scannedRow,
  seekBehindRange,
  selectRange,
} from './key-source.ts'
import { bothBeginnings } from './key-beginnings.ts'
import { listingBounds } from './listing-bounds.ts'
import { rangedSource } from './ranged-source.ts'
import { bucketFactsOf } from './bucket-facts.ts'
import { isAlways, isNever } from './list-objects.ts'
import { OBJECT_COLUMN_COUNT, OBJECT_COLUMN_NAMES, objectColumns, readObjectRow } from './object-row.ts'
import { objectColumnsOf } from './predicate-columns.ts'
import { predicateSql } from './predicate-sql.ts'
import type { SqlContext, SqlDialect, SqlProgram, SqlRow } from './sql-driver.ts'

const KEY_AT = OBJECT_COLUMN_NAMES.indexOf('key')
const SEQUENCE_AT = OBJECT_COLUMN_NAMES.indexOf('sequence')
// Behind the object's columns.
const MARKER_AT = OBJECT_COLUMN_COUNT
const LATEST_AT = MARKER_AT + 1
const VISIBLE_AT = LATEST_AT + 1

// Only a marker can be the current version without a row in `objects`. Not EXISTS: of that, Postgres may make one look at
// the whole table for all rows together; and without ORDER BY it may look for a newer version by walking the table.
const LATEST_MARKER = `CASE WHEN t.delete_marker = 1
  AND (SELECT c.sequence FROM objects c WHERE c.bucket_id = t.bucket_id AND c.key = t.key) IS NULL
  AND t.sequence = (SELECT n.sequence FROM object_versions n WHERE n.bucket_id = t.bucket_id AND n.key = t.key
    ORDER BY n.sequence DESC LIMIT 1)
  THEN 1 ELSE 0 END`

/** One page of all versions and delete markers of a bucket: keys ascending, within a key the newest first. */
export function* listVersions({ dialect }: SqlContext, query: ListVersionsQuery): SqlProgram<ListVersionsPage> {
  const { bucketId, prefix, delimiter, position, limit, rowsScannedMax, visible } = query
  if (isNever(visible)) return { versions: [], commonPrefixes: [], next: null }
  const tables = versionTables(dialect, bucketId, visible)
  const source = rangedSource(bothBeginnings(listingBounds(visible).prefixes, [prefix]), (within) => versionSource(tables, within))
  const from = position === null ? null : { after: position.after, skipPrefix: position.skipPrefix, tie: position.sequence }
  const page = yield* collectPage(source, { prefix, delimiter, limit, rowsScannedMax, position: from })
  return {
    versions: page.rows.map(({ row }) => readVersion(row, bucketId)),
    commonPrefixes: page.commonPrefixes,
    next: nextOf(page.next),
  }
}

function nextOf(next: NextPagePosition | null): ListVersionsPage['next'] {
  if (next === null) return null
  const { after, skipPrefix, shown, tie } = next
  return { after, skipPrefix, shown, sequence: tie === null ? null : integerOf(tie) }
}

function readVersion(row: SqlRow, bucketId: string): ObjectInfo {
  return readObjectRow(row, { bucketId, latest: row[LATEST_AT] === 1, deleteMarker: row[MARKER_AT] === 1 })
}

interface VersionTables {
  readonly current: KeyTable
  readonly noncurrent: KeyTable
}

/** The tables that a listing of versions merges. Where a filter is set, each row says behind its columns whether it passes. */
function versionTables(dialect: SqlDialect, bucketId: string, visible: Predicate): VersionTables {
  const columns = objectColumns('t')
  const filter = isAlways(visible) ? raw('TRUE') : predicateSql(visible, objectColumnsOf(dialect, 't', bucketFactsOf(bucketId)))
  const passes = `CASE WHEN ${filter.sql} THEN 1 ELSE 0 END`
  const shared = { where: 't.bucket_id = ?', whereValues: [bucketId], selectValues: filter.values, keyAt: KEY_AT, tieAt: SEQUENCE_AT }
  return {
    current: {
      ...shared,
      select: `${columns}, 0, 1, ${passes}`,
      from: 'objects t',
      tie: { column: 'sequence', descending: true, ordered: false },
    },
    noncurrent: {
      ...shared,
      select: `${columns}, t.delete_marker, ${LATEST_MARKER}, ${passes}`,
      from: 'object_versions t',
      tie: { column: 'sequence', descending: true, ordered: true },
    },
  }
}

/** Rows of both tables in one order. Each statement is an index search; the merge is here. */
function versionSource(tables: VersionTables, prefix: string): KeySource {
  const below = prefixSuccessor(prefix)
  return { fetch: (seek, { stretch }) => fetchMerged(tables, { seek: laterSeek(seek, prefix), below }, stretch) }
}

/**
 * A stretch of both tables, as far as it is certain: where a table gave as many rows as were asked for, there may be more behind
 * its last one, and what the other table has behind that one must wait.
 */
function* fetchMerged(tables: VersionTables, range: { seek: Seek; below: string | null }, limit: number): SqlProgram<ScannedBatch> {
  const current = (yield selectRange(tables.current, range, limit)).map((row) => readScanned(tables.current, row))
  const currentEnd = endOfFull(current, limit)
  const upToThere = { ...range, through: currentEnd }
  const noncurrent = (yield selectRange(tables.noncurrent, upToThere, limit)).map((row) => readScanned(tables.noncurrent, row))
  const merged = [...current, ...noncurrent].sort(inOrder)
  // Noncurrent rows go no further than the current ones. And no more than was asked for, of both together.
  const lastCertain = earlierOf(endOfFull(noncurrent, limit) ?? currentEnd, merged[limit - 1])
  if (lastCertain === undefined) return { rows: merged, end: seekBehindRange(range.seek), size: merged.length, countTo: null }
  const rows = merged.filter((row) => inOrder(row, lastCertain) <= 0)
  return { rows, end: { kind: 'rest', key: lastCertain.key, tie: lastCertain.tie }, size: rows.length, countTo: null }
}

/** The last row where there may be more behind it. */
function endOfFull(rows: readonly ScannedRow[], limit: number): ScannedRow | undefined {
  return rows.length === limit ? rows.at(-1) : undefined
}

function readScanned(table: KeyTable, row: SqlRow): ScannedRow {
  return scannedRow(table, row, row[VISIBLE_AT] === 1)
}

function inOrder(a: ScannedRow, b: ScannedRow): number {
  return a.key === b.key ? Number(b.tie) - Number(a.tie) : compareBytes(a.key, b.key)
}

function earlierOf(a: ScannedRow | undefined, b: ScannedRow | undefined): ScannedRow | undefined {
  return a !== undefined && b !== undefined ? (inOrder(a, b) < 0 ? a : b) : (a ?? b)
}
