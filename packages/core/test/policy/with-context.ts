import { allowsOperation } from '../../src/policy/evaluate-functions.ts'
import type { PredicateContext } from '../../src/policy/fold-predicate.ts'
import { withParts } from '../../src/policy/predicate-type.ts'
import type { ContextField, JsonValue, Predicate } from '../../src/policy/predicate.ts'

/** What folding does at the least: constants of the request are put in, and nothing is reckoned with. */
export function withContext(node: Predicate, context: PredicateContext): Predicate {
  if (node.k === 'ctx') return constantOf(node.f, context)
  const [argument] = node.k === 'call' ? node.a : []
  if (node.k !== 'call' || argument === undefined || !node.f.startsWith('allow_'))
    return withParts(node, (part) => withContext(part, context))
  const names = argument.k === 'arr' ? argument.a : [argument]
  return {
    k: 'lit',
    t: 'bool',
    v: names.some((name) => name.k === 'lit' && allowsOperation(typeof name.v === 'string' ? name.v : null, context.operation)),
  }
}

function constantOf(field: ContextField, { jwt, now, ...texts }: PredicateContext): Predicate {
  if (field === 'uid') return { k: 'cast', a: { k: 'lit', t: 'text', v: texts.sub }, t: 'uuid' }
  if (field === 'jwt') return { k: 'lit', t: 'jsonb', v: jwt as JsonValue }
  if (field === 'now') return { k: 'lit', t: 'timestamptz', v: now?.getTime() ?? null }
  return { k: 'lit', t: 'text', v: texts[field] }
}
