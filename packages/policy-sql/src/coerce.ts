import type { CastType, LiteralType, Predicate } from '@stowage/core/policy'
import { literal, literalFromText } from './literal.ts'
import { Refusal } from './refusal.ts'
import { type SqlType, sqlTypeName, type Typed } from './typed.ts'

/** From the narrower to the wider, as Postgres goes without being asked. */
const NUMBERS: readonly SqlType[] = ['int', 'bigint', 'num']

/** What is cast to what, where somebody asks for it: what Postgres casts, less what depends on a session's settings or on its release. */
const CASTS: Readonly<Record<CastType, readonly SqlType[]>> = {
  bool: ['text', 'int'],
  text: ['bool', 'int', 'bigint', 'num', 'uuid', 'jsonb'],
  int: ['text', 'bool', 'bigint', 'num'],
  bigint: ['text', 'int', 'num'],
  num: ['text', 'int', 'bigint'],
  uuid: ['text'],
  timestamptz: [],
}

/** The value as the type that its place wants, where Postgres would give it without a cast; null where it would not. */
function coerceTo(value: Typed, type: SqlType): Typed | null {
  if (value.type === type) return value
  const { node, at } = value
  if (value.type === 'unknown') return { node: unknownAs(node, type, at), type, at }
  if (value.type === 'decimal') {
    // Beside a whole number both are compared as numerics. A double is enough of one: it keeps this constant exactly.
    return type === 'num' ? { node: literalFromText(textOf(node), 'num', at), type: 'num', at } : null
  }
  if (!NUMBERS.includes(type) || !NUMBERS.includes(value.type) || NUMBERS.indexOf(type) < NUMBERS.indexOf(value.type)) return null
  return { node: widen(node, type === 'num' ? 'num' : 'bigint'), type, at }
}

/** Both as one type, as Postgres finds it for an operator. Refuses what has no operator there. */
export function unify(values: readonly Typed[], what: string): readonly Typed[] {
  const known = values.filter(({ type }) => type !== 'unknown')
  const [first] = known
  if (first === undefined) return values.map((value) => ({ ...value, type: 'text' }))
  let type: SqlType = first.type === 'decimal' ? 'num' : first.type
  for (const value of known) {
    const wanted = value.type === 'decimal' ? 'num' : value.type
    if (wanted === type) continue
    if (!NUMBERS.includes(wanted) || !NUMBERS.includes(type)) throw mismatch(first, value, what)
    if (NUMBERS.indexOf(wanted) > NUMBERS.indexOf(type)) type = wanted
  }
  return values.map((value) => {
    const coerced = coerceTo(value, type)
    if (coerced === null) throw mismatch(first, value, what)
    return coerced
  })
}

/** `value::type`. What is known already is a constant of the type; a cast to the type that it has is nothing. */
export function castTo(value: Typed, type: CastType, at: number): Typed {
  const { node } = value
  if (value.type === type) return value
  if (value.type === 'unknown' || value.type === 'decimal') {
    const as = value.type === 'decimal' && type === 'text' ? 'text' : type
    if (value.type === 'decimal' && type !== 'num' && type !== 'text')
      throw new Refusal(value.at, 'a number with a point is cast to another type', 'write the constant itself')
    return { node: unknownAs(node, as, value.at), type, at: value.at }
  }
  const isText = node.k === 'lit' && node.t === 'text'
  if (!CASTS[type].includes(value.type) && !isText) {
    const fix = value.type === 'jsonb' ? "read it as text first: ->> '…'" : null
    throw new Refusal(at, `a cast of ${sqlTypeName(value.type)} to ${sqlTypeName(type)}`, fix)
  }
  if (node.k === 'lit') {
    if (node.v === null) return { node: literal(type, null), type, at: value.at }
    if (node.t === 'text') return { node: literalFromText(textOf(node), type, value.at), type, at: value.at }
    const digits = node.t === 'int' || node.t === 'bigint' ? digitsOf(node) : null
    if (digits !== null && (type === 'text' || type === 'int' || type === 'bigint')) {
      return { node: literalFromText(digits, type, value.at), type, at: value.at }
    }
    if (node.t === 'uuid' && type === 'text') return { node: literal('text', node.v), type, at: value.at }
  }
  return { node: { k: 'cast', a: node, t: type }, type, at: value.at }
}

/** The value, which must be of the type. */
export function expectType(value: Typed, type: SqlType, what: string): Predicate {
  const coerced = coerceTo(value, type)
  if (coerced === null)
    throw new Refusal(value.at, `${what} must be type ${sqlTypeName(type)}, not type ${sqlTypeName(value.type)}`, castFix(value, type))
  return coerced.node
}

function widen(node: Predicate, type: 'bigint' | 'num'): Predicate {
  if (node.k !== 'lit') return { k: 'cast', a: node, t: type }
  if (node.v === null) return literal(type, null)
  return type === 'bigint' ? literal('bigint', digitsOf(node)) : wideConstant(node)
}

/** Of a constant of whole numbers: an `int` is a number, a `bigint` its digits. */
function digitsOf({ v }: Predicate & { readonly k: 'lit' }): string {
  return typeof v === 'string' ? v : JSON.stringify(v)
}

/** A whole number beyond what a double keeps is cast as it is. */
function wideConstant(node: Predicate & { readonly k: 'lit' }): Predicate {
  const value = Number(node.v)
  return Number.isSafeInteger(value) ? literal('num', value) : { k: 'cast', a: node, t: 'num' }
}

function unknownAs(node: Predicate, type: SqlType, at: number): Predicate {
  if (node.k === 'lit' && node.v === null) {
    if (type === 'text[]') throw new Refusal(at, 'an array that is NULL', 'write what is meant: a comparison with it is never true')
    return literal(literalType(type), null)
  }
  return literalFromText(textOf(node), type, at)
}

function literalType(type: SqlType): LiteralType {
  if (type === 'unknown' || type === 'text[]') return 'text'
  return type === 'decimal' ? 'num' : type
}

function textOf(node: Predicate): string {
  return node.k === 'lit' && typeof node.v === 'string' ? node.v : ''
}

function mismatch(a: Typed, b: Typed, what: string): Refusal {
  const fix = a.type === 'text' ? castFix(b, 'text') : b.type === 'text' ? castFix(a, 'text') : null
  return new Refusal(
    b.type === 'uuid' || a.type !== 'uuid' ? b.at : a.at,
    `operator does not exist: ${sqlTypeName(a.type)} ${what} ${sqlTypeName(b.type)}`,
    fix,
  )
}

function castFix(value: Typed, type: SqlType): string | null {
  return type === 'text' && value.type !== 'text[]' ? `add ::text to the ${sqlTypeName(value.type)}` : null
}
