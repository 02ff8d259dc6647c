import { isStorageError, StorageError } from '../errors/storage-error.ts'
import type { JsonObject } from './caller.ts'
import { parseUuid } from './evaluate-cast.ts'
import { allowsOperation } from './evaluate-functions.ts'
import { isArray, jsonElements } from './evaluate-json.ts'
import { evaluateExpression } from './evaluate-predicate.ts'
import { Json, type Value } from './evaluate-values.ts'
import { canFail } from './predicate-can-fail.ts'
import { commonType, type ExpressionType, predicateParts, predicateType, withParts } from './predicate-type.ts'
import { ALWAYS, type ContextField, type LiteralType, type LiteralValue, NEVER, type Predicate } from './predicate.ts'
import { isStorableJson, isStorableText } from './storable-json.ts'

/** The constants of one request. */
export interface PredicateContext {
  readonly sub: string | null
  readonly role: string | null
  readonly account: string | null
  /** In Supabase Storage's words. */
  readonly operation: string | null
  readonly ip: string | null
  /** The id of the credential that was shown. */
  readonly key: string | null
  readonly jwt: JsonObject | null
  readonly now: Date | null
}

type Node<K extends Predicate['k']> = Extract<Predicate, { readonly k: K }>

/**
 * Puts the constants of a request into a condition and reckons as far as they reach. The result means the same for every row, unknown
 * and errors included, and reads no context; where no row can change it, it is a literal, `ALWAYS` and `NEVER` themselves. What fails is
 * left to be met, or not, by whoever evaluates. Rejects with `InvalidArgument` a constant that no database can hold.
 */
export function foldPredicate(predicate: Predicate, context: PredicateContext): Predicate {
  return fold(predicate, context)
}

/** Reckons as far as constants reach, in a condition that reads no context any more. */
export function refoldPredicate(predicate: Predicate): Predicate {
  return fold(predicate, null)
}

function fold(node: Predicate, context: PredicateContext | null): Predicate {
  switch (node.k) {
    case 'lit':
      return literal(node.t, node.v)
    case 'col':
    case 'rcol':
      return node
    case 'ctx':
      return context === null ? node : contextValue(node.f, context)
    case 'and':
    case 'or':
      return foldJunction(node, context)
    default:
      break
  }
  const folded = withParts(node, (part) => fold(part, context))
  switch (folded.k) {
    case 'exists':
      return selectsNothing(folded.where) ? NEVER : folded
    case 'insub':
      return selectsNothing(folded.where) ? constant(folded.neg) : folded
    case 'call':
      if (folded.f === 'allow_only_operation' || folded.f === 'allow_any_operation') return foldOperation(folded, context)
      return folded.f === 'coalesce' ? foldCoalesce(folded) : reckon(folded)
    case 'inarr':
    case 'anyeq':
      return foldElements(folded)
    case 'in':
      return folded.l.length === 0 ? constant(folded.neg) : foldMembership(folded)
    default:
      return reckon(folded)
  }
}

function selectsNothing(where: Predicate): boolean {
  return where.k === 'lit' && where.v !== true
}

function constant(value: boolean): Predicate {
  return value ? ALWAYS : NEVER
}

function literal(t: LiteralType, v: LiteralValue): Predicate {
  return t === 'bool' && v !== null ? constant(v === true) : { k: 'lit', t, v }
}

/** Claims nest where users may write in them; a store would stop at it. */
function contextValue(field: ContextField, context: PredicateContext): Predicate {
  switch (field) {
    case 'jwt':
      if (!isStorableJson(context.jwt)) throw unstorable(field)
      return literal('jsonb', context.jwt)
    case 'now':
      return literal('timestamptz', context.now?.getTime() ?? null)
    case 'uid':
      return userId(context.sub)
    default: {
      const value = context[field]
      if (value !== null && !isStorableText(value)) throw unstorable(field)
      return literal('text', value)
    }
  }
}

/** A `sub` that is no uuid fails only where a policy gets to it. */
function userId(sub: string | null): Predicate {
  const uuid = sub === null ? null : parseUuid(sub)
  if (sub === null || uuid !== null) return literal('uuid', uuid)
  if (!isStorableText(sub)) throw unstorable('uid')
  return { k: 'cast', a: literal('text', sub), t: 'uuid' }
}

function unstorable(field: ContextField): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument: field, reason: 'has a NUL, half a surrogate pair, or nests too deep' })
}

