import type { Relation } from '../../../policy/relation.ts'
import { assert } from '../../../util/assert.ts'
import { keyOf } from '../../check-relations.ts'
import type { CopiedColumns, CopiedRow, CopiedRowsPage, CopiedRowsQuery, CopiedTable, CopiedValue } from '../../copying.ts'
import { bytesOf, integerOf, textOf, textOrNull } from '../column.ts'
import { quoted } from '../predicate-compiler.ts'
import { asText, engineTable, fromText, list } from '../relation-table.ts'
import type { SqlContext, SqlProgram, SqlStatement, SqlValue } from '../sql-driver.ts'
import { canonicalJson } from './canonical-json.ts'
import { storedValue } from './relation-values.ts'
import { MARK_KIND } from './store-mark.ts'
import { TABLE_SHAPES } from './table-shapes.ts'
import type { ColumnKind } from './table-shapes.ts'

/** The names of a table's columns, and its key. */
export function columnsOf(table: CopiedTable): CopiedColumns {
  if (typeof table !== 'string') return { names: Object.keys(table.columns), key: keyOf(table), json: [] }
  const { columns, key } = TABLE_SHAPES[table]
  const names = Object.keys(columns)
  return { names, key, json: names.filter((name) => columns[name] === 'json') }
}

/** One page of a table, in the order of its key. */
export function readRows(context: SqlContext, query: CopiedRowsQuery): SqlProgram<CopiedRowsPage> {
  const { table, ...page } = query
  return typeof table === 'string' ? readTable(table, page) : readRelation(context, table, page)
}

type Page = Omit<CopiedRowsQuery, 'table'>

function* readTable(table: keyof typeof TABLE_SHAPES, page: Page): SqlProgram<CopiedRowsPage> {
  const { columns, key } = TABLE_SHAPES[table]
  const names = Object.keys(columns)
  const limit = yield* fittingLimit(table, page)
  const rows = yield pageStatement(table, names, { ...page, limit })
  const kinds = Object.values(columns)
  return pageOf(
    rows.map((row) => row.map((value, at) => copiedValue(value, kinds[at], `${table}.${names[at]}`))),
    { limit, names, key },
  )
}

function pageStatement(table: keyof typeof TABLE_SHAPES, selected: readonly string[], { after, limit }: Page): SqlStatement {
  const { key } = TABLE_SHAPES[table]
  const behind = after === null ? [] : [`(${key.join(', ')}) > (${key.map(() => '?').join(', ')})`]
  const conditions = [...behind, ...marksLeftOut(table)]
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  return {
    sql: `SELECT ${selected.join(', ')} FROM ${table}${where} ORDER BY ${key.join(', ')} LIMIT ?`,
    values: [...(after ?? []), limit],
  }
}

/** How many rows fit into a page, by their lengths, for which neither database reads the bytes themselves. */
function* fittingLimit(table: keyof typeof TABLE_SHAPES, page: Page): SqlProgram<number> {
  const { limit, bytesMax } = page
  const columns = Object.entries(TABLE_SHAPES[table].columns).filter(([, kind]) => kind === 'bytes')
  if (bytesMax === undefined || columns.length === 0) return limit
  const length = columns.map(([name]) => `coalesce(length(${name}), 0)`).join(' + ')
  let sum = 0
  const lengths = (yield pageStatement(table, [length], page)).map((row) => integerOf(row[0]))
  const fitting = lengths.findIndex((bytes) => (sum += bytes) > bytesMax)
  return fitting < 0 ? limit : Math.max(1, fitting)
}

function* readRelation({ dialect }: SqlContext, relation: Relation, { after, limit }: Page): SqlProgram<CopiedRowsPage> {
  const [names, key] = [Object.keys(relation.columns), keyOf(relation)]
  const type = (name: string): Relation['columns'][string]['type'] => relation.columns[name]?.type ?? 'text'
  // Other names than the columns': behind ORDER BY those would be the texts.
  const columns = names.map((name, at) => `${asText(dialect, type(name), quoted(name))} AS c${at}`)
  const places = key.map((name) => fromText(dialect, type(name), '?')).join(', ')
  const where = after === null ? '' : ` WHERE (${list(key)}) > (${places})`
  const rows = yield {
    sql: `SELECT ${columns.join(', ')} FROM ${engineTable(relation.name)}${where} ORDER BY ${list(key)} LIMIT ?`,
    values: [...(after === null ? [] : key.map((name, at) => storedValue(dialect, type(name), after[at]))), limit],
  }
  return pageOf(
    rows.map((row) => row.map(textOrNull)),
    { limit, names, key },
  )
}

function pageOf(
  rows: readonly CopiedRow[],
  { limit, names, key }: Omit<CopiedColumns, 'json'> & { readonly limit: number },
): CopiedRowsPage {
  const last = rows.length === limit ? rows.at(-1) : undefined
  return { rows, next: last === undefined ? null : key.map((name) => last[names.indexOf(name)] ?? null) }
}

/** What the mark says is of this store alone. */
function marksLeftOut(table: CopiedTable): readonly string[] {
  return table === 'documents' ? [`kind <> '${MARK_KIND}'`] : []
}

function copiedValue(value: SqlValue, kind: ColumnKind | undefined, place: string): CopiedValue {
  if (value === null) return null
  switch (kind) {
    case 'integer': {
      const integer = integerOf(value)
      assert(Number.isSafeInteger(integer), `${place} holds a number that is no integer, or too large a one`)
      return integer
    }
    case 'bytes':
      return bytesOf(value)
    case 'json':
      return canonicalJson(textOf(value))
    default:
      return textOf(value)
  }
}

/** How many rows a table has. */
export function* countRows(table: CopiedTable): SqlProgram<number> {
  const [name, where] = typeof table === 'string' ? [table, marksLeftOut(table)] : [engineTable(table.name), []]
  const [row] = yield { sql: `SELECT count(*) FROM ${name}${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`}`, values: [] }
  return integerOf(row?.[0])
}

const SEQUENCE = {
  sqlite: 'SELECT reserved FROM commit_sequence WHERE id = 1',
  postgres: 'SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM commit_sequence',
} as const

/** The greatest number of the commit sequence that may have been given out. */
export function* readSequence({ dialect }: SqlContext): SqlProgram<number> {
  const [row] = yield { sql: SEQUENCE[dialect.name], values: [] }
  return integerOf(row?.[0])
}
