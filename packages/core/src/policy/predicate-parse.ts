import { StorageError } from '../errors/storage-error.ts'
import { COLUMN_TYPES, type ExpressionType, predicateType, readsRow } from './predicate-type.ts'
import type { ContextField, Predicate, PredicateFunction } from './predicate.ts'

/** How deep a predicate may nest. SQLite stops at 1,000, and some nodes take two of its levels. */
export const PREDICATE_DEPTH_MAX = 64
/** How many nodes a predicate may have, list members included. */
export const PREDICATE_NODES_MAX = 4096

type Fields = Readonly<Record<string, unknown>>

// Under the flag `u` a whole pair is one character, so that only a half is in the class.
const UNSTORABLE = /[\0\ud800-\udfff]/u
const SCALARS: readonly ExpressionType[] = ['bool', 'text', 'num']
const COMPARE_OPERATORS = ['=', '<>', '<', '<=', '>', '>=']
const TRUTH_TESTS = ['IS_TRUE', 'IS_NOT_TRUE', 'IS_FALSE', 'IS_NOT_FALSE', 'IS_UNKNOWN', 'IS_NOT_UNKNOWN']
const CONTEXT_FIELDS: readonly ContextField[] = ['sub', 'role', 'account', 'operation']
/** The least and the largest number of arguments. */
const ARGUMENTS: Readonly<Record<PredicateFunction, readonly [number, number]>> = {
  starts_with: [2, 2],
  lower: [1, 1],
  upper: [1, 1],
  coalesce: [1, 64],
  foldername: [1, 1],
  filename: [1, 1],
  extension: [1, 1],
}
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  lit: ['t', 'v'],
  col: ['n'],
  ctx: ['f'],
  json: ['a', 'p', 'text'],
  idx: ['a', 'i'],
  cmp: ['op', 'a', 'b'],
  distinct: ['a', 'b', 'neg'],
  in: ['a', 'l', 'neg'],
  isnull: ['a', 'neg'],
  istest: ['op', 'a'],
  and: ['a'],
  or: ['a'],
  not: ['a'],
  call: ['f', 'a'],
}

/** Which fields are nodes, and which are lists of nodes. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  json: ['a'],
  idx: ['a'],
  cmp: ['a', 'b'],
  distinct: ['a', 'b'],
  in: ['a'],
  isnull: ['a'],
  istest: ['a'],
  not: ['a'],
}
const LISTS: Readonly<Record<string, readonly string[]>> = { in: ['l'], and: ['a'], or: ['a'], call: ['a'] }

/**
 * Takes a condition that somebody wrote apart, and gives back one that can be evaluated and compiled. Rejects with
 * `InvalidArgument` whatever it does not know, with the place: nothing is dropped, nothing is guessed.
 */
export function parsePredicate(value: unknown, place: string): Predicate {
  const predicate = new PredicateParser().parse(value, place, 1)
  expectType(predicate, ['bool'], place)
  return predicate
}

class PredicateParser {
  #nodes = 0

  parse(value: unknown, place: string, depth: number): Predicate {
    this.#nodes += 1
    if (depth > PREDICATE_DEPTH_MAX) throw invalid(place, `nests deeper than ${PREDICATE_DEPTH_MAX}`)
    if (this.#nodes > PREDICATE_NODES_MAX) throw invalid(place, `has more than ${PREDICATE_NODES_MAX} nodes`)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(place, 'is not an object')
    const fields = value as Fields
    const kind = fields['k']
    const known = typeof kind === 'string' && Object.hasOwn(FIELDS, kind) ? FIELDS[kind] : undefined
    if (known === undefined) throw invalid(`${place}.k`, 'is not a kind of node that is supported')
    for (const name of Object.keys(fields)) {
      if (name !== 'k' && !known.includes(name)) throw invalid(`${place}.${name}`, 'is not a field of this kind of node')
    }
    this.#parts(fields, place, depth)
    const node = value as Predicate
    checkNode(node, place)
    return node
  }

  #parts(fields: Fields, place: string, depth: number): void {
    const kind = typeof fields['k'] === 'string' ? fields['k'] : ''
    for (const name of PARTS[kind] ?? []) this.parse(fields[name], `${place}.${name}`, depth + 1)
    for (const name of LISTS[kind] ?? []) {
      const list = fields[name]
      if (!Array.isArray(list)) throw invalid(`${place}.${name}`, 'is not a list')
      for (const [at, part] of list.entries()) this.parse(part, `${place}.${name}[${at}]`, depth + 1)
    }
  }
}

