import type { Predicate } from '@stowage/core/policy'
import type { Node, SelectStmt, SubLink } from 'libpg-query'
import { expectType, unify } from './coerce.ts'
import type { ExpressionContext } from './expression-context.ts'
import { literal } from './literal.ts'
import { ownName } from './name-parts.ts'
import { bucketColumn } from './bucket-column.ts'
import { isBuckets, type Source, sourceOf } from './select-source.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'
import { placeOf, type Typed } from './typed.ts'

const TRUE: Predicate = literal('bool', true)

/** A query inside an expression: `(SELECT expr)`, `EXISTS`, `IN (SELECT …)`. */
export function readSubLink(node: SubLink, scope: Scope, context: ExpressionContext): Typed {
  const at = placeOf(node)
  switch (node.subLinkType) {
    case 'EXPR_SUBLINK':
      return readScalar(selectOf(node.subselect, at), at, scope, context)
    case 'EXISTS_SUBLINK':
      return readExists(selectOf(node.subselect, at), at, scope, context)
    case 'ANY_SUBLINK':
      if (node.operName !== undefined && ownName(node.operName, at) !== '=')
        throw new Refusal(at, 'a comparison with ANY other than =', 'use IN')
      return readMembership(context.read(node.testexpr, scope, at), node.subselect, { neg: false, at, scope, context })
    case 'ALL_SUBLINK':
      if (ownName(node.operName, at) !== '<>') throw new Refusal(at, 'a comparison with ALL other than <>', 'use NOT IN')
      return readMembership(context.read(node.testexpr, scope, at), node.subselect, { neg: true, at, scope, context })
    default:
      throw new Refusal(at, 'a query that gives an array or several values')
  }
}

/** What is around a membership. */
interface Membership {
  readonly neg: boolean
  readonly at: number
  readonly scope: Scope
  readonly context: ExpressionContext
}

/** `a IN (SELECT …)` over a relation, or over the elements of a JSON array. */
export function readMembership(value: Typed, query: Node | undefined, { neg, at, scope, context }: Membership): Typed {
  const select = selectOf(query, at)
  const target = onlyTarget(select, at)
  if ((select.fromClause ?? []).length === 0) {
    const arr = elementsOf(target, select, at, scope, context)
    const found: Predicate = { k: 'inarr', a: expectType(value, 'text', 'what is looked for'), arr }
    return { node: neg ? { k: 'not', a: found } : found, type: 'bool', at }
  }
  refuseClauses(select, at, ['distinctClause'])
  const { relation, inner, alias } = open(select, at, scope, context)
  const [a, sel] = unify([value, context.read(target, inner, at)], '=')
  if (a === undefined || sel === undefined) throw new Refusal(at, 'IN without a value')
  return {
    node: { k: 'insub', a: a.node, rel: relation, alias, sel: sel.node, where: readWhere(select, at, inner, context), neg },
    type: 'bool',
    at,
  }
}

function readExists(select: SelectStmt, at: number, scope: Scope, context: ExpressionContext): Typed {
  refuseClauses(select, at, ['distinctClause', 'limitCount'])
  if (select.limitCount !== undefined && !isPositive(select.limitCount))
    throw new Refusal(at, 'a LIMIT that is not a number above 0', 'leave it out')
  if ((select.fromClause ?? []).length === 0) throw new Refusal(at, 'EXISTS of a query without FROM')
  for (const target of select.targetList ?? []) {
    const value = 'ResTarget' in target ? target.ResTarget.val : undefined
    // An aggregate gives a row where there is none, a function may give none where there is one.
    if (value === undefined || !('A_Const' in value || 'ColumnRef' in value))
      throw new Refusal(at, 'EXISTS of a query that gives more than columns', 'SELECT 1')
  }
  const { relation, inner, alias } = open(select, at, scope, context)
  return { node: { k: 'exists', rel: relation, alias, where: readWhere(select, at, inner, context) }, type: 'bool', at }
}

/** `(SELECT expr)` without FROM is the expression: Postgres runs it once a statement. */
function readScalar(select: SelectStmt, at: number, scope: Scope, context: ExpressionContext): Typed {
  const target = onlyTarget(select, at)
  if ((select.fromClause ?? []).length === 0) {
    refuseClauses(select, at, [])
    if (select.whereClause !== undefined) throw new Refusal(at, 'a query without FROM that has a WHERE')
    return context.read(target, scope, at)
  }
  const column = bucketColumn(select, scope)
  if (column !== null) return { ...column, at }
  throw new Refusal(at, 'a query for one value of a table', 'use EXISTS (SELECT 1 FROM …) or IN (SELECT … FROM …)')
}

