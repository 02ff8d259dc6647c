import type { RelationRows } from '../../../packages/core/src/policy/evaluate-predicate.ts'
import { canFail } from '../../../packages/core/src/policy/predicate-can-fail.ts'
import type { PolicyRow } from '../../../packages/core/src/policy/predicate-row.ts'
import { predicateParts } from '../../../packages/core/src/policy/predicate-type.ts'
import type { Predicate } from '../../../packages/core/src/policy/predicate.ts'
import { evaluateInJs } from './js-judge.ts'
import type { Truth } from './judge.ts'

/** Where a condition is looked at. */
export interface Sighting {
  readonly row: PolicyRow
  readonly relations: RelationRows
}

const ANY: ReadonlySet<Truth> = new Set<Truth>([true, false, null, 'failed'])

/**
 * What Postgres may say of a condition in a policy, where it is free to evaluate the arms of AND and OR in any order, and to leave out what
 * constants decide: of a row over which nothing fails that is one value, the evaluator's own.
 */
export function possibleValues(node: Predicate, sighting: Sighting): ReadonlySet<Truth> {
  if (!canFail(node)) return new Set([evaluateInJs(node, sighting.row, sighting.relations)])
  switch (node.k) {
    case 'and':
    case 'or':
      return ofJunction(
        node.a.map((part) => possibleValues(part, sighting)),
        node.k === 'or',
      )
    case 'not':
      return new Set([...possibleValues(node.a, sighting)].map((value) => (typeof value === 'boolean' ? !value : value)))
    default:
      return ofOperation(node, sighting)
  }
}

function ofJunction(parts: readonly ReadonlySet<Truth>[], deciding: boolean): ReadonlySet<Truth> {
  const values = new Set<Truth>()
  if (parts.some((part) => part.has('failed'))) values.add('failed')
  if (parts.some((part) => part.has(deciding))) values.add(deciding)
  // An arm that only fails is passed by where another decides, and nowhere else.
  const open = parts.map((part) => [...part].filter((value) => value !== 'failed' && value !== deciding))
  if (open.some((part) => part.length === 0)) return values
  if (open.some((part) => part.includes(null))) values.add(null)
  if (open.every((part) => part.includes(!deciding))) values.add(!deciding)
  return values
}

/** Over a row on which a part fails it may fail; and where the part does not matter, or a query stops before it, it may not. */
function ofOperation(node: Predicate, sighting: Sighting): ReadonlySet<Truth> {
  const value = evaluateInJs(node, sighting.row, sighting.relations)
  if (node.k === 'exists' || node.k === 'insub' || predicateParts(node).some(hasQuery)) return ANY
  if (value === 'failed') return ANY
  return anyPartFails(node, sighting) ? new Set<Truth>([value, 'failed']) : new Set([value])
}

/**
 * Whether something in a query may fail. Databases evaluate the condition of a query when they like, or not at all where it gives no row:
 * only there they need not agree on what fails.
 */
export function hasFailingQuery(node: Predicate): boolean {
  const isQuery = node.k === 'exists' || node.k === 'insub'
  return isQuery ? canFail(node) : predicateParts(node).some(hasFailingQuery)
}

function hasQuery(node: Predicate): boolean {
  return node.k === 'exists' || node.k === 'insub' || predicateParts(node).some(hasQuery)
}

function anyPartFails(node: Predicate, sighting: Sighting): boolean {
  // As a condition, so that the evaluator takes a value of any type.
  return predicateParts(node).some(
    (part) =>
      evaluateInJs({ k: 'isnull', a: part, neg: false }, sighting.row, sighting.relations) === 'failed' || anyPartFails(part, sighting),
  )
}
