import { StorageError } from '../../../errors/storage-error.ts'
import type { RelationRow } from '../../../policy/relation.ts'
import { keyOf, textColumns } from '../../check-relations.ts'
import {
  type ChangeRelationRowsCommand,
  type ChangeRelationRowsOutcome,
  RELATION_ROW_LIMITS,
  type RelationTableChange,
} from '../../relations.ts'
import { integerOf } from '../column.ts'
import { documentsSharedLock, lock, relationRowsLock } from '../locks.ts'
import { quoted } from '../predicate-compiler.ts'
import { engineTable, fromText, list, storedText, tableStatements } from '../relation-table.ts'
import type { SqlContext, SqlProgram, SqlStatement } from '../sql-driver.ts'

const VERSION = 'SELECT version FROM documents WHERE kind = ? AND id = ? AND body IS NOT NULL'

/** Makes, drops and changes tables, in the command that writes the documents of their relations. */
export function* changeTables({ dialect }: SqlContext, tables: readonly RelationTableChange[]): SqlProgram<void> {
  for (const change of tables) {
    if (change.before !== null && change.after !== null) yield* checkIndexable(change.after)
    for (const statement of tableStatements(dialect, change)) yield statement
  }
}

/** Refuses indexes over rows that hold more than an index takes; those that are put later are looked at one by one. */
function* checkIndexable(relation: NonNullable<RelationTableChange['after']>): SqlProgram<void> {
  const max = RELATION_ROW_LIMITS.indexedBytesMax
  for (const index of relation.indexes) {
    const columns = textColumns(relation, index)
    // One text is never too much. And one that comes with this change has no values yet.
    if (columns.length < 2) continue
    const bytes = columns.map((name) => `coalesce(octet_length(${quoted(name)}), 0)`).join(' + ')
    const [found] = yield { sql: `SELECT 1 FROM ${engineTable(relation.name)} WHERE ${bytes} > ${max} LIMIT 1`, values: [] }
    if (found === undefined) continue
    const reason = `is to index ${index.join(', ')}, and there is a row with more than ${max} bytes in them`
    throw new StorageError('InvalidArgument', { argument: `the relation ${relation.name}`, reason })
  }
}

/** Deletes and puts rows, where the relation is still as the command knows it. */
export function* changeRelationRows(context: SqlContext, command: ChangeRelationRowsCommand): SqlProgram<ChangeRelationRowsOutcome> {
  const { kind, id, version } = command.document
  const several = command.delete.length + command.put.length > 1
  yield* lock(context, [documentsSharedLock(kind), ...(several ? [relationRowsLock(command.relation.name)] : [])])
  const [current] = yield { sql: VERSION, values: [kind, id] }
  if (current === undefined || integerOf(current[0]) !== version) return { outcome: 'relation-changed' }
  if (command.delete.length > 0) yield deleteStatement(context, command)
  if (command.put.length > 0) yield putStatement(context, command)
  return { outcome: 'written' }
}

function deleteStatement(context: SqlContext, { relation, delete: keys }: ChangeRelationRowsCommand): SqlStatement {
  const key = keyOf(relation)
  const { select, json } = each(context, relation, key, keys)
  return { sql: `DELETE FROM ${engineTable(relation.name)} WHERE (${list(key)}) IN (${select})`, values: [json] }
}

function putStatement(context: SqlContext, { relation, put }: ChangeRelationRowsCommand): SqlStatement {
  const [key, columns] = [keyOf(relation), Object.keys(relation.columns)]
  const others = columns.filter((name) => !key.includes(name)).map((name) => `${quoted(name)} = excluded.${quoted(name)}`)
  const replace = others.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${others.join(', ')}`
  const { select, json } = each(context, relation, columns, put)
  // Without a WHERE, SQLite would take ON CONFLICT for the condition of a join.
  const text = `INSERT INTO ${engineTable(relation.name)} (${list(columns)}) ${select} WHERE 1 = 1 ON CONFLICT (${list(key)}) ${replace}`
  return { sql: text, values: [json] }
}

/** Some columns of rows as one statement selects them, however many rows: the text is the same, and is prepared once. */
function each(
  { dialect }: SqlContext,
  { columns }: ChangeRelationRowsCommand['relation'],
  names: readonly string[],
  rows: readonly RelationRow[],
): { readonly select: string; readonly json: string } {
  const types = names.map((name) => columns[name]?.type ?? 'text')
  const values = rows.map((row) => names.map((name, at) => storedText(dialect, types[at] ?? 'text', row[name] ?? null)))
  const select = `SELECT ${types.map((type, at) => fromText(dialect, type, `value ->> ${at}`)).join(', ')} FROM ${dialect.each}`
  return { select, json: JSON.stringify(values) }
}
