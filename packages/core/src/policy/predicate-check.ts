import { StorageError } from '../errors/storage-error.ts'
import { CASTS, parseUuid } from './evaluate-cast.ts'
import { likePieces } from './evaluate-like.ts'
import { ARGUMENT_TYPES } from './predicate-fields.ts'
import { isStorableTime, parseTimestamp } from './predicate-timestamp.ts'
import { COLUMN_TYPES, commonType, CONTEXT_TYPES, type ExpressionType, predicateParts, predicateType, readsRow } from './predicate-type.ts'
import type { LiteralType, Predicate } from './predicate.ts'
import type { Relation } from './relation.ts'
import { countJson, isStorableJson, isStorableText } from './storable-json.ts'

type Node<K extends Predicate['k']> = Extract<Predicate, { readonly k: K }>

/** The relations in sight at a node, by the aliases that the nodes around it give them. */
export type RelationsInSight = ReadonlyMap<string, Relation>

/** Where a node stands, and which relations can be seen from there. */
interface CheckedSite {
  readonly place: string
  readonly sight: RelationsInSight
}

const COMPARABLE: readonly ExpressionType[] = ['bool', 'text', 'int', 'bigint', 'num', 'uuid', 'timestamptz']
const COMPARE_OPERATORS = ['=', '<>', '<', '<=', '>', '>=']
const TRUTH_TESTS = ['IS_TRUE', 'IS_NOT_TRUE', 'IS_FALSE', 'IS_NOT_FALSE', 'IS_UNKNOWN', 'IS_NOT_UNKNOWN']
const COALESCE_MAX = 64
const INT_MAX = 2_147_483_647
const BIGINT_MAX = 2n ** 63n - 1n

/**
 * Checks a node whose parts have been checked: fields, types, names. Gives back how many values it holds beside its parts. Rejects with
 * `InvalidArgument`.
 */
export function checkNode(node: Predicate, site: CheckedSite): number {
  const { place } = site
  switch (node.k) {
    case 'lit':
      checkLiteral(node, place)
      return node.t === 'jsonb' ? countJson(node.v) : 0
    case 'col':
      expectOne(node.n, Object.keys(COLUMN_TYPES), `${place}.n`)
      return 0
    case 'ctx':
      expectOne(node.f, Object.keys(CONTEXT_TYPES), `${place}.f`)
      return 0
    case 'rcol':
      checkRelationColumn(node, site)
      return 0
    default:
      checkOperation(node, place)
      return 0
  }
}

function checkOperation(node: Predicate, place: string): void {
  switch (node.k) {
    case 'json':
      return checkStep(node, place)
    case 'jhas':
      expectType(node.a, ['jsonb'], `${place}.a`)
      return expectType(node.b, ['text'], `${place}.b`)
    case 'cast':
      return checkCast(node, place)
    case 'idx':
      expectType(node.a, ['text[]'], `${place}.a`)
      return expectInteger(node.i, `${place}.i`)
    case 'arr':
      return expectAll(node.a, 'text', place)
    case 'concat':
      return expectAll([node.a, node.b], 'text', place, ['.a', '.b'])
    case 'anyeq':
      expectType(node.a, ['text'], `${place}.a`)
      return expectType(node.arr, ['text[]'], `${place}.arr`)
    case 'inarr':
      expectType(node.a, ['text'], `${place}.a`)
      return expectType(node.arr, ['jsonb'], `${place}.arr`)
    case 'like':
      return checkLike(node, place)
    case 'call':
      return checkCall(node, place)
    default:
      checkCondition(node, place)
  }
}

