import type { Sql } from 'sql-template-tag'
import { integerOf, textOf } from './column.ts'
import { earlierKey, laterSeek, prefixSuccessor, type Seek } from './key-range.ts'
import { selectFolders } from './select-folders.ts'
import type { SqlDialect, SqlProgram, SqlRow, SqlStatement, SqlValue } from './sql-driver.ts'

/** A table that is read in the order of its keys, over an index of (the columns of `where`, key, tie). */
export interface KeyTable {
  /** The columns of a row, under the alias `t`. */
  readonly select: string
  readonly selectValues: readonly unknown[]
  /** The table with the alias `t`, and where SQLite would take another index, the one that it reads. */
  readonly from: string
  /** Holds for every row that is meant, as text and its values. */
  readonly where: string
  readonly whereValues: readonly SqlValue[]
  /** What orders the rows of one key; null where a key has one row. */
  readonly tie: { readonly column: string; readonly descending: boolean; readonly ordered: boolean } | null
  /** Where key and tie stand in `select`. */
  readonly keyAt: number
  readonly tieAt: number
}

/** A row that a scan came by. */
export interface ScannedRow {
  readonly key: string
  readonly tie: string | number
  readonly visible: boolean
  readonly row: SqlRow
}

/** A stretch of a scan. */
export interface ScannedBatch {
  readonly rows: readonly ScannedRow[]
  /** Where the scan goes on behind this stretch; null at the end. */
  readonly end: Seek | null
  /** How many rows lie in the stretch, invisible ones included. */
  readonly size: number
  /** How many rows lie in it up to this one. Null where each row is in `rows`: then it is the row's place. */
  readonly countTo: ((row: ScannedRow) => SqlProgram<number>) | null
}

/** Rows in order, a stretch at a time. */
export interface KeySource {
  fetch(seek: Seek, bounds: StretchBounds): SqlProgram<ScannedBatch>
  /**
   * The first key of each folder, and of what is in none, which is the last: at most `limit`, fewer where there is nothing more behind them,
   * or behind a key in no folder. Absent, or null, where rows cannot be passed over unseen, or folders have no end that can be named.
   */
  folders?(seek: Seek, limit: number): SqlProgram<readonly string[] | null>
}

/** How long a stretch may be: in rows in all, and in visible ones. Both at least 1. */
export interface StretchBounds {
  readonly stretch: number
  readonly visible: number
  /** Whether other rows come behind those of this source: then the size counts where the source ends, too. */
  readonly goesOn?: boolean
}

interface Range {
  readonly seek: Seek
  /** Only keys below this one. */
  readonly below: string | null
  /** Up to this row, included. */
  readonly through?: Pick<ScannedRow, 'key' | 'tie'> | undefined
  readonly filter?: Sql | undefined
}

/** A SELECT over a range of keys, in their order: always an index search, never a sort. */
export function selectRange(table: KeyTable, range: Range, limit: number): SqlStatement {
  const { text, values } = rangeCondition(table, range)
  return {
    sql: `SELECT ${table.select} FROM ${table.from} WHERE ${text}${orderOf(table, range.seek)} LIMIT ?`,
    values: [...table.selectValues, ...values, limit],
  }
}

/** The `count`th row of a range, by key and tie only. */
function selectBoundary(table: KeyTable, range: Range, count: number): SqlStatement {
  const { text, values } = rangeCondition(table, range)
  const columns = table.tie === null ? 't.key' : `t.key, t.${table.tie.column}`
  return {
    sql: `SELECT ${columns} FROM ${table.from} WHERE ${text}${orderOf(table, range.seek)} LIMIT 1 OFFSET ?`,
    values: [...values, count - 1],
  }
}

/** How many rows a range has. */
function countRange(table: KeyTable, range: Range): SqlStatement {
  const { text, values } = rangeCondition(table, range)
  return { sql: `SELECT count(*) FROM ${table.from} WHERE ${text}`, values }
}

function orderOf({ tie }: KeyTable, seek: Seek): string {
  const order = tie?.ordered === true ? `t.${tie.column}${tie.descending ? ' DESC' : ''}` : null
  if (seek.kind === 'rest') return order === null ? '' : ` ORDER BY ${order}`
  return ` ORDER BY t.key${order === null ? '' : `, ${order}`}`
}

