import sql, { join, raw } from 'sql-template-tag'
import type { JsonValue } from '../../model/json-value.ts'
import type { DocumentId, DocumentsRead, ListDocumentsPage, ListDocumentsQuery, ReadDocumentsQuery, StoredDocument } from '../documents.ts'
import { bytesOrNull, integerOf, textOf } from './column.ts'
import { parseJson } from './json-column.ts'
import type { SqlProgram, SqlRow } from './sql-driver.ts'

/*
 * A row of `documents` without a body is no document: under the id '', which no document has, it keeps the highest version
 * that a deleted document of its kind had. One row a kind, whatever comes and goes, and no version is given out twice.
 */

/** The id of that row. */
export const HIGHEST_DELETED = ''

const COLUMNS = raw('d.kind, d.id, d.version, d.body, d.sealed')

function readRow(row: SqlRow, at: number): StoredDocument {
  // What was encoded from JSON is JSON.
  const body = parseJson(textOf(row[at + 3])) as JsonValue
  return { kind: textOf(row[at]), id: textOf(row[at + 1]), version: integerOf(row[at + 2]), body, sealed: bytesOrNull(row[at + 4]) }
}

/** All documents of some kinds, with the policy version. One statement, and so one state. */
export function* readDocuments({ kinds }: ReadDocumentsQuery): SqlProgram<DocumentsRead> {
  const wanted = kinds.length === 0 ? sql`1 = 0` : sql`d.kind IN (${join(kinds)}) AND d.body IS NOT NULL`
  const rows =
    yield sql`SELECT p.version, ${COLUMNS} FROM policy_state p LEFT JOIN documents d ON ${wanted} WHERE p.id = 1 ORDER BY d.kind, d.id`
  const documents = rows.filter((row) => row[1] !== null).map((row) => readRow(row, 1))
  return { policyVersion: integerOf(rows[0]?.[0]), documents }
}

/** One document; null where there is none. */
export function* readDocument({ kind, id }: DocumentId): SqlProgram<StoredDocument | null> {
  const [row] = yield sql`SELECT ${COLUMNS} FROM documents d WHERE d.kind = ${kind} AND d.id = ${id} AND d.body IS NOT NULL`
  return row === undefined ? null : readRow(row, 0)
}

/** One page of a kind. One statement. */
export function* listDocuments({ kind, after, limit }: ListDocumentsQuery): SqlProgram<ListDocumentsPage> {
  const rows =
    yield sql`SELECT ${COLUMNS} FROM documents d WHERE d.kind = ${kind} AND d.id > ${after ?? ''} ORDER BY d.id LIMIT ${limit + 1}`
  const documents = rows.slice(0, limit).map((row) => readRow(row, 0))
  return { documents, next: rows.length > limit ? (documents.at(-1)?.id ?? null) : null }
}