function checkCondition(node: Predicate, place: string): void {
  switch (node.k) {
    case 'cmp':
      expectOne(node.op, COMPARE_OPERATORS, `${place}.op`)
      return expectComparable([node.a, node.b], place)
    case 'distinct':
      expectBoolean(node.neg, `${place}.neg`)
      return expectComparable([node.a, node.b], place)
    case 'in':
      expectBoolean(node.neg, `${place}.neg`)
      return expectComparable([node.a, ...node.l], place)
    case 'isnull':
      return expectBoolean(node.neg, `${place}.neg`)
    case 'and':
    case 'or':
      return expectAll(node.a, 'bool', place)
    case 'istest':
      expectOne(node.op, TRUTH_TESTS, `${place}.op`)
      return expectType(node.a, ['bool'], `${place}.a`)
    case 'not':
      return expectType(node.a, ['bool'], `${place}.a`)
    case 'exists':
      return expectType(node.where, ['bool'], `${place}.where`)
    case 'insub':
      expectBoolean(node.neg, `${place}.neg`)
      expectType(node.where, ['bool'], `${place}.where`)
      return expectComparable([node.a, node.sel], place)
    default:
      throw invalid(place, 'is not a kind of node that is supported')
  }
}

function checkLiteral({ t, v }: Node<'lit'>, place: string): void {
  expectOne(t, Object.keys(LITERALS), `${place}.t`)
  if (v === null) return
  const fault = literalFault(t, v)
  if (fault !== null) throw invalid(`${place}.v`, fault)
}

/** Why a value that is not null is none of this type; null where it is one. */
export function literalFault(type: LiteralType, value: unknown): string | null {
  const [expected, fits] = LITERALS[type]
  return fits(value) ? null : `is not ${expected}`
}

const LITERALS: Readonly<Record<LiteralType, readonly [expected: string, fits: (value: unknown) => boolean]>> = {
  bool: ['true or false', (value) => typeof value === 'boolean'],
  text: ['a text without NUL and halves of surrogate pairs', (value) => typeof value === 'string' && isStorableText(value)],
  int: ['a whole number of 4 bytes', isInteger],
  bigint: ['a whole number of 8 bytes, as digits', (value) => typeof value === 'string' && isBigintText(value)],
  num: ['a finite number', (value) => typeof value === 'number' && Number.isFinite(value)],
  uuid: ['a uuid', (value) => typeof value === 'string' && parseUuid(value) !== null],
  jsonb: ['JSON without NUL and halves of surrogate pairs, or it nests too deep', (value) => isStorableJson(value)],
  timestamptz: ['milliseconds since 1970, of the years 1 to 9999', (value) => typeof value === 'number' && isStorableTime(value)],
}

function isInteger(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value <= INT_MAX && value >= -INT_MAX - 1
}

function isBigintText(text: string): boolean {
  if (!/^(?:0|-?[1-9][0-9]{0,18})$/.test(text)) return false
  const value = BigInt(text)
  return value <= BIGINT_MAX && value >= -BIGINT_MAX - 1n
}

function checkRelationColumn({ alias, n, t }: Node<'rcol'>, { place, sight }: CheckedSite): void {
  const relation = typeof alias === 'string' ? sight.get(alias) : undefined
  if (relation === undefined) throw invalid(`${place}.alias`, 'is not the alias of a relation around it')
  const column = typeof n === 'string' && Object.hasOwn(relation.columns, n) ? relation.columns[n] : undefined
  if (column === undefined || !/^[\p{L}_][\p{L}\p{N}_$]*$/u.test(n)) throw invalid(`${place}.n`, `is not a column of ${relation.name}`)
  if (t !== column.type) throw invalid(`${place}.t`, `is not ${column.type}, which the column is`)
}

function checkStep(node: Node<'json'>, place: string): void {
  expectType(node.a, ['jsonb'], `${place}.a`)
  expectBoolean(node.text, `${place}.text`)
  if (typeof node.p === 'string' ? !isStorableText(node.p) : !isInteger(node.p)) {
    throw invalid(`${place}.p`, 'is neither the name of a member nor the place of an element')
  }
}

