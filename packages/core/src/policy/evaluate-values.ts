import { AssertionError } from 'node:assert'
import { StorageError } from '../errors/storage-error.ts'
import { compareBytes } from '../model/byte-order.ts'
import type { ExpressionType } from './predicate-type.ts'
import type { CompareOperator, JsonValue } from './predicate.ts'

/** A JSON value, which may be JSON's null: not the same as no value. */
export class Json {
  readonly value: JsonValue

  constructor(value: JsonValue) {
    this.value = value
  }
}

/** A list of texts, as Postgres' `text[]`. */
export type TextList = readonly (string | null)[]

/** What an expression gives: null is SQL's, `bigint` holds Postgres' int8, `number` its int4 and float8, and milliseconds since 1970. */
export type Value = string | number | bigint | boolean | null | Json | TextList

const COMPARISONS: Readonly<Record<CompareOperator, (ordered: number) => boolean>> = {
  '=': (ordered) => ordered === 0,
  '<>': (ordered) => ordered !== 0,
  '<': (ordered) => ordered < 0,
  '<=': (ordered) => ordered <= 0,
  '>': (ordered) => ordered > 0,
  '>=': (ordered) => ordered >= 0,
}

/** `a operator b`: unknown where one of them is. */
export function compare(operator: CompareOperator, a: Value, b: Value): boolean | null {
  return a === null || b === null ? null : COMPARISONS[operator](order(a, b))
}

/** `IS DISTINCT FROM`. */
export function differ(a: Value, b: Value): boolean {
  return a === null || b === null ? a !== b : order(a, b) !== 0
}

/** Below 0, 0 or above 0. Text goes by its UTF-8 bytes, an int8 beside a float8 becomes one, and NaN is what is largest, as in Postgres. */
function order(a: Exclude<Value, null>, b: Exclude<Value, null>): number {
  if (typeof a === 'string' && typeof b === 'string') return a === b ? 0 : compareBytes(a, b)
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0
  if (isNumeric(a) && isNumeric(b)) return orderNumbers(Number(a), Number(b))
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  throw broken(`a ${typeof a} cannot be compared with a ${typeof b}`)
}

/** Whether one of the values is this one; unknown where it may be, for all that is known. */
export function equalsOne(value: Value, candidates: readonly Value[]): boolean | null {
  if (value === null) return null
  let unknown = false
  for (const candidate of candidates) {
    if (candidate === null) unknown = true
    else if (order(value, candidate) === 0) return true
  }
  return unknown ? null : false
}

function isNumeric(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function orderNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return a < b ? -1 : a > b ? 1 : 0
}

/** A number as the wider type has it; anything else as it is. */
export function widened(value: Value, type: ExpressionType): Value {
  if (type === 'num' && typeof value === 'bigint') return Number(value)
  if (type === 'bigint' && typeof value === 'number') return BigInt(value)
  return value
}

/** The value as text. An `AssertionError` where it is none: the parser has seen to it. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value
  throw broken(`a ${typeof value} is not a text`)
}

/** The value as a list of texts. */
export function listOf(value: Value): TextList {
  if (isList(value)) return value
  throw broken(`a ${typeof value} is not a list`)
}

/** Whether a value is a list of texts. */
export function isList(value: Value): value is TextList {
  return Array.isArray(value)
}

/** The value as JSON. */
export function jsonOf(value: Value): JsonValue {
  if (value instanceof Json) return value.value
  throw broken(`a ${typeof value} is not JSON`)
}

/** A mistake in our own code, or a predicate that nobody parsed. */
export function broken(message: string): AssertionError {
  return new AssertionError({ message: `predicate: ${message}` })
}

/** What the value of a row, or of a claim, does not allow: an error in Postgres too. */
export function policyFailed(reason: string): StorageError<'PolicyFailed'> {
  return new StorageError('PolicyFailed', { reason })
}
