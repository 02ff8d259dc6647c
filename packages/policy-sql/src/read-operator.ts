import type { CompareOperator, Predicate } from '@stowage/core/policy'
import type { A_Expr, Node } from 'libpg-query'
import { castTo, expectType, unify } from './coerce.ts'
import type { ExpressionContext } from './expression-context.ts'
import { ownName } from './name-parts.ts'
import { readArrayComparison } from './read-array-comparison.ts'
import { constantInteger, constantText } from './read-constant.ts'
import { readInList } from './read-in-list.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'
import { placeOf, sqlTypeName, type Typed } from './typed.ts'

const COMPARISONS: Readonly<Record<string, CompareOperator>> = { '=': '=', '<>': '<>', '<': '<', '<=': '<=', '>': '>', '>=': '>=' }
const LIKES: Readonly<Record<string, { readonly ci: boolean; readonly neg: boolean }>> = {
  '~~': { ci: false, neg: false },
  '!~~': { ci: false, neg: true },
  '~~*': { ci: true, neg: false },
  '!~~*': { ci: true, neg: true },
}
const FIXES: Readonly<Record<string, string>> = {
  '~': 'use LIKE, starts_with or an equality',
  '~*': 'use ILIKE',
  '#>>': "step by step: -> 'a' ->> 'b'",
  '#>': "step by step: -> 'a' -> 'b'",
  '@>': "use ? for a name, ->> '…' = '…' for a member",
  '<@': "use = ANY (ARRAY['a', 'b'])",
  '?|': 'use ? for each, with OR',
  '?&': 'use ? for each, with AND',
  '&&': 'use = ANY (…) for each, with OR',
}

/** An expression with an operator, or written like one: `=`, `IN`, `BETWEEN`, `LIKE`, `->>`. */
export function readOperator(node: A_Expr, scope: Scope, context: ExpressionContext): Typed {
  const at = placeOf(node)
  const operator = ownName(node.name, at)
  const part = (side: Node | undefined): Typed => context.read(side, scope, at)
  switch (node.kind) {
    case 'AEXPR_OP':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      if (node.lexpr === undefined) throw new Refusal(at, `the operator ${operator} in front of a value`)
      return readBinary(operator, part(node.lexpr), part(node.rexpr), at, context)
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      return readDistinct(part(node.lexpr), part(node.rexpr), node.kind === 'AEXPR_NOT_DISTINCT', at)
    case 'AEXPR_IN':
      return readInList(part(node.lexpr), listItems(node.rexpr).map(part), { neg: operator === '<>', at })
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
      return readBetween(part(node.lexpr), listItems(node.rexpr).map(part), node.kind === 'AEXPR_BETWEEN', at, context)
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return readArrayComparison(node, scope, context)
    case 'AEXPR_NULLIF':
      return readNullIf(part(node.lexpr), part(node.rexpr), at)
    case 'AEXPR_SIMILAR':
      throw new Refusal(at, 'SIMILAR TO', 'use LIKE')
    default:
      throw new Refusal(at, 'BETWEEN SYMMETRIC', 'use BETWEEN with the smaller value first')
  }
}

function readBinary(operator: string, a: Typed, b: Typed, at: number, context: ExpressionContext): Typed {
  const comparison = Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined
  if (comparison !== undefined) return compare(comparison, a, b, at, context)
  const like = Object.hasOwn(LIKES, operator) ? LIKES[operator] : undefined
  if (like !== undefined) {
    const [text, pattern] = [expectType(a, 'text', 'what LIKE looks at'), expectType(b, 'text', 'the pattern of LIKE')]
    return bool({ k: 'like', a: text, p: pattern, ...like }, at)
  }
  switch (operator) {
    case '->':
    case '->>':
      return readStep(a, b, operator === '->>', at, context)
    case '?':
      return bool({ k: 'jhas', a: expectType(a, 'jsonb', 'what ? looks into'), b: expectType(b, 'text', 'the name that ? looks for') }, at)
    case '||':
      return readConcat(a, b, at)
    case '^@':
      return bool({ k: 'call', f: 'starts_with', a: [expectType(a, 'text', 'the text'), expectType(b, 'text', 'the prefix')] }, at)
    default:
      throw new Refusal(at, `the operator ${operator}`, FIXES[operator] ?? null)
  }
}