/** Drops what changes nothing, and stops at what decides, unless something before it may fail. An unknown stays: it is neither. */
function foldJunction({ k, a }: Node<'and' | 'or'>, context: PredicateContext | null): Predicate {
  const deciding = k === 'and' ? NEVER : ALWAYS
  const neutral = k === 'and' ? ALWAYS : NEVER
  const kept: Predicate[] = []
  for (const part of a) {
    const folded = fold(part, context)
    if (folded !== neutral) kept.push(folded)
    if (folded !== deciding) continue
    if (!kept.some(canFail)) return deciding
    break
  }
  const [first] = kept
  if (first === undefined) return neutral
  return kept.length === 1 ? first : reckon({ k, a: kept })
}

function foldOperation(node: Node<'call'>, context: PredicateContext | null): Predicate {
  const [argument] = node.a
  const value = context === null || argument === undefined || !isConstant(argument) ? undefined : valueOfConstant(argument)
  return value === undefined ? node : constant(allowsOperation(value, context?.operation ?? null))
}

/** Drops what is null, and what stands behind what is not. */
function foldCoalesce(node: Node<'call'>): Predicate {
  const kept = node.a.filter((part) => part.k !== 'lit' || part.v !== null)
  const known = kept.findIndex((part) => part.k === 'lit')
  const shorter: Predicate = { ...node, a: known === -1 ? kept : kept.slice(0, known + 1) }
  // A shorter list may be of a narrower type.
  return reckon(shorter.a.length > 0 && predicateType(shorter) === predicateType(node) ? shorter : node)
}

/** An element that is found decides, as an arm of an OR does: what stands behind it is never met. */
function foldMembership(node: Node<'in'>): Predicate {
  const type = commonTypeOf([node.a, ...node.l])
  for (const element of node.l) {
    // Where a later element widens both, they may be equal only then, or no more.
    const found = isConstant(node.a) && commonTypeOf([node.a, element]) === type && reckon({ ...node, l: [element], neg: false }) === ALWAYS
    if (found) return constant(!node.neg)
    if (canFail(element)) break
  }
  return reckon(node)
}

/** So many elements of a constant list are written out. */
const ELEMENTS_MAX = 1024

/** A search in a constant list is an `IN`. */
function foldElements(node: Node<'inarr' | 'anyeq'>): Predicate {
  const elements = isConstant(node.arr) ? constantElements(node) : undefined
  if (elements === undefined || elements.length > ELEMENTS_MAX) return reckon(node)
  if (elements.length === 0) return node.k === 'anyeq' && canFail(node.a) ? node : NEVER
  return reckon({ k: 'in', a: node.a, l: elements.map((element) => literal('text', element)), neg: false })
}

function commonTypeOf(nodes: readonly Predicate[]): ExpressionType | null {
  return commonType(nodes.map(predicateType))
}

function constantElements({ k, arr }: Node<'inarr' | 'anyeq'>): readonly (string | null)[] | undefined {
  const value = valueOfConstant(arr)
  if (k === 'anyeq') return Array.isArray(value) ? value : undefined
  if (value === null) return []
  return value instanceof Json && isArray(value.value) ? jsonElements(value) : undefined
}

/** Of a node whose parts are folded: its value, where they are all constant and it has one that can be written. */
function reckon(node: Predicate): Predicate {
  const value = isConstant(node) ? valueOfConstant(node) : undefined
  return value === undefined ? node : (written(value, predicateType(node)) ?? node)
}

/** Parts are literals wherever they can be: what is looked through here is a list, or what fails. */
function isConstant(node: Predicate): boolean {
  switch (node.k) {
    case 'lit':
      return true
    case 'col':
    case 'rcol':
    case 'ctx':
    case 'exists':
    case 'insub':
      return false
    case 'call':
      return node.f !== 'allow_only_operation' && node.f !== 'allow_any_operation' && node.a.every(isConstant)
    default:
      return predicateParts(node).every(isConstant)
  }
}

/** Undefined for what fails. */
function valueOfConstant(node: Predicate): Value | undefined {
  try {
    return evaluateExpression(node, { row: {} })
  } catch (error) {
    if (isStorageError(error) && error.code === 'PolicyFailed') return undefined
    throw error
  }
}

/** The value as an expression, or null where there is none: JSON's null, numbers that JSON does not have, long lists, and no list at all. */
export function written(value: Value, type: ExpressionType): Predicate | null {
  if (type === 'text[]') {
    if (!Array.isArray(value) || value.length > ELEMENTS_MAX) return null
    return { k: 'arr', a: value.map((element: string | null) => literal('text', element)) }
  }
  if (value instanceof Json) return value.value === null ? null : literal(type, value.value)
  if (typeof value === 'bigint') return literal(type, String(value))
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return null
  return typeof value === 'object' && value !== null ? null : literal(type, value)
}
