import { broken, isList, Json, type Value } from './evaluate-values.ts'
import type { PolicyRow } from './predicate-row.ts'
import { COLUMN_TYPES, type ExpressionType } from './predicate-type.ts'
import type { JsonValue, Predicate, RowColumn } from './predicate.ts'

/** The value of a constant. */
export function literalValue({ t, v }: Extract<Predicate, { readonly k: 'lit' }>): Value {
  // On their way to a database, all zeros become one.
  return v === 0 ? typedValue(0, t) : typedValue(v, t)
}

/** The value of a column; one that the row does not have is null. */
export function rowValue(name: RowColumn, row: PolicyRow): Value {
  return typedValue(row[name], COLUMN_TYPES[name])
}

/** The rows of relations that are being looked at, by alias, and in them the values by column. */
export type RowsByAlias = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** A column of the relation that is being looked into. */
export function relationValue({ alias, n, t }: Extract<Predicate, { readonly k: 'rcol' }>, aliases: RowsByAlias): Value {
  const row = Object.hasOwn(aliases, alias) ? aliases[alias] : undefined
  if (row === undefined) throw broken(`no relation is called '${alias}' here`)
  return typedValue(row[n], t)
}

/** A stored value as its type has it: integers of 8 bytes come as numbers, digits or `bigint`, times as `Date` or milliseconds, flags as 0 and 1. */
function typedValue(value: unknown, type: ExpressionType): Value {
  if (value === undefined || value === null) return null
  if (type === 'jsonb') return value instanceof Json ? value : new Json(value as JsonValue)
  if (value instanceof Date) return value.getTime()
  if (type === 'bigint' && (typeof value === 'number' || typeof value === 'string')) return BigInt(value)
  if (type === 'bool' && typeof value === 'number') return value !== 0
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return value
  if (type === 'text[]' && Array.isArray(value) && isList(value)) return value
  throw broken(`a ${type} holds a ${typeof value}`)
}
