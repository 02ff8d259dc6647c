import { foldPredicate, type PredicateContext } from '../../../packages/core/src/policy/fold-predicate.ts'
import { withParts } from '../../../packages/core/src/policy/predicate-type.ts'
import type { Predicate } from '../../../packages/core/src/policy/predicate.ts'

/** A condition with the constants of the request put in and nothing reckoned: what Postgres has before it. */
export function bindContext(node: Predicate, context: PredicateContext): Predicate {
  const isOperation = node.k === 'call' && (node.f === 'allow_only_operation' || node.f === 'allow_any_operation')
  return node.k === 'ctx' || isOperation ? foldPredicate(node, context) : withParts(node, (part) => bindContext(part, context))
}
