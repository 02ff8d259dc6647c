import type { RelationColumnType } from '../../policy/predicate.ts'
import type { Relation, RelationColumn } from '../../policy/relation.ts'
import type { RelationTableFault } from '../relations.ts'
import { textOf } from './column.ts'
import type { SqlContext, SqlProgram, SqlRow } from './sql-driver.ts'

const COLUMNS = `SELECT CAST(a.attname AS text), format_type(a.atttypid, NULL), a.attnotnull,
  has_column_privilege(c.oid, a.attnum, 'SELECT'), coalesce(l.collisdeterministic, TRUE), has_schema_privilege(n.oid, 'USAGE'), c.relrowsecurity
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname = CAST(? AS text)
  AND (n.nspname = CAST(? AS text) OR (CAST(? AS text) IS NULL AND pg_table_is_visible(c.oid)))`

/** The types of Postgres whose values compare as ours do. */
const FITTING: Readonly<Record<RelationColumnType, readonly string[]>> = {
  bool: ['boolean'],
  text: ['text', 'character varying'],
  int: ['integer', 'smallint'],
  bigint: ['bigint'],
  uuid: ['uuid'],
  timestamptz: ['timestamp with time zone'],
}

/** What is wrong, first of all, with the table of each relation that is kept by Postgres; null where nothing is. Tables, views and foreign tables alike. */
export function* inspectRelationTables(
  { dialect }: SqlContext,
  relations: readonly Relation[],
): SqlProgram<readonly (RelationTableFault | null)[]> {
  const faults: (RelationTableFault | null)[] = []
  for (const relation of relations) {
    if (dialect.name === 'sqlite') faults.push({ column: null, reason: 'is kept by Postgres, and the metadata is not kept there' })
    else faults.push(yield* inspectTable(relation))
  }
  return faults
}

function* inspectTable({ name, columns }: Relation): SqlProgram<RelationTableFault | null> {
  const dot = name.indexOf('.')
  const schema = dot === -1 ? null : name.slice(0, dot)
  const found = yield { sql: COLUMNS, values: [name.slice(dot + 1), schema, schema] }
  const [first] = found
  if (first === undefined) return { column: null, reason: 'is no table or view that can be seen from here' }
  if (first[5] !== 1) return { column: null, reason: 'is in a schema that this user may not use' }
  if (first[6] === 1) return { column: null, reason: securedReason(name) }
  const there = new Map(found.map((row) => [textOf(row[0]), row]))
  for (const [column, wanted] of Object.entries(columns)) {
    const reason = columnFault(wanted, there.get(column))
    if (reason !== null) return { column, reason }
  }
  return null
}

/** Postgres would hold its policies against the engine's user, or against nobody: never against the caller. */
function securedReason(table: string): string {
  return (
    `names ${table}, which has row-level security of its own: it would be read as the engine's user sees it, not as the caller does. ` +
    'Name a view of what policies may look into instead'
  )
}

function columnFault({ type, nullable }: RelationColumn, row: SqlRow | undefined): string | null {
  if (row === undefined) return 'is not a column of the table'
  const actual = textOf(row[1])
  if (!FITTING[type].includes(actual)) return `is ${actual} in the table, not ${FITTING[type].join(' or ')}`
  if (!nullable && row[2] !== 1) return 'may be null in the table'
  if (row[3] !== 1) return 'may not be read by this user'
  return row[4] === 1 ? null : 'has a collation by which texts are equal that are not the same'
}
