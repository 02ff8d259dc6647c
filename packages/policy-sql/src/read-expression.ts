import { type CastType, parsePredicate, type Predicate, type TruthTest } from '@stowage/core/policy'
import type { A_Indirection, BoolExpr, BooleanTest, CollateClause, ColumnRef, Node, NullTest, TypeCast } from 'libpg-query'
import { castTo, expectType } from './coerce.ts'
import type { ExpressionContext } from './expression-context.ts'
import { literal } from './literal.ts'
import { nameParts, ownName } from './name-parts.ts'
import type { PolicyWarningKind } from './policy-warning.ts'
import { constantInteger, constantText, readConstant } from './read-constant.ts'
import { readCoalesce, readFunction, readValueFunction } from './read-function.ts'
import { readOperator } from './read-operator.ts'
import { readSubLink } from './read-subquery.ts'
import { Refusal } from './refusal.ts'
import type { RelationRegistry } from './relation-registry.ts'
import type { Scope } from './scope.ts'
import { sqlTypeOf } from './type-name.ts'
import { placeOf, sqlTypeName, type Typed } from './typed.ts'

/** How deep the text of an expression may nest; a predicate may nest less. */
const DEPTH_MAX = 200

/** Where an expression stands, and who hears of what is odd in it. */
export interface ExpressionSite extends Pick<ExpressionContext, 'relations' | 'warn'> {
  readonly scope: Scope
}

/** Reads one expression of a policy. Throws `Refusal`. */
export function readExpression(node: Node, { scope, relations, warn }: ExpressionSite): Predicate {
  const reader = new ExpressionReader(relations, warn)
  const predicate = expectType(reader.read(node, scope, 0), 'bool', 'the expression of a policy')
  try {
    return parsePredicate(predicate, 'the expression', { relations: relations.all })
  } catch (error) {
    // Its depth, its size, and what a constant may be: the engine has the last word, and no place in this text.
    if (error instanceof Error && 'code' in error && error.code === 'InvalidArgument') throw new Refusal(null, error.message)
    throw error
  }
}

class ExpressionReader implements ExpressionContext {
  readonly relations: RelationRegistry
  readonly warn: (kind: PolicyWarningKind, at: number, message: string) => void
  #depth = 0

  constructor(relations: RelationRegistry, warn: ExpressionContext['warn']) {
    this.relations = relations
    this.warn = warn
  }

  readonly read = (node: Node | undefined, scope: Scope, at: number): Typed => {
    if (node === undefined) throw new Refusal(at, 'an expression that is not there')
    this.#depth += 1
    if (this.#depth > DEPTH_MAX) throw new Refusal(at, `an expression that nests deeper than ${DEPTH_MAX}`)
    const value = this.#readKind(node, scope, at)
    this.#depth -= 1
    return value
  }

  #readKind(node: Node, scope: Scope, at: number): Typed {
    if ('A_Const' in node) return readConstant(node.A_Const)
    if ('ColumnRef' in node) return this.#column(node.ColumnRef, scope)
    if ('A_Expr' in node) return readOperator(node.A_Expr, scope, this)
    if ('BoolExpr' in node) return this.#junction(node.BoolExpr, scope)
    if ('FuncCall' in node) return readFunction(node.FuncCall, scope, this)
    if ('TypeCast' in node) return this.#cast(node.TypeCast, scope, at)
    if ('SubLink' in node) return readSubLink(node.SubLink, scope, this)
    if ('A_Indirection' in node) return this.#element(node.A_Indirection, scope, at)
    if ('NullTest' in node) return this.#nullTest(node.NullTest, scope)
    if ('BooleanTest' in node) return this.#truthTest(node.BooleanTest, scope)
    if ('CoalesceExpr' in node) {
      const place = placeOf(node.CoalesceExpr)
      return readCoalesce(
        (node.CoalesceExpr.args ?? []).map((part) => this.read(part, scope, place)),
        place,
      )
    }
    if ('A_ArrayExpr' in node) {
      const place = placeOf(node.A_ArrayExpr)
      const elements = (node.A_ArrayExpr.elements ?? []).map((part) =>
        expectType(this.read(part, scope, place), 'text', 'an element of an array'),
      )
      return { node: { k: 'arr', a: elements }, type: 'text[]', at: place }
    }
    if ('SQLValueFunction' in node) return readValueFunction(node.SQLValueFunction)
    if ('CollateClause' in node) return this.#collation(node.CollateClause, scope)
    throw unknownKind(node, at)
  }

