import { StorageError } from '../errors/storage-error.ts'
import { parseUuid } from '../policy/evaluate-cast.ts'
import { literalFault } from '../policy/predicate-check.ts'
import type { Relation, RelationColumn, RelationRow, RelationValue } from '../policy/relation.ts'
import { type ChangeRelationRowsCommand, type ListRelationRowsQuery, RELATION_ROW_LIMITS, type RelationTableChange } from './relations.ts'

/*
 * What every metadata store refuses of relations before it asks its database: so that all refuse alike.
 * `InvalidArgument` for what is none, `LimitExceeded` for what is too much of it.
 */

/** The columns that say which row is meant. */
export function keyOf({ key, columns }: Relation): readonly string[] {
  return key ?? Object.keys(columns)
}

/** Those of the columns that hold texts, which may be long. */
export function textColumns({ columns }: Relation, names: readonly string[]): readonly string[] {
  return names.filter((name) => columns[name]?.type === 'text')
}

/** Refuses a change that no table can make with the rows that are in it. */
export function checkTableChange({ before, after }: RelationTableChange): void {
  if (before === null || after === null) return
  const place = `the relation ${after.name}`
  if (keyOf(before).join(',') !== keyOf(after).join(',')) throw invalid(`${place}: key`, `was ${keyOf(before).join(', ')}: ${ANEW}`)
  for (const [name, { type, nullable }] of Object.entries(after.columns)) {
    const former = Object.hasOwn(before.columns, name) ? before.columns[name] : undefined
    if (former === undefined) {
      if (!nullable) throw invalid(`${place}: ${name}`, 'is new and must be nullable: there may be rows')
      continue
    }
    if (former.type !== type) throw invalid(`${place}: ${name}`, `was ${former.type}: ${ANEW}`)
    if (former.nullable !== nullable) throw invalid(`${place}: ${name}`, `was ${former.nullable ? '' : 'not '}nullable: ${ANEW}`)
  }
}

const ANEW = 'remove the relation, and put it anew'

/** Checks the rows of a command, and gives them back with every column, uuids in their canonical form. */
export function checkRelationRows({
  relation,
  put,
  delete: deleted,
}: ChangeRelationRowsCommand): Pick<ChangeRelationRowsCommand, 'put' | 'delete'> {
  atMost('rowsMax', put.length)
  atMost('rowsMax', deleted.length)
  const rows = put.map((row, at) => {
    const place = `put[${at}]`
    const checked = checkRow(row, relation.columns, place)
    for (const columns of [keyOf(relation), ...relation.indexes]) checkIndexed(checked, textColumns(relation, columns), place)
    return checked
  })
  const seen = new Map<string, number>()
  for (const [at, row] of rows.entries()) {
    const key = JSON.stringify(keyOf(relation).map((name) => row[name]))
    const other = seen.get(key)
    if (other !== undefined) throw invalid(`put[${at}]`, `has the key of put[${other}]`)
    seen.set(key, at)
  }
  return { put: rows, delete: deleted.map((key, at) => checkKey(key, relation, `delete[${at}]`)) }
}

/** Refuses a listing that no store takes; gives back where it goes on. */
export function checkRelationListing({ relation, after, limit }: ListRelationRowsQuery): RelationRow | null {
  if (!Number.isSafeInteger(limit) || limit < 1) throw invalid('limit', 'is a whole number, 1 or more')
  atMost('listLimitMax', limit)
  return after === null ? null : checkKey(after, relation, 'after')
}

function checkKey(value: unknown, relation: Relation, place: string): RelationRow {
  const columns = keyOf(relation).map((name) => [name, relation.columns[name] ?? NO_COLUMN] as const)
  return checkRow(value, Object.fromEntries(columns), place)
}

/** Names of keys are names of columns: this is nobody's. */
const NO_COLUMN: RelationColumn = { type: 'text', nullable: false }

function checkRow(value: unknown, columns: Relation['columns'], place: string): RelationRow {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(place, 'is not an object')
  const fields = value as Readonly<Record<string, unknown>>
  for (const name of Object.keys(fields))
    if (!Object.hasOwn(columns, name)) throw invalid(`${place}.${name}`, 'is not a column that is meant here')
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [
      name,
      checkValue(Object.hasOwn(fields, name) ? fields[name] : null, column, `${place}.${name}`),
    ]),
  )
}

function checkValue(value: unknown, { type, nullable }: RelationColumn, place: string): RelationValue {
  if (value === null || value === undefined) {
    if (nullable) return null
    throw invalid(place, 'is missing, and may not be null')
  }
  const fault = literalFault(type, value)
  if (fault !== null) throw invalid(place, fault)
  if (typeof value !== 'string') return value as RelationValue
  if (Buffer.byteLength(value) > RELATION_ROW_LIMITS.textBytesMax) tooMuch('textBytesMax')
  return type === 'uuid' ? parseUuid(value) : value
}

function checkIndexed(row: RelationRow, columns: readonly string[], place: string): void {
  const bytes = columns.reduce((sum, name) => sum + Buffer.byteLength(String(row[name] ?? '')), 0)
  const max = RELATION_ROW_LIMITS.indexedBytesMax
  if (bytes > max) throw invalid(place, `has more than ${max} bytes in ${columns.join(', ')}, which are indexed together`)
}

function atMost(limit: keyof typeof RELATION_ROW_LIMITS, value: number): void {
  if (value > RELATION_ROW_LIMITS[limit]) tooMuch(limit)
}

function tooMuch(limit: keyof typeof RELATION_ROW_LIMITS): never {
  throw new StorageError('LimitExceeded', { limit: `relations.${limit}`, max: RELATION_ROW_LIMITS[limit] })
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
