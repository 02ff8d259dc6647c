import { castValue } from './evaluate-cast.ts'
import { callFunction } from './evaluate-functions.ts'
import { jsonElements, jsonHas, jsonScalarText, jsonStep } from './evaluate-json.ts'
import { matchesLike } from './evaluate-like.ts'
import { literalValue, type RowsByAlias, relationValue, rowValue } from './evaluate-row.ts'
import { broken, compare, differ, equalsOne, listOf, policyFailed, textOf, type Value, widened } from './evaluate-values.ts'
import type { PolicyRow } from './predicate-row.ts'
import { commonType, type ExpressionType, predicateType } from './predicate-type.ts'
import type { Predicate, TruthTest } from './predicate.ts'

export type { PolicyRow } from './predicate-row.ts'

type Node<K extends Predicate['k']> = Extract<Predicate, { readonly k: K }>

/** The rows of relations, by the names of relations. */
export type RelationRows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

/** What a condition is evaluated over. */
export interface EvaluationScope {
  readonly row: PolicyRow
  /** The rows of relations that `exists` and `insub` around the condition are at, by alias. */
  readonly aliases?: RowsByAlias
  /** Rows of relations by name. Only for tests and proofs: where the engine runs, the database looks into relations. */
  readonly relations?: RelationRows
}

/**
 * Says whether the row meets the condition: true, false, or null for unknown. The logic is SQL's (Kleene); text compares by its UTF-8
 * bytes; case folds in ASCII only. Arms are evaluated from left to right, up to the one that decides. Throws `PolicyFailed` where a value
 * does not allow what is done with it, as Postgres does; an `AssertionError` where context was not folded, relations were not resolved, or
 * types do not fit.
 */
export function evaluatePredicate(predicate: Predicate, row: PolicyRow): boolean | null {
  return evaluateWithin(predicate, { row })
}

/** As `evaluatePredicate`, where relations are in reach. */
export function evaluateWithin(predicate: Predicate, scope: EvaluationScope): boolean | null {
  return truth(valueOf(predicate, scope))
}

/** The value of an expression that need not be a condition. */
export function evaluateExpression(predicate: Predicate, scope: EvaluationScope): Value {
  return valueOf(predicate, scope)
}

function valueOf(node: Predicate, scope: EvaluationScope): Value {
  switch (node.k) {
    case 'lit':
      return literalValue(node)
    case 'col':
      return rowValue(node.n, scope.row)
    case 'rcol':
      return relationValue(node, scope.aliases ?? {})
    case 'cast':
      return castValue(valueOf(node.a, scope), predicateType(node.a), node.t)
    case 'concat':
      return concatenation(valueOf(node.a, scope), valueOf(node.b, scope))
    case 'idx':
      return element(valueOf(node.a, scope), node.i)
    case 'arr':
      return node.a.map((part) => textOrNull(valueOf(part, scope)))
    case 'json': {
      const found = jsonStep(valueOf(node.a, scope), node.p)
      return node.text ? jsonScalarText(found) : found
    }
    case 'call':
      return callValue(node, scope)
    default:
      return conditionOf(node, scope)
  }
}

function conditionOf(node: Predicate, scope: EvaluationScope): boolean | null {
  switch (node.k) {
    case 'jhas':
      return jsonHas(valueOf(node.a, scope), valueOf(node.b, scope))
    case 'cmp':
      return compare(node.op, valueOf(node.a, scope), valueOf(node.b, scope))
    case 'distinct':
      return differ(valueOf(node.a, scope), valueOf(node.b, scope)) !== node.neg
    case 'in':
      return membership(node, scope)
    case 'anyeq':
      return elementEquals(valueOf(node.a, scope), valueOf(node.arr, scope))
    case 'inarr': {
      const elements = jsonElements(valueOf(node.arr, scope))
      return elements.length === 0 ? false : equalsOne(valueOf(node.a, scope), elements)
    }
    case 'like':
      return likeness(node, scope)
    case 'isnull':
      return (valueOf(node.a, scope) === null) !== node.neg
    case 'istest':
      return TRUTH_TESTS[node.op](evaluateWithin(node.a, scope))
    case 'and':
      return junction(node.a, false, scope)
    case 'or':
      return junction(node.a, true, scope)
    case 'not':
      return negation(evaluateWithin(node.a, scope))
    case 'exists':
      return rowsWithin(node, scope).length > 0
    case 'insub':
      return membershipInRelation(node, scope)
    default:
      throw broken(node.k === 'ctx' ? `context '${node.f}' was not folded` : 'a node of an unknown kind')
  }
}