function rangeCondition(
  { where, whereValues, tie }: KeyTable,
  { seek, below, through, filter }: Range,
): { text: string; values: unknown[] } {
  const values: unknown[] = [...whereValues, seek.key]
  let text = where
  if (seek.kind === 'rest') {
    text += ` AND t.key = ? AND t.${tie?.column} ${tie?.descending === true ? '<' : '>'} ?`
    values.push(seek.tie)
  } else {
    text += seek.kind === 'at' ? ' AND t.key >= ?' : ' AND t.key > ?'
    if (through !== undefined || below !== null) {
      text += through === undefined ? ' AND t.key < ?' : ' AND t.key <= ?'
      values.push(through === undefined ? below : through.key)
    }
  }
  if (through !== undefined && tie !== null) {
    text += ` AND NOT (t.key = ? AND t.${tie.column} ${tie.descending ? '<' : '>'} ?)`
    values.push(through.key, through.tie)
  }
  if (filter !== undefined) {
    text += ` AND ${filter.sql}`
    values.push(...filter.values)
  }
  return { text, values }
}

/** The rest of the key that a row belongs to, and what lies behind it. */
function seekBehindRow(table: Pick<KeyTable, 'tie'>, { key, tie }: Pick<ScannedRow, 'key' | 'tie'>): Seek {
  return table.tie === null ? { kind: 'behind', key } : { kind: 'rest', key, tie }
}

/** Where a stretch ends that has been read to the end: behind the key for the rest of one, nowhere for a range. */
export function seekBehindRange(seek: Seek): Seek | null {
  return seek.kind === 'rest' ? { kind: 'behind', key: seek.key } : null
}

/** Reads key and tie of a row. */
export function scannedRow(table: KeyTable, row: SqlRow, visible: boolean): ScannedRow {
  return { key: textOf(row[table.keyAt]), tie: table.tie === null ? 0 : tieOf(row[table.tieAt]), visible, row }
}

function tieOf(value: SqlValue | undefined): string | number {
  return typeof value === 'string' ? value : integerOf(value)
}

/** Which rows of a table a listing is about. */
export interface TableScope {
  readonly prefix: string
  readonly delimiter: string | null
  /** With a filter, the other rows are counted but never leave the database. */
  readonly filter: Sql | null
  /** What the keys of all rows that are meant begin with: others are not looked at. Default '', which says nothing. */
  readonly within?: string
}

/** Rows of one table that begin with a prefix. */
export function tableSource(table: KeyTable, { prefix, delimiter, filter, within = '' }: TableScope, dialect: SqlDialect): KeySource {
  const below = earlierKey(prefixSuccessor(prefix), prefixSuccessor(within))
  const at = (seek: Seek): Seek => (within === '' ? seek : laterSeek(seek, within))
  if (filter !== null) return { fetch: (seek, bounds) => fetchFiltered(table, { seek: at(seek), below, filter }, bounds) }
  const fetch: KeySource['fetch'] = (seek, bounds) => fetchAll(table, { seek: at(seek), below }, bounds.stretch)
  if (delimiter === null) return { fetch }
  return {
    fetch,
    *folders(seek, limit) {
      const statement = selectFolders(table, { seek: at(seek), below, prefix, delimiter, limit }, dialect)
      return statement === null ? null : (yield statement).map((row) => textOf(row[0]))
    },
  }
}

function* fetchAll(table: KeyTable, range: Range, limit: number): SqlProgram<ScannedBatch> {
  const found = yield selectRange(table, range, limit)
  const rows = found.map((row) => scannedRow(table, row, true))
  const last = rows.at(-1)
  const end = last === undefined || rows.length < limit ? seekBehindRange(range.seek) : seekBehindRow(table, last)
  return { rows, end, size: rows.length, countTo: null }
}

/**
 * First finds where the stretch ends, over the index alone, then lets the database filter up to there: so that the number of
 * rows looked at is exact, and rows that nobody may see are not carried over.
 */
function* fetchFiltered(table: KeyTable, range: Range, { stretch, visible, goesOn = false }: StretchBounds): SqlProgram<ScannedBatch> {
  const { filter, ...all } = range
  const [last] = yield selectBoundary(table, all, stretch)
  const through = last === undefined ? undefined : boundaryOf(last)
  const found = yield selectRange(table, { ...all, through, filter }, visible)
  const rows = found.map((row) => scannedRow(table, row, true))
  const countTo = (row: ScannedRow): SqlProgram<number> => countRows(table, { ...all, through: row })
  const lastFound = rows.at(-1)
  if (lastFound !== undefined && rows.length === visible) {
    return { rows, end: seekBehindRow(table, lastFound), size: yield* countTo(lastFound), countTo }
  }
  if (through !== undefined) return { rows, end: seekBehindRow(table, through), size: stretch, countTo }
  const end = seekBehindRange(range.seek)
  return { rows, end, size: end === null && !goesOn ? stretch : yield* countRows(table, all), countTo }
}

function boundaryOf(row: SqlRow): Pick<ScannedRow, 'key' | 'tie'> {
  return { key: textOf(row[0]), tie: row[1] === undefined ? 0 : tieOf(row[1]) }
}

function* countRows(table: KeyTable, range: Range): SqlProgram<number> {
  const [row] = yield countRange(table, range)
  return integerOf(row?.[0])
}
