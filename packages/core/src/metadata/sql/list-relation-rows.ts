import type { Relation, RelationRow } from '../../policy/relation.ts'
import { keyOf } from '../check-relations.ts'
import type { ListRelationRowsPage, ListRelationRowsQuery } from '../relations.ts'
import { integerOf } from './column.ts'
import { quoted } from './predicate-compiler.ts'
import { asText, engineTable, fromText, list, storedText, valueOf } from './relation-table.ts'
import type { SqlContext, SqlProgram, SqlRow } from './sql-driver.ts'

/** One page of the rows of a relation. One statement, so that what the document says and what the table holds are of one state. */
export function* listRelationRows({ dialect }: SqlContext, query: ListRelationRowsQuery): SqlProgram<ListRelationRowsPage> {
  const { relation, document, after, limit } = query
  const [key, names] = [keyOf(relation), Object.keys(relation.columns)]
  const type = (name: string): Relation['columns'][string]['type'] => relation.columns[name]?.type ?? 'text'
  const columns = names.map((name, at) => `${asText(dialect, type(name), quoted(name))} AS c${at}`)
  const behind = after === null ? '' : ` WHERE (${list(key)}) > (${key.map((name) => fromText(dialect, type(name), '?')).join(', ')})`
  const page = `SELECT row_number() OVER (ORDER BY ${list(key)}) AS place, ${columns.join(', ')}
    FROM ${engineTable(relation.name)}${behind} ORDER BY ${list(key)} LIMIT ?`
  const values = after === null ? [] : key.map((name) => storedText(dialect, type(name), after[name] ?? null))
  const found = yield {
    sql: `SELECT d.version, r.place, ${names.map((_, at) => `r.c${at}`).join(', ')} FROM documents d LEFT JOIN (${page}) AS r ON 1 = 1
      WHERE d.kind = ? AND d.id = ? AND d.body IS NOT NULL ORDER BY r.place`,
    values: [...values, limit + 1, document.kind, document.id],
  }
  if (found[0] === undefined || integerOf(found[0][0]) !== document.version) return { outcome: 'relation-changed' }
  const rows = found.filter((row) => row[1] !== null).map((row) => readRow(relation, row))
  const kept = rows.slice(0, limit)
  const last = rows.length > limit ? kept.at(-1) : undefined
  return { outcome: 'listed', rows: kept, next: last === undefined ? null : keyIn(last, key) }
}

function readRow({ columns }: Relation, row: SqlRow): RelationRow {
  return Object.fromEntries(Object.entries(columns).map(([name, { type }], at) => [name, valueOf(type, row[at + 2])]))
}

function keyIn(row: RelationRow, key: readonly string[]): RelationRow {
  return Object.fromEntries(key.map((name) => [name, row[name] ?? null]))
}
