import { StorageError } from '../errors/storage-error.ts'
import { isRelationIdentifier } from './predicate-parse.ts'
import type { RelationColumnType, RelationKeeper } from './predicate.ts'
import type { Relation, RelationColumn } from './relation.ts'

/** The bounds of relations. One that is beyond is refused, with the place. */
export const RELATION_LIMITS = {
  /** Relations of a namespace. */
  relationsMax: 100,
  /** Of a name that the engine makes a table for, in UTF-8 bytes: Postgres has 63 for it and what stands in front. */
  nameBytesMax: 54,
  /** Of each part of a name of Postgres' own, and of a column's, in UTF-8 bytes. */
  identifierBytesMax: 63,
  columnsMax: 32,
  indexesMax: 8,
  /** Columns of an index, and of a key. */
  indexColumnsMax: 8,
} as const

const FIELDS = ['name', 'columns', 'indexes', 'kept', 'key']
const COLUMN_FIELDS = ['type', 'nullable']
const KEEPERS: readonly RelationKeeper[] = ['engine', 'postgres']
const TYPES: readonly RelationColumnType[] = ['bool', 'text', 'int', 'bigint', 'uuid', 'timestamptz']
/** Columns that every table of Postgres has. */
const POSTGRES_COLUMNS = ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']

/**
 * Takes a relation that somebody described apart. Throws `InvalidArgument`, with the place, for what no table can be, in either database;
 * what is kept by the engine comes back with its key.
 */
export function parseRelation(value: unknown, place: string): Relation {
  const fields = objectOf(value, place)
  expectKnown(fields, FIELDS, place)
  const kept = oneOf(fields['kept'], KEEPERS, `${place}.kept`)
  const name = nameOf(fields['name'], kept, `${place}.name`)
  const columns = columnsOf(fields['columns'], kept, `${place}.columns`)
  const indexes = listOf(fields['indexes'], RELATION_LIMITS.indexesMax, `${place}.indexes`).map((index, at) =>
    columnList(index, columns, `${place}.indexes[${at}]`),
  )
  if (kept === 'engine') return { name, columns, indexes, kept, key: keyOf(fields['key'], columns, place) }
  if (fields['key'] !== undefined) throw invalid(`${place}.key`, 'belongs to a relation that the engine keeps')
  return { name, columns, indexes, kept }
}

/** What tells names of tables and columns apart in SQLite: the case of ASCII letters is none. */
export function tableName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function nameOf(value: unknown, kept: RelationKeeper, place: string): string {
  const segments = typeof value === 'string' ? value.split('.') : []
  if (typeof value !== 'string' || segments.length > 2 || !segments.every(isIdentifier)) {
    throw invalid(place, 'is not a name of letters, digits, _ and $, alone or behind that of a schema and a dot')
  }
  if (kept === 'engine' && Buffer.byteLength(value) > RELATION_LIMITS.nameBytesMax) {
    throw invalid(place, `has more than ${RELATION_LIMITS.nameBytesMax} bytes`)
  }
  // It would be taken for one of the tables of the engine, in its schema.
  if (kept === 'postgres' && /^relation_[^.]*$/.test(value)) throw invalid(place, "is that of a table of the engine's: name its schema too")
  return value
}

function columnsOf(value: unknown, kept: RelationKeeper, place: string): Readonly<Record<string, RelationColumn>> {
  const entries = Object.entries(objectOf(value, place))
  if (entries.length === 0 || entries.length > RELATION_LIMITS.columnsMax) {
    throw invalid(place, `does not have 1 to ${RELATION_LIMITS.columnsMax} columns`)
  }
  const names = new Set<string>()
  const columns = entries.map(([name, column]) => {
    const here = `${place}.${name}`
    if (!isIdentifier(name)) throw invalid(here, 'is not a name of letters, digits, _ and $, of 63 bytes at the most')
    if (kept === 'engine' && POSTGRES_COLUMNS.includes(name)) throw invalid(here, 'is a name that Postgres has for itself')
    if (kept === 'engine' && names.has(tableName(name))) throw invalid(here, 'is there twice, but for the case of letters')
    names.add(tableName(name))
    return [name, columnOf(column, here)] as const
  })
  return Object.fromEntries(columns)
}

function columnOf(value: unknown, place: string): RelationColumn {
  const fields = objectOf(value, place)
  expectKnown(fields, COLUMN_FIELDS, place)
  const { nullable } = fields
  if (typeof nullable !== 'boolean') throw invalid(`${place}.nullable`, 'is neither true nor false')
  return { type: oneOf(fields['type'], TYPES, `${place}.type`), nullable }
}

function keyOf(value: unknown, columns: Relation['columns'], place: string): readonly string[] {
  const key = columnList(value ?? Object.keys(columns), columns, `${place}.key`)
  const nullable = key.find((name) => columns[name]?.nullable !== false)
  if (nullable === undefined) return key
  throw invalid(`${place}.key`, `has the column ${nullable}, which may be null: it is all columns where it does not name some`)
}

function columnList(value: unknown, columns: Relation['columns'], place: string): readonly string[] {
  const list = listOf(value, RELATION_LIMITS.indexColumnsMax, place)
  if (list.length === 0) throw invalid(place, 'names no column')
  return list.map((name, at) => {
    if (typeof name !== 'string' || !Object.hasOwn(columns, name)) throw invalid(`${place}[${at}]`, 'is not a column')
    if (list.indexOf(name) !== at) throw invalid(`${place}[${at}]`, 'is there twice')
    return name
  })
}

function isIdentifier(name: string): boolean {
  return isRelationIdentifier(name) && Buffer.byteLength(name) <= RELATION_LIMITS.identifierBytesMax
}

function objectOf(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(place, 'is not an object')
  return value as Readonly<Record<string, unknown>>
}

function listOf(value: unknown, max: number, place: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > max) throw invalid(place, `is not a list of at most ${max}`)
  return value as readonly unknown[]
}

function expectKnown(fields: Readonly<Record<string, unknown>>, known: readonly string[], place: string): void {
  for (const name of Object.keys(fields)) if (!known.includes(name)) throw invalid(`${place}.${name}`, 'is not a field of it')
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], place: string): T {
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw invalid(place, `is none of ${allowed.join(', ')}`)
  return found
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
