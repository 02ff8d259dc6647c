import type { ConditionOperator } from './condition.ts'

const STRING: ConditionOperator = { kind: 'string', compare: '=', ignoreCase: false, negated: false, ifExists: false }
const PATTERN: ConditionOperator = { ...STRING, kind: 'pattern' }
const NUMBER: ConditionOperator = { ...STRING, kind: 'number' }
const DATE: ConditionOperator = { ...STRING, kind: 'date' }
const ADDRESS: ConditionOperator = { ...STRING, kind: 'address' }

const OPERATORS: ReadonlyMap<string, ConditionOperator> = new Map<string, ConditionOperator>([
  ['StringEquals', STRING],
  ['StringNotEquals', { ...STRING, negated: true }],
  ['StringEqualsIgnoreCase', { ...STRING, ignoreCase: true }],
  ['StringNotEqualsIgnoreCase', { ...STRING, ignoreCase: true, negated: true }],
  ['StringLike', PATTERN],
  ['StringNotLike', { ...PATTERN, negated: true }],
  // Wildcards in both: AWS, reference_policies_elements_condition_operators, "ARN condition operators".
  ['ArnEquals', PATTERN],
  ['ArnLike', PATTERN],
  ['ArnNotEquals', { ...PATTERN, negated: true }],
  ['ArnNotLike', { ...PATTERN, negated: true }],
  ['NumericEquals', NUMBER],
  ['NumericNotEquals', { ...NUMBER, negated: true }],
  ['NumericLessThan', { ...NUMBER, compare: '<' }],
  ['NumericLessThanEquals', { ...NUMBER, compare: '<=' }],
  ['NumericGreaterThan', { ...NUMBER, compare: '>' }],
  ['NumericGreaterThanEquals', { ...NUMBER, compare: '>=' }],
  ['DateEquals', DATE],
  ['DateNotEquals', { ...DATE, negated: true }],
  ['DateLessThan', { ...DATE, compare: '<' }],
  ['DateLessThanEquals', { ...DATE, compare: '<=' }],
  ['DateGreaterThan', { ...DATE, compare: '>' }],
  ['DateGreaterThanEquals', { ...DATE, compare: '>=' }],
  ['Bool', { ...STRING, kind: 'bool' }],
  ['IpAddress', ADDRESS],
  ['NotIpAddress', { ...ADDRESS, negated: true }],
  ['Null', { ...STRING, kind: 'null' }],
])

const IF_EXISTS = 'IfExists'

/**
 * An operator by AWS's name, or null. `ForAllValues:` and `ForAnyValue:` are for keys of several values, of which there are none here.
 * AWS: reference_policies_elements_condition_operators.
 */
export function findConditionOperator(name: string): ConditionOperator | null {
  const plain = OPERATORS.get(name)
  if (plain !== undefined) return plain
  if (!name.endsWith(IF_EXISTS)) return null
  const operator = OPERATORS.get(name.slice(0, -IF_EXISTS.length))
  return operator === undefined || operator.kind === 'null' ? null : { ...operator, ifExists: true }
}