function truth(value: Value): boolean | null {
  if (value === null || typeof value === 'boolean') return value
  throw broken(`a ${typeof value} is not a condition`)
}

function negation(value: boolean | null): boolean | null {
  return value === null ? null : !value
}

/** An unknown arm decides nothing: the next may. */
function junction(parts: readonly Predicate[], deciding: boolean, scope: EvaluationScope): boolean | null {
  let unknown = false
  for (const part of parts) {
    const value = evaluateWithin(part, scope)
    if (value === deciding) return deciding
    if (value === null) unknown = true
  }
  return unknown ? null : !deciding
}

function concatenation(a: Value, b: Value): string | null {
  return a === null || b === null ? null : textOf(a) + textOf(b)
}

function element(value: Value, index: number): string | null {
  return value === null ? null : (listOf(value)[index - 1] ?? null)
}

function textOrNull(value: Value): string | null {
  return value === null ? null : textOf(value)
}

function likeness({ a, p, ci, neg }: Node<'like'>, scope: EvaluationScope): boolean | null {
  const [text, pattern] = [valueOf(a, scope), valueOf(p, scope)]
  if (text === null || pattern === null) return null
  const matches = matchesLike(textOf(text), textOf(pattern), ci)
  if (matches === null) throw policyFailed('a LIKE pattern ends with an escape')
  return matches !== neg
}

/** `x IN ()` is false even of an unknown x; a list that misses x but holds an unknown is unknown. */
function membership(node: Node<'in'>, scope: EvaluationScope): boolean | null {
  if (node.l.length === 0) return node.neg
  const type = commonType([node.a, ...node.l].map(predicateType)) ?? 'text'
  const value = widened(valueOf(node.a, scope), type)
  let unknown = false
  for (const candidate of node.l) {
    const equal = compare('=', value, widened(valueOf(candidate, scope), type))
    if (equal === null) unknown = true
    else if (equal) return !node.neg
  }
  return unknown ? null : node.neg
}

/** `= ANY`: of an array without elements it is false, whatever is looked for. */
function elementEquals(value: Value, array: Value): boolean | null {
  if (array === null) return null
  const elements = listOf(array)
  return elements.length === 0 ? false : equalsOne(value, elements)
}

/** The rows that the condition of a relation's node lets through, each as the scope that it is seen in. */
function rowsWithin({ rel, alias, where }: Node<'exists' | 'insub'>, scope: EvaluationScope): readonly EvaluationScope[] {
  const rows = scope.relations?.[rel]
  if (rows === undefined) throw broken(`the relation '${rel}' was not resolved`)
  return rows
    .map((row): EvaluationScope => ({ ...scope, aliases: { ...scope.aliases, [alias]: row } }))
    .filter((inner) => evaluateWithin(where, inner) === true)
}

function membershipInRelation(node: Node<'insub'>, scope: EvaluationScope): boolean | null {
  const found = rowsWithin(node, scope)
  if (found.length === 0) return node.neg
  const type = commonType([predicateType(node.a), predicateType(node.sel)]) ?? 'text'
  const value = widened(valueOf(node.a, scope), type)
  const equal = equalsOne(
    value,
    found.map((inner) => widened(valueOf(node.sel, inner), type)),
  )
  return equal === null ? null : equal !== node.neg
}

const TRUTH_TESTS: Readonly<Record<TruthTest, (value: boolean | null) => boolean>> = {
  IS_TRUE: (value) => value === true,
  IS_NOT_TRUE: (value) => value !== true,
  IS_FALSE: (value) => value === false,
  IS_NOT_FALSE: (value) => value !== false,
  IS_UNKNOWN: (value) => value === null,
  IS_NOT_UNKNOWN: (value) => value !== null,
}

function callValue(node: Node<'call'>, scope: EvaluationScope): Value {
  const { f } = node
  if (f === 'coalesce') return firstKnown(node.a, predicateType(node), scope)
  const values = node.a.map((argument) => valueOf(argument, scope))
  if (f === 'allow_only_operation' || f === 'allow_any_operation') throw broken("context 'operation' was not folded")
  return callFunction(f, values)
}

function firstKnown(parts: readonly Predicate[], type: ExpressionType, scope: EvaluationScope): Value {
  for (const part of parts) {
    const value = valueOf(part, scope)
    if (value !== null) return widened(value, type)
  }
  return null
}