function checkCast({ a, t }: Node<'cast'>, place: string): void {
  expectOne(t, COMPARABLE, `${place}.t`)
  const from = predicateType(a)
  if (!CASTS[from].includes(t)) {
    const hint = from === 'jsonb' ? ': read it as text first, by ->>' : ''
    throw invalid(place, `casts ${from} to ${t}, which is not supported${hint}`)
  }
  if (from !== 'text' || t !== 'timestamptz') return
  const certain = a.k === 'lit' && (a.v === null || (typeof a.v === 'string' && parseTimestamp(a.v) !== null))
  if (!certain) throw invalid(place, 'casts to timestamptz what is no constant of the form 2026-01-31T12:00:00Z, in whole milliseconds')
}

function checkLike({ a, p, ci, neg }: Node<'like'>, place: string): void {
  expectAll([a, p], 'text', place, ['.a', '.p'])
  expectBoolean(ci, `${place}.ci`)
  expectBoolean(neg, `${place}.neg`)
  if (p.k === 'lit' && typeof p.v === 'string' && likePieces(p.v) === null) throw invalid(`${place}.p`, 'ends with an escape')
}

function checkCall(node: Node<'call'>, place: string): void {
  const { f, a } = node
  expectOne(f, [...Object.keys(ARGUMENT_TYPES), 'coalesce'], `${place}.f`)
  if (f === 'coalesce') {
    if (a.length < 1 || a.length > COALESCE_MAX) throw invalid(`${place}.a`, `has ${a.length} arguments`)
    return expectOneType(a, [...COMPARABLE, 'jsonb'], place)
  }
  const types = ARGUMENT_TYPES[f]
  if (a.length !== types.length) throw invalid(`${place}.a`, `has ${a.length} arguments, not ${types.length}`)
  for (const [at, type] of types.entries()) {
    const argument = a[at]
    if (argument !== undefined) expectType(argument, [type], `${place}.a[${at}]`)
  }
  const aboutOperation = f === 'allow_only_operation' || f === 'allow_any_operation'
  if (aboutOperation && a.some((argument) => readsRow(argument) || readsRelation(argument))) {
    throw invalid(`${place}.a[0]`, 'depends on a row: operations are named by constants')
  }
}

function readsRelation(node: Predicate): boolean {
  return node.k === 'rcol' || predicateParts(node).some(readsRelation)
}

function expectComparable(nodes: readonly Predicate[], place: string): void {
  expectOneType(nodes, COMPARABLE, place)
}

function expectOneType(nodes: readonly Predicate[], allowed: readonly ExpressionType[], place: string): void {
  const types = [...new Set(nodes.map(predicateType))]
  if (commonType(types) === null) {
    const mended = types.includes('text') && types.includes('uuid') ? ': cast one side: ::text' : ''
    throw invalid(place, `compares ${types.join(' with ')}${mended}`)
  }
  for (const type of types) if (!allowed.includes(type)) throw invalid(place, `cannot compare ${type}`)
}

function expectAll(nodes: readonly Predicate[], type: ExpressionType, place: string, names?: readonly string[]): void {
  for (const [at, node] of nodes.entries()) expectType(node, [type], `${place}${names?.[at] ?? `.a[${at}]`}`)
}

/** Rejects with `InvalidArgument` an expression of another type. */
export function expectType(node: Predicate, types: readonly ExpressionType[], place: string): void {
  const type = predicateType(node)
  if (!types.includes(type)) throw invalid(place, `is a ${type}, not a ${types.join(' or ')}`)
}

function expectOne(value: unknown, allowed: readonly unknown[], place: string): void {
  if (!allowed.includes(value)) throw invalid(place, `is none of ${allowed.join(', ')}`)
}

function expectBoolean(value: unknown, place: string): void {
  if (typeof value !== 'boolean') throw invalid(place, 'is neither true nor false')
}

function expectInteger(value: unknown, place: string): void {
  if (!isInteger(value)) throw invalid(place, 'is not a whole number')
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
