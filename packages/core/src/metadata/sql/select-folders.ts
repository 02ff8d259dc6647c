import type { KeyTable } from './key-source.ts'
import { prefixSuccessor } from './key-range.ts'
import type { Seek } from './key-range.ts'
import type { SqlDialect, SqlStatement } from './sql-driver.ts'

/** A walk over folders: which keys, and what makes a folder. */
export interface FolderWalk {
  readonly seek: Seek
  /** Only keys below this one. */
  readonly below: string | null
  readonly prefix: string
  readonly delimiter: string
  /** How many steps. */
  readonly limit: number
}

/**
 * The first key of each folder from a key on, and the first key that is in none, which ends the walk: one seek a step, and one statement for
 * all of them. Only for tables that have one row a key. Null where no text comes next behind the delimiter.
 */
export function selectFolders(table: KeyTable, walk: FolderWalk, dialect: SqlDialect): SqlStatement | null {
  const { seek, below, prefix, delimiter, limit } = walk
  const points = Array.from(delimiter)
  const last = points.pop() ?? ''
  const behindLast = prefixSuccessor(last)
  if (behindLast === null || seek.kind === 'rest' || table.tie !== null) return null
  // Both databases count in code points, JavaScript does not.
  const skipped = Array.from(prefix).length
  const inRest = `${dialect.position}(substr(w.key, ${skipped + 1}), ?)`
  const next = `substr(w.key, 1, ${skipped} + ${inRest} + ${points.length - 1}) || ?`
  const bound = below === null ? '' : ' AND t.key < ?'
  const belows = below === null ? [] : [below]
  const first = `SELECT t.key FROM ${table.from} WHERE ${table.where} AND t.key ${seek.kind === 'at' ? '>=' : '>'} ?${bound} ORDER BY t.key LIMIT 1`
  const step = `SELECT t.key FROM ${table.from} WHERE ${table.where} AND t.key >= ${next}${bound} ORDER BY t.key LIMIT 1`
  return {
    sql: `WITH RECURSIVE walk(key, steps) AS (SELECT (${first}), 1
UNION ALL SELECT (${step}), w.steps + 1 FROM walk w WHERE w.key IS NOT NULL AND w.steps < ? AND ${inRest} > 0)
SELECT key FROM walk WHERE key IS NOT NULL`,
    values: [...table.whereValues, seek.key, ...belows, ...table.whereValues, delimiter, behindLast, ...belows, limit, delimiter],
  }
}