interface Opened {
  /** The relation's own name. */
  readonly relation: string
  readonly alias: string
  readonly inner: Scope
}

function open(select: SelectStmt, at: number, scope: Scope, context: ExpressionContext): Opened {
  const source = sourceOf(select, at)
  const relation = isBuckets(source) ? null : context.relations.find(source.schema, source.name)
  if (relation === null) throw unknownRelation(source)
  const alias = source.alias ?? source.name
  const schema = source.alias === null ? (source.schema ?? 'public') : null
  const as = scope.nameFor(alias)
  return { relation: relation.name, alias: as, inner: scope.within({ relation, alias, as, schema }) }
}

function unknownRelation(source: Source): Refusal {
  const name = source.schema === undefined ? source.name : `${source.schema}.${source.name}`
  if (isBuckets(source)) {
    return new Refusal(
      source.at,
      'a query over storage.buckets',
      'on storage.objects, (SELECT public FROM storage.buckets WHERE id = bucket_id) is read',
    )
  }
  return new Refusal(source.at, `relation ${name} is not registered`, 'register it with its columns: policies see no other tables')
}

function readWhere(select: SelectStmt, at: number, inner: Scope, context: ExpressionContext): Predicate {
  return select.whereClause === undefined ? TRUE : expectType(context.read(select.whereClause, inner, at), 'bool', 'argument of WHERE')
}

function elementsOf(target: Node, select: SelectStmt, at: number, scope: Scope, context: ExpressionContext): Predicate {
  refuseClauses(select, at, ['distinctClause'])
  const call = 'FuncCall' in target ? target.FuncCall : undefined
  const [argument, second] = call?.args ?? []
  if (
    call === undefined ||
    select.whereClause !== undefined ||
    second !== undefined ||
    ownName(call.funcname, at) !== 'jsonb_array_elements_text'
  ) {
    throw new Refusal(
      at,
      'IN over a query without FROM',
      'only IN (SELECT jsonb_array_elements_text(…)) is read; otherwise write IN (a, b)',
    )
  }
  return expectType(context.read(argument, scope, at), 'jsonb', 'the argument of jsonb_array_elements_text')
}

function selectOf(node: Node | undefined, at: number): SelectStmt {
  if (node === undefined || !('SelectStmt' in node)) throw new Refusal(at, 'a query that is no SELECT')
  return node.SelectStmt
}

function onlyTarget(select: SelectStmt, at: number): Node {
  const [first, second] = select.targetList ?? []
  const value = first !== undefined && 'ResTarget' in first ? first.ResTarget.val : undefined
  if (value === undefined || second !== undefined) throw new Refusal(at, 'a query that gives not one column', 'SELECT one column')
  return value
}

type Clause = 'distinctClause' | 'limitCount'

const REFUSED: readonly (readonly [keyof SelectStmt, string])[] = [
  ['distinctClause', 'DISTINCT'],
  ['intoClause', 'INTO'],
  ['groupClause', 'GROUP BY'],
  ['havingClause', 'HAVING'],
  ['windowClause', 'WINDOW'],
  ['valuesLists', 'VALUES'],
  ['sortClause', 'ORDER BY'],
  ['limitOffset', 'OFFSET'],
  ['limitCount', 'LIMIT'],
  ['lockingClause', 'FOR UPDATE'],
  ['withClause', 'WITH'],
  ['larg', 'UNION'],
]

function refuseClauses(select: SelectStmt, at: number, allowed: readonly Clause[]): void {
  for (const [field, name] of REFUSED) {
    if (select[field] !== undefined && !allowed.some((clause) => clause === field)) throw new Refusal(at, `${name} in a query of a policy`)
  }
  // DISTINCT without ON is a list with nothing in it.
  const distinct = select.distinctClause?.[0]
  if (distinct !== undefined && Object.keys(distinct).length > 0) throw new Refusal(at, 'DISTINCT ON in a query of a policy')
}

function isPositive(node: Node): boolean {
  return 'A_Const' in node && (node.A_Const.ival?.ival ?? 0) > 0
}