function compare(op: CompareOperator, left: Typed, right: Typed, at: number, context: ExpressionContext): Typed {
  const [a, b] = unify([left, right], op)
  if (a === undefined || b === undefined) throw new Refusal(at, 'a comparison of one value')
  if (a.type === 'jsonb' || a.type === 'text[]') {
    throw new Refusal(
      at,
      `a comparison of two values of type ${sqlTypeName(a.type)}`,
      a.type === 'jsonb' ? 'read a member as text with ->>' : null,
    )
  }
  const ordered = op !== '=' && op !== '<>' && a.type === 'text'
  if (ordered && !isC(left) && !isC(right))
    context.warn('byte-order', at, `text is ordered by its bytes here, not by the collation of the database: add COLLATE "C"`)
  return bool({ k: 'cmp', op, a: a.node, b: b.node }, at)
}

/** Whether the text was said to be in the C collation. */
function isC(value: Typed): boolean {
  return value.collation === 'C'
}

function readDistinct(left: Typed, right: Typed, neg: boolean, at: number): Typed {
  // Postgres keeps `IS DISTINCT FROM NULL` as `IS NOT NULL`, which any type has.
  for (const [value, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (other.type === 'unknown' && other.node.k === 'lit' && other.node.v === null)
      return bool({ k: 'isnull', a: value.node, neg: !neg }, at)
  }
  const [a, b] = unify([left, right], 'IS DISTINCT FROM')
  if (a === undefined || b === undefined || a.type === 'jsonb' || a.type === 'text[]')
    throw new Refusal(at, `IS DISTINCT FROM of two values of type ${sqlTypeName(left.type)}`)
  return bool({ k: 'distinct', a: a.node, b: b.node, neg }, at)
}

function readBetween(value: Typed, bounds: readonly Typed[], within: boolean, at: number, context: ExpressionContext): Typed {
  const [low, high] = bounds
  if (low === undefined || high === undefined) throw new Refusal(at, 'BETWEEN without two bounds')
  const parts = [compare(within ? '>=' : '<', value, low, at, context), compare(within ? '<=' : '>', value, high, at, context)]
  return bool({ k: within ? 'and' : 'or', a: parts.map(({ node }) => node) }, at)
}

function readStep(a: Typed, b: Typed, text: boolean, at: number, context: ExpressionContext): Typed {
  const json = expectType(a, 'jsonb', `what ${text ? '->>' : '->'} looks into`)
  const p = constantText(b) ?? constantInteger(b)
  if (p === null)
    throw new Refusal(b.at, 'a step into JSON that is not a constant', "write the member's name or the element's place as a constant")
  const ofToken = json.k === 'ctx' && json.f === 'jwt'
  if (ofToken && p === 'user_metadata') {
    context.warn('user-writable-claim', at, 'users write user_metadata of their tokens themselves: use app_metadata for what decides')
  }
  // The engine knows the subject on its own, also of keys that stand for a user without a token.
  if (ofToken && text && p === 'sub') return { node: { k: 'ctx', f: 'sub' }, type: 'text', at }
  return { node: { k: 'json', a: json, p, text }, type: text ? 'text' : 'jsonb', at }
}

/** One of the two is a text; the other becomes one, as in Postgres. */
function readConcat(a: Typed, b: Typed, at: number): Typed {
  const texts = [a, b].filter(({ type }) => type === 'text' || type === 'unknown')
  if (texts.length === 0 || [a, b].some(({ type }) => type === 'jsonb' || type === 'text[]')) {
    throw new Refusal(at, `|| of ${sqlTypeName(a.type)} and ${sqlTypeName(b.type)}`, 'only texts can be joined')
  }
  return { node: { k: 'concat', a: castTo(a, 'text', a.at).node, b: castTo(b, 'text', b.at).node }, type: 'text', at }
}

/** Only over the settings that `createPolicySql` prints: one that is not set any more reads as the empty text. */
function readNullIf(value: Typed, other: Typed, at: number): Typed {
  const { node } = value
  const isSetting = node.k === 'ctx' && (node.f === 'account' || node.f === 'ip' || node.f === 'key')
  if (!isSetting || constantText(other) !== '') throw new Refusal(at, 'NULLIF', 'compare with <>')
  return value
}

function listItems(node: Node | undefined): readonly Node[] {
  return node !== undefined && 'List' in node ? (node.List.items ?? []) : []
}

function bool(node: Predicate, at: number): Typed {
  return { node, type: 'bool', at }
}
