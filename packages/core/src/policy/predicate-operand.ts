import { predicateType } from './predicate-type.ts'
import type { LiteralType, LiteralValue, Predicate } from './predicate.ts'

/** An expression, or a constant that stands for itself. Beside a uuid a text is one too. */
export type Operand = Predicate | string | number | bigint | boolean | Date

/** A constant as an expression that can be compared with the other side. */
export function beside(value: Operand, other: Operand): Predicate {
  const isText = typeof value === 'string' && isPredicate(other) && predicateType(other) === 'uuid'
  return isText ? literal('uuid', value) : asPredicate(value)
}

/** A constant as an expression of the type that it has in TypeScript; an expression as it is. */
export function asPredicate(value: Operand): Predicate {
  if (isPredicate(value)) return value
  if (value instanceof Date) return literal('timestamptz', value.getTime())
  switch (typeof value) {
    case 'string':
      return literal('text', value)
    case 'boolean':
      return literal('bool', value)
    case 'bigint':
      return literal('bigint', String(value))
    default:
      return literal(Number.isInteger(value) && Math.abs(value) < INT_LIMIT ? 'int' : 'num', value)
  }
}

const INT_LIMIT = 2 ** 31

function isPredicate(value: Operand): value is Predicate {
  return typeof value === 'object' && !(value instanceof Date)
}

function literal(t: LiteralType, v: LiteralValue): Predicate {
  return { k: 'lit', t, v }
}