  #column(node: ColumnRef, scope: Scope): Typed {
    const at = placeOf(node)
    const parts = nameParts(node.fields, at)
    // A subscript of a column is in the same list only inside of assignments.
    const { value, hides } = scope.find(parts, at)
    if (hides) {
      const name = parts.join('.')
      this.warn('inner-name', at, `${name} is the column of the subquery's own table: write ${scope.table}.${name} for that of the row`)
    }
    return value
  }

  #junction({ boolop, args = [], location }: BoolExpr, scope: Scope): Typed {
    const at = location ?? 0
    const name = boolop === 'NOT_EXPR' ? 'NOT' : boolop === 'AND_EXPR' ? 'AND' : 'OR'
    const parts = args.map((part) => expectType(this.read(part, scope, at), 'bool', `argument of ${name}`))
    const [first] = parts
    if (first === undefined) throw new Refusal(at, `${name} of nothing`)
    if (name === 'NOT') return { node: negated(first), type: 'bool', at }
    return { node: { k: name === 'AND' ? 'and' : 'or', a: parts }, type: 'bool', at }
  }

  #cast({ arg, typeName, location }: TypeCast, scope: Scope, outer: number): Typed {
    const at = location === undefined || location < 0 ? outer : location
    if (typeName === undefined) throw new Refusal(at, 'a cast to no type')
    if (arg !== undefined && isClaims(arg, typeName.names)) return { node: { k: 'ctx', f: 'jwt' }, type: 'jsonb', at }
    const type = sqlTypeOf(typeName)
    const value = this.read(arg, scope, at)
    if (type === 'text[]') {
      if (value.type === 'text[]') return value
      return { node: expectType(value, 'text[]', 'what is cast to an array'), type, at: value.at }
    }
    if (type === 'jsonb') {
      if (value.type === 'jsonb') return value
      if (value.type === 'unknown' || value.node.k === 'lit') return { node: jsonConstant(value), type, at: value.at }
      throw new Refusal(at, `a cast of ${sqlTypeName(value.type)} to jsonb`)
    }
    const cast = castTo(value, type as CastType, at)
    if (cast.node.k === 'cast' && type !== 'text' && isPieceOfKey(cast.node.a)) {
      this.warn('cast-can-fail', at, `a key in which this is no ${sqlTypeName(type)} fails every request over it: compare as text instead`)
    }
    return cast
  }

  #element({ arg, indirection = [] }: A_Indirection, scope: Scope, outer: number): Typed {
    const value = this.read(arg, scope, outer)
    const [step, second] = indirection
    if (step === undefined || second !== undefined || !('A_Indices' in step))
      throw new Refusal(value.at, 'a field of a value, or an element of an element')
    const { is_slice: isSlice, uidx } = step.A_Indices
    if (value.type !== 'text[]') throw new Refusal(value.at, `cannot subscript type ${sqlTypeName(value.type)}`)
    const index = isSlice === true ? null : constantInteger(this.read(uidx, scope, value.at))
    if (index === null) throw new Refusal(value.at, 'an element whose place is no constant, or several', 'write a number: [1] is the first')
    return { node: { k: 'idx', a: value.node, i: index }, type: 'text', at: value.at }
  }

  #nullTest({ arg, nulltesttype, location }: NullTest, scope: Scope): Typed {
    const at = location ?? 0
    const value = this.read(arg, scope, at)
    return { node: { k: 'isnull', a: value.node, neg: nulltesttype === 'IS_NOT_NULL' }, type: 'bool', at }
  }

  #truthTest({ arg, booltesttype, location }: BooleanTest, scope: Scope): Typed {
    const at = location ?? 0
    const value = expectType(this.read(arg, scope, at), 'bool', 'argument of IS TRUE, IS FALSE or IS UNKNOWN')
    return { node: { k: 'istest', op: booltesttype as TruthTest, a: value }, type: 'bool', at }
  }

  #collation({ arg, collname, location }: CollateClause, scope: Scope): Typed {
    const at = location ?? 0
    const name = ownName(collname, at)
    if (name !== 'C' && name !== 'POSIX') throw new Refusal(at, `the collation ${name}`, 'texts compare by their bytes: COLLATE "C"')
    const value = this.read(arg, scope, at)
    return { node: expectType(value, 'text', 'what has a collation'), type: 'text', at: value.at, collation: 'C' }
  }
}

/** Postgres keeps `NOT IN`, `NOT LIKE` and their like as NOT of the other: both are read as one. None differs for unknowns. */
function negated(node: Predicate): Predicate {
  switch (node.k) {
    case 'in':
    case 'insub':
    case 'like':
    case 'distinct':
    case 'isnull':
      return { ...node, neg: !node.neg }
    default:
      return { k: 'not', a: node }
  }
}

/** `current_setting('request.jwt.claims', true)::json`, as policies were written before there was `auth.jwt()`. */
function isClaims(arg: Node, type: readonly Node[] | undefined): boolean {
  const name = ownName(type, 0)
  if ((name !== 'json' && name !== 'jsonb') || !('FuncCall' in arg) || ownName(arg.FuncCall.funcname, 0) !== 'current_setting') return false
  const [setting] = arg.FuncCall.args ?? []
  return setting !== undefined && 'A_Const' in setting && setting.A_Const.sval?.sval === 'request.jwt.claims'
}

function jsonConstant(value: Typed): Predicate {
  const text = constantText(value)
  if (text === null && !(value.node.k === 'lit' && value.node.v === null))
    throw new Refusal(value.at, 'a constant that is cast to jsonb and is no text')
  return text === null ? literal('jsonb', null) : expectType({ ...value, type: 'unknown' }, 'jsonb', 'the constant')
}

function isPieceOfKey(node: Predicate): boolean {
  if (node.k === 'idx') return isPieceOfKey(node.a)
  if (node.k === 'call') return node.a.some(isPieceOfKey)
  return node.k === 'col' && (node.n === 'name' || node.n === 'path_tokens')
}

const KINDS: Readonly<Record<string, string>> = {
  CaseExpr: 'CASE',
  MinMaxExpr: 'GREATEST and LEAST',
  ParamRef: 'a parameter',
  RowExpr: 'a row of several values',
  SetToDefault: 'DEFAULT',
  XmlExpr: 'XML',
  GroupingFunc: 'GROUPING',
}

function unknownKind(node: Node, at: number): Refusal {
  const [kind = '', fields] = Object.entries(node)[0] ?? []
  const { location } = fields as { readonly location?: number }
  return new Refusal(location ?? at, KINDS[kind] ?? kind, kind === 'CaseExpr' ? 'use AND and OR' : null)
}
