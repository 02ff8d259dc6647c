import { AssertionError } from 'node:assert'
import { compareBytes } from '../model/byte-order.ts'
import type { PolicyRow } from './predicate-row.ts'
import { pathTokens } from './predicate-row.ts'
import type { CompareOperator, Predicate, PredicateFunction, TruthTest } from './predicate.ts'

export type { PolicyRow } from './predicate-row.ts'

type Value = string | number | boolean | null | readonly string[] | Readonly<Record<string, unknown>>
type Node<K extends Predicate['k']> = Extract<Predicate, { readonly k: K }>

/**
 * Says whether the row meets the condition: true, false, or null for unknown. The logic is SQL's (Kleene); text compares
 * by its UTF-8 bytes; case folds in ASCII only. Context must have been folded: an `AssertionError` otherwise, and where
 * values have types that the algebra cannot compare.
 */
export function evaluatePredicate(predicate: Predicate, row: PolicyRow): boolean | null {
  return truth(valueOf(predicate, row))
}

/** The value of an expression that need not be a condition. */
export function evaluateExpression(predicate: Predicate, row: PolicyRow): Value {
  return valueOf(predicate, row)
}

function valueOf(node: Predicate, row: PolicyRow): Value {
  switch (node.k) {
    case 'lit':
      return node.v
    case 'col':
      return columnValue(row[node.n])
    case 'ctx':
      throw broken(`context '${node.f}' was not folded`)
    case 'json':
      return jsonText(valueOf(node.a, row), node.p)
    case 'idx':
      return element(valueOf(node.a, row), node.i)
    case 'cmp':
      return compare(node.op, valueOf(node.a, row), valueOf(node.b, row))
    case 'distinct':
      return differ(valueOf(node.a, row), valueOf(node.b, row)) !== node.neg
    case 'in':
      return membership(node, row)
    case 'isnull':
      return (valueOf(node.a, row) === null) !== node.neg
    case 'istest':
      return TRUTH_TESTS[node.op](evaluatePredicate(node.a, row))
    case 'and':
      return conjunction(node.a, row)
    case 'or':
      return disjunction(node.a, row)
    case 'not':
      return negation(evaluatePredicate(node.a, row))
    case 'call':
      return FUNCTIONS[node.f](node.a.map((argument) => valueOf(argument, row)))
    default:
      throw broken('a node of an unknown kind')
  }
}

function truth(value: Value): boolean | null {
  if (value === null || typeof value === 'boolean') return value
  throw broken(`a ${typeof value} is not a condition`)
}

function negation(value: boolean | null): boolean | null {
  return value === null ? null : !value
}

function conjunction(parts: readonly Predicate[], row: PolicyRow): boolean | null {
  let unknown = false
  for (const part of parts) {
    const value = evaluatePredicate(part, row)
    if (value === false) return false
    if (value === null) unknown = true
  }
  return unknown ? null : true
}

function disjunction(parts: readonly Predicate[], row: PolicyRow): boolean | null {
  let unknown = false
  for (const part of parts) {
    const value = evaluatePredicate(part, row)
    if (value === true) return true
    if (value === null) unknown = true
  }
  return unknown ? null : false
}

function columnValue(value: unknown): Value {
  if (value === undefined || value === null) return null
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'object')
    return value as Value
  throw broken(`a column holds a ${typeof value}`)
}

/** Postgres' `->>`: text of the member, null where there is none or it is JSON's null. */
function jsonText(value: Value, member: string): string | null {
  if (value === null) return null
  if (typeof value !== 'object' || isTokens(value)) throw broken(`'${member}' is read from something that is not a JSON object`)
  const found = Object.hasOwn(value, member) ? value[member] : null
  if (found === null || found === undefined) return null
  return typeof found === 'string' ? found : JSON.stringify(found)
}

function element(value: Value, index: number): string | null {
  if (value === null) return null
  if (!isTokens(value)) throw broken('an element is taken of something that is not a list')
  return value[index - 1] ?? null
}

function isTokens(value: Value): value is readonly string[] {
  return Array.isArray(value)
}

const COMPARISONS: Readonly<Record<CompareOperator, (ordered: number) => boolean>> = {
  '=': (ordered) => ordered === 0,
  '<>': (ordered) => ordered !== 0,
  '<': (ordered) => ordered < 0,
  '<=': (ordered) => ordered <= 0,
  '>': (ordered) => ordered > 0,
  '>=': (ordered) => ordered >= 0,
}

function compare(operator: CompareOperator, a: Value, b: Value): boolean | null {
  return a === null || b === null ? null : COMPARISONS[operator](order(a, b))
}

function order(a: Exclude<Value, null>, b: Exclude<Value, null>): number {
  if (typeof a === 'string' && typeof b === 'string') return a === b ? 0 : compareBytes(a, b)
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  throw broken(`a ${typeof a} cannot be compared with a ${typeof b}`)
}

function differ(a: Value, b: Value): boolean {
  return a === null || b === null ? a !== b : order(a, b) !== 0
}

/** `x IN ()` is false even of an unknown x; a list that misses x but holds an unknown is unknown. */
function membership(node: Node<'in'>, row: PolicyRow): boolean | null {
  if (node.l.length === 0) return node.neg
  const value = valueOf(node.a, row)
  if (value === null) return null
  let unknown = false
  for (const candidate of node.l) {
    const other = valueOf(candidate, row)
    if (other === null) unknown = true
    else if (order(value, other) === 0) return !node.neg
  }
  return unknown ? null : node.neg
}

const TRUTH_TESTS: Readonly<Record<TruthTest, (value: boolean | null) => boolean>> = {
  IS_TRUE: (value) => value === true,
  IS_NOT_TRUE: (value) => value !== true,
  IS_FALSE: (value) => value === false,
  IS_NOT_FALSE: (value) => value !== false,
  IS_UNKNOWN: (value) => value === null,
  IS_NOT_UNKNOWN: (value) => value !== null,
}

const FUNCTIONS: Readonly<Record<PredicateFunction, (values: readonly Value[]) => Value>> = {
  starts_with: ([text = null, prefix = null]) => (text === null || prefix === null ? null : textOf(text).startsWith(textOf(prefix))),
  // Not toLowerCase: Unicode's folding differs between databases and their releases.
  lower: ([text = null]) => (text === null ? null : textOf(text).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())),
  upper: ([text = null]) => (text === null ? null : textOf(text).replaceAll(/[a-z]/g, (letter) => letter.toUpperCase())),
  coalesce: (values) => values.find((value) => value !== null) ?? null,
  foldername: ([key = null]) => (key === null || key === '' ? null : pathTokens(textOf(key)).slice(0, -1)),
  filename: ([key = null]) => (key === null || key === '' ? null : (pathTokens(textOf(key)).at(-1) ?? null)),
  extension: ([key = null]) => (key === null || key === '' ? null : extensionOf(textOf(key))),
}

/** What follows the last dot of the whole file name; the file name itself where it has no dot, as Supabase Storage has it. */
function extensionOf(key: string): string {
  const file = key.slice(key.lastIndexOf('/') + 1)
  return file.slice(file.lastIndexOf('.') + 1)
}

function textOf(value: Value): string {
  if (typeof value === 'string') return value
  throw broken(`a ${typeof value} is not a text`)
}

function broken(message: string): AssertionError {
  return new AssertionError({ message: `predicate: ${message}` })
}
