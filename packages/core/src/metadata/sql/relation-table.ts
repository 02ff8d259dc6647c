import { createHash } from 'node:crypto'
import type { RelationColumnType } from '../../policy/predicate.ts'
import type { Relation, RelationValue } from '../../policy/relation.ts'
import { keyOf } from '../check-relations.ts'
import type { RelationTableChange } from '../relations.ts'
import { textOrNull } from './column.ts'
import { quoted } from './predicate-compiler.ts'
import type { SqlDialect, SqlStatement, SqlValue } from './sql-driver.ts'

/** The table of a relation that the engine keeps, as SQL text. Its columns are called as the relation calls them. */
export function engineTable(relation: string): string {
  return `"relation_${relation.replaceAll('"', '""')}"`
}

type Types = Readonly<Record<RelationColumnType, string>>

/** `COLLATE "C"` orders by bytes, as SQLite does. On SQLite flags are 0 and 1, times milliseconds, uuids texts in their canonical form. */
const COLUMN_TYPES: Readonly<Record<SqlDialect['name'], Types>> = {
  sqlite: { bool: 'INTEGER', text: 'TEXT', int: 'INTEGER', bigint: 'INTEGER', uuid: 'TEXT', timestamptz: 'INTEGER' },
  postgres: { bool: 'boolean', text: 'text COLLATE "C"', int: 'integer', bigint: 'bigint', uuid: 'uuid', timestamptz: 'timestamptz' },
}

/** The statements that make, drop or change the table of a relation. All the same for the same change. */
export function tableStatements({ name }: SqlDialect, { before, after }: RelationTableChange): readonly SqlStatement[] {
  const texts = changeTexts(COLUMN_TYPES[name], before, after)
  return texts.map((sql) => ({
    sql: name === 'sqlite' && sql.startsWith('CREATE TABLE') ? `${sql} STRICT, WITHOUT ROWID` : sql,
    values: [],
  }))
}

function changeTexts(types: Types, before: Relation | null, after: Relation | null): readonly string[] {
  if (after === null) return before === null ? [] : [`DROP TABLE IF EXISTS ${engineTable(before.name)}`]
  const table = engineTable(after.name)
  const [former, wanted] = [before === null ? [] : indexesOf(before), indexesOf(after)]
  const create = wanted
    .filter((index) => !former.some(({ name }) => name === index.name))
    .map(({ name, columns }) => `CREATE INDEX ${name} ON ${table} (${list(columns)})`)
  if (before === null) return [createText(types, after), ...create]
  const [old, now] = [Object.keys(before.columns), Object.entries(after.columns)]
  return [
    ...former.filter((index) => !wanted.some(({ name }) => name === index.name)).map(({ name }) => `DROP INDEX IF EXISTS ${name}`),
    ...old.filter((name) => !Object.hasOwn(after.columns, name)).map((name) => `ALTER TABLE ${table} DROP COLUMN ${quoted(name)}`),
    ...now
      .filter(([name]) => !old.includes(name))
      .map(([name, { type }]) => `ALTER TABLE ${table} ADD COLUMN ${quoted(name)} ${types[type]}`),
    ...create,
  ]
}

function createText(types: Types, relation: Relation): string {
  const columns = Object.entries(relation.columns).map(
    ([name, { type, nullable }]) => `${quoted(name)} ${types[type]}${nullable ? '' : ' NOT NULL'}`,
  )
  const key = `CONSTRAINT ${objectName(relation.name, 'key')} PRIMARY KEY (${list(keyOf(relation))})`
  return `CREATE TABLE ${engineTable(relation.name)} (${[...columns, key].join(', ')})`
}

interface Index {
  readonly name: string
  readonly columns: readonly string[]
}

/** The indexes of a relation; not one that its key is already. */
function indexesOf(relation: Relation): readonly Index[] {
  const key = keyOf(relation)
  const indexes = relation.indexes.filter((columns) => columns.some((name, at) => key[at] !== name))
  const named = indexes.map((columns): readonly [string, Index] => {
    const name = objectName(relation.name, ...columns)
    return [name, { name, columns }]
  })
  return [...new Map(named).values()]
}

/** A name that no relation's table can have, for it has a character that is none of a name; short enough for Postgres, whatever it is of. */
function objectName(...parts: readonly string[]): string {
  return `"relation_#${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}"`
}

/** Names of columns, between commas. */
export function list(columns: readonly string[]): string {
  return columns.map(quoted).join(', ')
}

/** A text as `storedText` makes it, as a value of the column. */
export function fromText({ name }: SqlDialect, type: RelationColumnType, text: string): string {
  return `CAST(${text} AS ${COLUMN_TYPES[name][type].replace(' COLLATE "C"', '')})`
}

/** What is given to the database for a value. */
export function storedText({ name }: SqlDialect, type: RelationColumnType, value: RelationValue): string | null {
  if (value === null) return null
  if (type === 'bool') return value === true ? '1' : '0'
  return type === 'timestamptz' && name === 'postgres' ? new Date(Number(value)).toISOString() : String(value)
}

/**
 * A column as a text. Texts of one collation, whatever the type: no integer loses digits on its way, and no statement that is prepared on
 * Postgres is void when a relation of that name comes back with other types.
 */
export function asText({ name }: SqlDialect, type: RelationColumnType, column: string): string {
  if (name === 'sqlite') return `CAST(${column} AS TEXT)`
  const plain = type === 'bool' ? `CAST(${column} AS integer)` : column
  const value = type === 'timestamptz' ? `CAST(round(extract(epoch from ${column}) * 1000) AS bigint)` : plain
  return `CAST(${value} AS text) COLLATE "C"`
}

/** Reads what `asText` selects. */
export function valueOf(type: RelationColumnType, column: SqlValue | undefined): RelationValue {
  const text = textOrNull(column)
  if (text === null) return null
  if (type === 'bool') return text === '1'
  return type === 'int' || type === 'timestamptz' ? Number(text) : text
}
