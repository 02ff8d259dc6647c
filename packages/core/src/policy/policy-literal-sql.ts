import { StorageError } from '../errors/storage-error.ts'
import type { LiteralType, LiteralValue, Predicate } from './predicate.ts'

/** Postgres' names of the types: keywords where there is one, since those no search path can bend. */
export const SQL_TYPES: Readonly<Record<LiteralType, string>> = {
  bool: 'boolean',
  text: 'text',
  int: 'integer',
  bigint: 'bigint',
  num: 'double precision',
  uuid: 'uuid',
  jsonb: 'jsonb',
  timestamptz: 'timestamptz',
}

/** An identifier of any spelling. `InvalidArgument` for one that Postgres cannot hold. */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0')) throw new StorageError('InvalidArgument', { argument: 'name', reason: 'is empty or has a NUL' })
  return `"${name.replaceAll('"', '""')}"`
}

/** A text of any content, whatever `standard_conforming_strings` says. `InvalidArgument` for a NUL, which Postgres cannot hold. */
export function quoteText(text: string): string {
  if (text.includes('\0')) throw new StorageError('InvalidArgument', { argument: 'literal', reason: 'has a NUL' })
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** A constant with its type, as Postgres reads it. */
export function policyLiteralSql({ t, v }: Extract<Predicate, { readonly k: 'lit' }>): string {
  if (v === null) return `NULL::${SQL_TYPES[t]}`
  if (t === 'bool') return v === true ? 'TRUE' : 'FALSE'
  if (t === 'int' && typeof v === 'number' && v >= 0) return String(v)
  return `${quoteText(literalText(t, v))}::${SQL_TYPES[t]}`
}

function literalText(type: LiteralType, value: LiteralValue): string {
  if (type === 'jsonb') return JSON.stringify(value)
  if (type === 'timestamptz' && typeof value === 'number') return timestampText(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Postgres has no sign in front of a year and writes one of five digits plainly: ISO 8601 differs beyond 9999 and before year 1. */
function timestampText(milliseconds: number): string {
  const date = new Date(milliseconds)
  const year = date.getUTCFullYear()
  const rest = date
    .toISOString()
    .replace(/^[+-]?\d+/, '')
    .replace('T', ' ')
    .replace('Z', '+00')
  return year > 0 ? `${String(year).padStart(4, '0')}${rest}` : `${String(1 - year).padStart(4, '0')}${rest} BC`
}
