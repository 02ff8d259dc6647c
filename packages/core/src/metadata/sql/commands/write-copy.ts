import type { CopiedRow, CopiedTable, WriteCopyCommand, WriteCopyOutcome } from '../../copying.ts'
import { COPIED_TABLES } from '../../copying.ts'
import { integerOf, integerOrNull } from '../column.ts'
import { columnsOf } from '../copying/read-rows.ts'
import { storedValue } from '../copying/relation-values.ts'
import { MARK_ID, MARK_KIND, readMark } from '../copying/store-mark.ts'
import { HIGHEST_DELETED } from '../documents.ts'
import { lock, markLock, policyLock } from '../locks.ts'
import { engineTable, fromText, list, tableStatements } from '../relation-table.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'

const PUT_MARK = `INSERT INTO documents (kind, id, version, body, sealed) VALUES (?, ?, ?, ?, NULL)
ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, body = excluded.body`
const HIGHEST = 'SELECT version FROM documents WHERE kind = ? AND id = ?'
const DROP_MARK = 'DELETE FROM documents WHERE kind = ? AND id = ?'
const LAST_BEAT = 'SELECT max(heartbeat_at) FROM processes WHERE heartbeat_at >= ?'
const MS = 1000

/** Writes rows of a copy and how far it is, where the mark of the store is still as the command knows it. */
export function* writeCopy(context: SqlContext, command: WriteCopyCommand): SqlProgram<WriteCopyOutcome> {
  const now = yield* lock(context, [markLock(true), policyLock(true)])
  const version = (yield* readMark())?.version ?? null
  if (version !== command.expected) return { outcome: 'conflict', version }
  const { onlyEmpty = false, onlySilentForSeconds: seconds, makeTable, insert, sequence, mark } = command
  if (seconds !== undefined) {
    const [row] = yield { sql: LAST_BEAT, values: [now - seconds * MS] }
    const beatAt = integerOrNull(row?.[0])
    if (beatAt !== null) return { outcome: 'in-use', secondsAgo: Math.max(0, Math.round((now - beatAt) / MS)) }
  }
  const table = onlyEmpty ? yield* tableWithRows() : null
  if (table !== null) return { outcome: 'not-empty', table }
  // What processes that are gone have left there; those of the copy come with its rows.
  if (onlyEmpty) yield { sql: 'DELETE FROM jobs', values: [] }
  if (makeTable !== undefined) {
    for (const statement of tableStatements(context.dialect, { before: null, after: makeTable })) yield statement
  }
  if (insert !== undefined) yield* insertRows(context, insert.table, insert.rows)
  if (sequence !== undefined) yield* goOnBehind(context, sequence)
  return { outcome: 'written', version: yield* writeMark(mark, version) }
}

function* writeMark(mark: WriteCopyCommand['mark'], version: number | null): SqlProgram<number | null> {
  if (mark === null) {
    yield { sql: DROP_MARK, values: [MARK_KIND, MARK_ID] }
    if (version !== null) yield { sql: PUT_MARK, values: [MARK_KIND, HIGHEST_DELETED, version, null] }
    return null
  }
  const next = (version ?? (yield* highestDeleted())) + 1
  yield { sql: PUT_MARK, values: [MARK_KIND, MARK_ID, next, JSON.stringify(mark)] }
  return next
}

/** Another mark gets another version: who knew the one that was taken away must not write in its place. */
function* highestDeleted(): SqlProgram<number> {
  const [row] = yield { sql: HIGHEST, values: [MARK_KIND, HIGHEST_DELETED] }
  return row === undefined ? 0 : integerOf(row[0])
}

/** The first table that has any row; null where none has. Every store has its policy version, and jobs are nobody's data. */
function* tableWithRows(): SqlProgram<string | null> {
  for (const table of COPIED_TABLES) {
    if (table === 'policy_state' || table === 'jobs') continue
    const mark = table === 'documents' ? ` WHERE kind <> '${MARK_KIND}'` : ''
    const rows = yield { sql: `SELECT 1 FROM ${table}${mark} LIMIT 1`, values: [] }
    if (rows.length > 0) return table
  }
  return null
}

function* insertRows(context: SqlContext, table: CopiedTable, rows: readonly CopiedRow[]): SqlProgram<void> {
  const { names } = columnsOf(table)
  if (typeof table === 'string') {
    const replace = table === 'policy_state' ? ' ON CONFLICT (id) DO UPDATE SET version = excluded.version' : ''
    const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})${replace}`
    for (const values of rows) yield { sql, values }
    return
  }
  const { dialect } = context
  const types = names.map((name) => table.columns[name]?.type ?? 'text')
  const places = types.map((type) => fromText(dialect, type, '?')).join(', ')
  const sql = `INSERT INTO ${engineTable(table.name)} (${list(names)}) VALUES (${places})`
  for (const row of rows) yield { sql, values: types.map((type, at) => storedValue(dialect, type, row[at])) }
}

const SET_SEQUENCE = {
  sqlite: 'UPDATE commit_sequence SET reserved = max(reserved, ?) WHERE id = 1',
  postgres: "SELECT setval('commit_sequence', greatest(CAST(? AS bigint), last_value)) FROM commit_sequence",
} as const

function* goOnBehind({ dialect }: SqlContext, sequence: number): SqlProgram<void> {
  yield { sql: SET_SEQUENCE[dialect.name], values: [sequence] }
}
