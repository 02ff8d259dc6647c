import type { A_Expr, Node } from 'libpg-query'
import { expectType } from './coerce.ts'
import type { ExpressionContext } from './expression-context.ts'
import { ownName } from './name-parts.ts'
import { readInList } from './read-in-list.ts'
import { readMembership } from './read-subquery.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'
import { placeOf, sqlTypeName, type Typed } from './typed.ts'

/** `a = ANY (array)` and `a <> ALL (array)`; the other operators over arrays are refused. */
export function readArrayComparison(node: A_Expr, scope: Scope, context: ExpressionContext): Typed {
  const at = placeOf(node)
  const operator = ownName(node.name, at)
  const any = node.kind === 'AEXPR_OP_ANY'
  if (operator !== (any ? '=' : '<>'))
    throw new Refusal(at, `${operator} ${any ? 'ANY' : 'ALL'} of an array`, 'only = ANY and <> ALL are read')
  const value = context.read(node.lexpr, scope, at)
  const { elements, subselect } = arrayOf(node.rexpr)
  if (elements !== null)
    return readInList(
      value,
      elements.map((element) => context.read(element, scope, at)),
      { neg: !any, at },
    )
  if (subselect !== null) return readMembership(value, subselect, { neg: !any, at, scope, context })
  const array = context.read(node.rexpr, scope, at)
  const list = array.type === 'unknown' ? expectType(array, 'text[]', 'the array') : array.node
  if (list.k === 'arr')
    return readInList(
      value,
      list.a.map((element) => ({ node: element, type: 'text', at: array.at })),
      { neg: !any, at },
    )
  if (array.type !== 'text[]')
    throw new Refusal(array.at, `op ANY/ALL (array) requires array on right side, not ${sqlTypeName(array.type)}`)
  const found = { k: 'anyeq', a: expectType(value, 'text', 'what is looked for'), arr: list } as const
  return { node: any ? found : { k: 'not', a: found }, type: 'bool', at }
}

/** The elements of `ARRAY[…]`, with or without a cast of the whole, or the query of `ARRAY(SELECT …)`. */
function arrayOf(node: Node | undefined): { readonly elements: readonly Node[] | null; readonly subselect: Node | null } {
  if (node === undefined) return { elements: null, subselect: null }
  if ('A_ArrayExpr' in node) return { elements: node.A_ArrayExpr.elements ?? [], subselect: null }
  if ('SubLink' in node && node.SubLink.subLinkType === 'ARRAY_SUBLINK')
    return { elements: null, subselect: node.SubLink.subselect ?? null }
  return { elements: null, subselect: null }
}
