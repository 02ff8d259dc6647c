import { unify } from './coerce.ts'
import { Refusal } from './refusal.ts'
import { sqlTypeName, type Typed } from './typed.ts'

/** `a IN (…)`, and what Postgres makes of it, `a = ANY (ARRAY[…])`: the two mean the same. */
export function readInList(value: Typed, list: readonly Typed[], { neg, at }: { readonly neg: boolean; readonly at: number }): Typed {
  const [a, ...l] = unify([value, ...list], '=')
  if (a === undefined || a.type === 'jsonb' || a.type === 'text[]')
    throw new Refusal(at, `IN over values of type ${sqlTypeName(value.type)}`)
  return { node: { k: 'in', a: a.node, l: l.map(({ node }) => node), neg }, type: 'bool', at }
}
