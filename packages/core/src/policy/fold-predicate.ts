import { StorageError } from '../errors/storage-error.ts'
import { evaluateExpression } from './evaluate-predicate.ts'
import { isStorableText } from './predicate-parse.ts'
import { predicateType } from './predicate-type.ts'
import { ALWAYS, type ContextField, NEVER, type Predicate } from './predicate.ts'

/** The constants of one request. */
export type PredicateContext = Readonly<Record<ContextField, string | null>>

/**
 * Puts the constants of a request into a condition and reckons as far as they reach. The result means the same for every
 * row, unknown included, and reads no context; where no row can change it, it is a literal, `ALWAYS` and `NEVER` themselves.
 * Rejects with `InvalidArgument` a constant that no database can hold.
 */
export function foldPredicate(predicate: Predicate, context: PredicateContext): Predicate {
  switch (predicate.k) {
    case 'lit':
      return literal(predicate)
    case 'col':
      return predicate
    case 'ctx':
      return contextValue(predicate.f, context)
    case 'and':
    case 'or':
      return foldJunction(predicate.k, predicate.a, context)
    case 'cmp':
    case 'distinct':
      return reckon({ ...predicate, a: foldPredicate(predicate.a, context), b: foldPredicate(predicate.b, context) })
    case 'in':
      return reckon({
        ...predicate,
        a: foldPredicate(predicate.a, context),
        l: predicate.l.map((candidate) => foldPredicate(candidate, context)),
      })
    case 'call':
      return reckon({ ...predicate, a: predicate.a.map((argument) => foldPredicate(argument, context)) })
    default:
      return reckon({ ...predicate, a: foldPredicate(predicate.a, context) })
  }
}

function contextValue(field: ContextField, context: PredicateContext): Predicate {
  const value = context[field]
  if (value !== null && !isStorableText(value)) {
    throw new StorageError('InvalidArgument', { argument: field, reason: 'has a NUL or half a surrogate pair' })
  }
  return { k: 'lit', t: 'text', v: value }
}

/** Drops what changes nothing, and stops at what decides. An unknown stays: it is neither. */
function foldJunction(kind: 'and' | 'or', parts: readonly Predicate[], context: PredicateContext): Predicate {
  const deciding = kind === 'and' ? NEVER : ALWAYS
  const neutral = kind === 'and' ? ALWAYS : NEVER
  const kept: Predicate[] = []
  for (const part of parts) {
    const folded = foldPredicate(part, context)
    if (folded === deciding) return deciding
    if (folded !== neutral) kept.push(folded)
  }
  const [first] = kept
  if (first === undefined) return neutral
  return kept.length === 1 ? first : reckon({ k: kind, a: kept })
}

/** Of a node whose parts are folded: its value, where they are all literals. */
function reckon(node: Predicate): Predicate {
  const type = predicateType(node)
  if (type === 'json' || type === 'list' || !isConstant(node)) return node
  const value = evaluateExpression(node, {})
  return literal({ k: 'lit', t: type, v: typeof value === 'object' ? null : value })
}

/** Parts are literals already wherever they can be; only a list has no literal of its own. */
function isConstant(node: Predicate): boolean {
  switch (node.k) {
    case 'lit':
      return true
    case 'cmp':
    case 'distinct':
      return node.a.k === 'lit' && node.b.k === 'lit'
    case 'in':
      return node.l.length === 0 || (node.a.k === 'lit' && node.l.every(({ k }) => k === 'lit'))
    case 'and':
    case 'or':
    case 'call':
      return node.a.every(({ k }) => k === 'lit')
    case 'not':
    case 'istest':
      return node.a.k === 'lit'
    case 'isnull':
    case 'idx':
      return node.a.k === 'call' ? node.a.f === 'foldername' && isConstant(node.a) : node.a.k === 'lit'
    default:
      return false
  }
}

function literal(node: Extract<Predicate, { readonly k: 'lit' }>): Predicate {
  if (node.t !== 'bool' || node.v === null) return node
  return node.v === true ? ALWAYS : NEVER
}
