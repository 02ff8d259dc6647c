import type { JsonValue, LiteralType, LiteralValue, Predicate } from '@stowage/core/policy'
import { Refusal } from './refusal.ts'
import { type SqlType, sqlTypeName } from './typed.ts'

const INT_MAX = 2_147_483_647n
const BIGINT_MAX = 9_223_372_036_854_775_807n
/** As many digits as any double keeps. */
const EXACT_DIGITS_MAX = 15
const TRUE_WORDS = /^(?:t|tr|tru|true|y|ye|yes|on|1)$/i
const FALSE_WORDS = /^(?:f|fa|fal|fals|false|n|no|of|off|0)$/i
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const UUID = /^[0-9a-f]{32}$/
const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))? ?(Z|[+-]\d{2}(?::?\d{2})?)$/i

/** A constant of a type. */
export function literal(t: LiteralType, v: LiteralValue): Predicate {
  return { k: 'lit', t, v }
}

/** A text as a constant of a type, as Postgres reads it. Refuses what Postgres refuses, and what depends on the session's settings. */
export function literalFromText(text: string, type: SqlType, at: number): Predicate {
  if (text.includes('\0')) throw new Refusal(at, 'a text cannot have a NUL')
  switch (type) {
    case 'text':
    case 'unknown':
      return literal('text', text)
    case 'bool':
      return literal('bool', boolFrom(text.trim(), at))
    case 'int':
      return literal('int', Number(integerFrom(text, 'int', at)))
    case 'bigint':
      return literal('bigint', String(integerFrom(text, 'bigint', at)))
    case 'num':
    case 'decimal':
      return literal('num', numberFrom(text.trim(), at))
    case 'uuid':
      return literal('uuid', uuidFrom(text, at))
    case 'jsonb':
      return literal('jsonb', jsonFrom(text, at))
    case 'timestamptz':
      return literal('timestamptz', timestampFrom(text.trim(), at))
    case 'text[]':
      return { k: 'arr', a: arrayFrom(text, at) }
  }
}

function boolFrom(text: string, at: number): boolean {
  if (TRUE_WORDS.test(text)) return true
  if (FALSE_WORDS.test(text)) return false
  throw badInput(text, 'bool', at)
}

function integerFrom(text: string, type: 'int' | 'bigint', at: number): bigint {
  if (!/^[+-]?\d+$/.test(text.trim())) throw badInput(text, type, at)
  const value = BigInt(text.trim())
  const max = type === 'int' ? INT_MAX : BIGINT_MAX
  if (value > max || value < -max - 1n) throw new Refusal(at, `value "${text}" is out of range for type ${sqlTypeName(type)}`)
  return value
}

function numberFrom(text: string, at: number): number {
  const value = Number(text)
  if (!NUMBER.test(text) || !Number.isFinite(value)) throw badInput(text, 'num', at)
  const digits = text.replace(/e.*$/i, '').replaceAll(/[^\d]/g, '').replace(/^0+/, '')
  if (digits.length > EXACT_DIGITS_MAX) throw new Refusal(at, `${text} has more digits than a double keeps`)
  return Object.is(value, -0) ? 0 : value
}

function uuidFrom(text: string, at: number): string {
  const braced = /^\{(.*)\}$/.exec(text)?.[1] ?? text
  // A hyphen may stand after any group of four digits.
  const digits = /^(?:[0-9a-f]{4}-?){7}[0-9a-f]{4}$/i.test(braced) ? braced.replaceAll('-', '').toLowerCase() : ''
  if (!UUID.test(digits)) throw badInput(text, 'uuid', at)
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function jsonFrom(text: string, at: number): JsonValue {
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch {
    throw badInput(text, 'jsonb', at)
  }
  // A constant that is null is SQL's null here: JSON's own has no form.
  if (value === null) throw new Refusal(at, "the constant 'null'::jsonb", 'read the member with ->> and use IS NULL')
  if (/\\u0000/i.test(text)) throw new Refusal(at, 'a text of JSON cannot have a NUL')
  for (const digits of text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').match(/-?\d[\d.eE+-]*/g) ?? []) numberFrom(digits, at)
  return value
}

function timestampFrom(text: string, at: number): number {
  const [, date, time, zone] = TIMESTAMP.exec(text) ?? []
  if (date === undefined || zone === undefined) {
    throw new Refusal(at, `"${text}" is read by the settings of a session`, `write it as '2026-01-31 12:00:00+00'`)
  }
  const offset = zone.toUpperCase() === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`
  const clock = time === undefined ? '00:00:00' : time.length === 5 ? `${time}:00` : time
  const value = Date.parse(`${date}T${clock}${offset}`)
  // JS takes the 31st of February for the 3rd of March.
  const day = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(value) || Number.isNaN(day.getTime()) || !day.toISOString().startsWith(date)) throw badInput(text, 'timestamptz', at)
  return value
}

/** Postgres' array syntax of one dimension, without escapes. */
function arrayFrom(text: string, at: number): readonly Predicate[] {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1]
  if (inner === undefined || /[{}\\]/.test(inner.replaceAll(/"[^"\\]*"/g, '')))
    throw new Refusal(at, `"${text}" is no plain array`, `write ARRAY['a', 'b']`)
  if (inner.trim() === '') return []
  return inner.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((element) => {
    const plain = element.trim()
    const quoted = /^"([^"\\]*)"$/.exec(plain)?.[1]
    if (quoted === undefined && (plain === '' || plain.includes('"')))
      throw new Refusal(at, `"${text}" is no plain array`, `write ARRAY['a', 'b']`)
    return literal('text', quoted ?? (plain.toUpperCase() === 'NULL' ? null : plain))
  })
}

function badInput(text: string, type: SqlType, at: number): Refusal {
  return new Refusal(at, `invalid input syntax for type ${sqlTypeName(type)}: "${text}"`)
}