function checkNode(node: Predicate, place: string): void {
  switch (node.k) {
    case 'lit':
      return checkLiteral(node, place)
    case 'col':
      return expectOne(node.n, Object.keys(COLUMN_TYPES), `${place}.n`)
    case 'ctx':
      return expectOne(node.f, CONTEXT_FIELDS, `${place}.f`)
    case 'json':
      return checkMember(node, place)
    case 'idx':
      expectType(node.a, ['list'], `${place}.a`)
      if (!Number.isSafeInteger(node.i)) throw invalid(`${place}.i`, 'is not a whole number')
      return
    case 'cmp':
      expectOne(node.op, COMPARE_OPERATORS, `${place}.op`)
      return expectSame([node.a, node.b], place)
    case 'distinct':
      expectBoolean(node.neg, `${place}.neg`)
      return expectSame([node.a, node.b], place)
    case 'in':
      expectBoolean(node.neg, `${place}.neg`)
      return expectSame([node.a, ...node.l], place)
    case 'isnull':
      return expectBoolean(node.neg, `${place}.neg`)
    case 'call':
      return checkCall(node, place)
    case 'and':
    case 'or':
      for (const [at, part] of node.a.entries()) expectType(part, ['bool'], `${place}.a[${at}]`)
      return
    case 'istest':
      expectOne(node.op, TRUTH_TESTS, `${place}.op`)
      return expectType(node.a, ['bool'], `${place}.a`)
    case 'not':
      return expectType(node.a, ['bool'], `${place}.a`)
    default:
      throw invalid(place, 'is not a kind of node that is supported')
  }
}

function checkLiteral(node: Extract<Predicate, { readonly k: 'lit' }>, place: string): void {
  expectOne(node.t, SCALARS, `${place}.t`)
  if (node.v === null) return
  const expected = { bool: 'boolean', text: 'string', num: 'number' }[node.t]
  if (typeof node.v !== expected) throw invalid(`${place}.v`, `is not a ${expected}`)
  if (typeof node.v === 'number' && !Number.isFinite(node.v)) throw invalid(`${place}.v`, 'is not a finite number')
  if (typeof node.v === 'string' && !isStorableText(node.v)) throw invalid(`${place}.v`, 'has a NUL or half a surrogate pair')
}

function checkMember(node: Extract<Predicate, { readonly k: 'json' }>, place: string): void {
  if (node.a.k !== 'col') throw invalid(`${place}.a`, 'is not a column')
  expectType(node.a, ['json'], `${place}.a`)
  if (typeof node.p !== 'string' || !isStorableText(node.p)) throw invalid(`${place}.p`, 'is not the name of a member')
  if (!node.text) throw invalid(`${place}.text`, 'must be true: members are read as text')
}

function checkCall(node: Extract<Predicate, { readonly k: 'call' }>, place: string): void {
  expectOne(node.f, Object.keys(ARGUMENTS), `${place}.f`)
  const [least, most] = ARGUMENTS[node.f]
  if (node.a.length < least || node.a.length > most) throw invalid(`${place}.a`, `has ${node.a.length} arguments`)
  if (node.f === 'coalesce') return expectSame(node.a, place)
  for (const [at, argument] of node.a.entries()) expectType(argument, ['text'], `${place}.a[${at}]`)
  const [first] = node.a
  const overKeys = node.f === 'foldername' || node.f === 'filename' || node.f === 'extension'
  if (overKeys && first !== undefined && readsRow(first) && !(first.k === 'col' && first.n === 'name')) {
    throw invalid(`${place}.a[0]`, 'is not the column name: keys are taken apart where they are stored')
  }
}

function expectSame(nodes: readonly Predicate[], place: string): void {
  const types = new Set(nodes.map(predicateType))
  if (types.size > 1) throw invalid(place, `compares ${[...types].join(' with ')}`)
  for (const type of types) if (!SCALARS.includes(type)) throw invalid(place, `cannot compare a ${type}`)
}

function expectType(node: Predicate, types: readonly ExpressionType[], place: string): void {
  const type = predicateType(node)
  if (!types.includes(type)) throw invalid(place, `is a ${type}, not a ${types.join(' or ')}`)
}

function expectOne(value: unknown, allowed: readonly unknown[], place: string): void {
  if (!allowed.includes(value)) throw invalid(place, `is none of ${allowed.join(', ')}`)
}

function expectBoolean(value: unknown, place: string): void {
  if (typeof value !== 'boolean') throw invalid(place, 'is neither true nor false')
}

/** Whether both databases can hold the text: Postgres knows no NUL, and half a surrogate pair has no UTF-8. */
export function isStorableText(text: string): boolean {
  return !UNSTORABLE.test(text)
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
