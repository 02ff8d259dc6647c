import { containsRange, type IpRange, readIpAddress } from '../ip-range.ts'
import { matchesPattern, patternText, type Pattern, type VariableOf } from './wildcard.ts'

/** What kind of values an operator compares. */
export type ConditionKind = 'string' | 'pattern' | 'number' | 'date' | 'bool' | 'address' | 'null'

/** One value of a condition, read as its operator wants it. */
export type ConditionValue =
  | { readonly kind: 'string' | 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'number' | 'date'; readonly number: number }
  | { readonly kind: 'bool' | 'null'; readonly flag: boolean }
  | { readonly kind: 'address'; readonly range: IpRange }

/** An operator of AWS, by its parts. */
export interface ConditionOperator {
  readonly kind: ConditionKind
  readonly compare: '=' | '<' | '<=' | '>' | '>='
  readonly ignoreCase: boolean
  /** `…Not…`: true where none of the values matches, and where the key is missing. */
  readonly negated: boolean
  /** `…IfExists`: true where the key is missing. */
  readonly ifExists: boolean
}

/** One line of a condition: a key of the request, held against values. */
export interface ConditionTest {
  readonly operator: ConditionOperator
  /** In lower case: keys have none. */
  readonly key: string
  readonly values: readonly ConditionValue[]
}

/**
 * What a request says of a key, in lower case; null where it says nothing, undefined where it says several things. Only facts that the server
 * derived itself.
 */
export type RequestValueOf = (key: string) => string | null | undefined

/**
 * Whether a request meets a condition. Conditions are two-valued: a missing key makes a positive operator false and a negated one true.
 * Null where a variable of it has no value, or the key has several. AWS: reference_policies_elements_condition_operators.
 */
export function testCondition({ operator, key, values }: ConditionTest, valueOf: RequestValueOf): boolean | null {
  const actual = valueOf(key)
  if (actual === undefined) return null
  if (operator.kind === 'null') return values.some((value) => value.kind === 'null' && value.flag === (actual === null))
  if (actual === null) return operator.negated || operator.ifExists
  let unresolved = false
  for (const value of values) {
    const matched = matchesValue(operator, value, { actual, valueOf })
    if (matched === null) unresolved = true
    else if (matched) return !operator.negated
  }
  return unresolved ? null : operator.negated
}

interface Actual {
  readonly actual: string
  readonly valueOf: RequestValueOf
}

function matchesValue(operator: ConditionOperator, value: ConditionValue, { actual, valueOf }: Actual): boolean | null {
  switch (value.kind) {
    case 'string':
      return sameText(operator, value.pattern, { actual, valueOf })
    case 'pattern':
      return matchesPattern(value.pattern, actual, variables(valueOf))
    case 'number':
      return compare(operator.compare, readNumber(actual), value.number)
    case 'date':
      return compare(operator.compare, readDate(actual), value.number)
    case 'bool':
      return actual === String(value.flag)
    case 'address':
      return isInRange(actual, value.range)
    default:
      return false
  }
}

function sameText({ ignoreCase }: ConditionOperator, pattern: Pattern, { actual, valueOf }: Actual): boolean | null {
  const expected = patternText(pattern, variables(valueOf))
  if (expected === null) return null
  return ignoreCase ? asciiLower(expected) === asciiLower(actual) : expected === actual
}

/** As everywhere here: other letters have no case. */
function asciiLower(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function isInRange(text: string, range: IpRange): boolean {
  const address = readIpAddress(text)
  return address !== null && containsRange(range, address)
}

function variables(valueOf: RequestValueOf): VariableOf {
  return (name) => valueOf(name.toLowerCase()) ?? null
}

function compare(operator: ConditionOperator['compare'], actual: number | null, expected: number): boolean {
  if (actual === null) return false
  switch (operator) {
    case '=':
      return actual === expected
    case '<':
      return actual < expected
    case '<=':
      return actual <= expected
    case '>':
      return actual > expected
    default:
      return actual >= expected
  }
}

/** Reads a number as policies write it; null where it is none. */
export function readNumber(text: string): number | null {
  return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : null
}

/** Reads a date of the W3C's profile of ISO 8601, or seconds since 1970, as milliseconds; null where it is none. */
export function readDate(text: string): number | null {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1_000
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return null
  const milliseconds = Date.parse(text)
  return Number.isNaN(milliseconds) ? null : milliseconds
}
