import type { ContextField, LiteralType, Predicate, PredicateFunction, RowColumn } from './predicate.ts'

/** What an expression gives: a scalar, a JSON value, or a list of texts. */
export type ExpressionType = LiteralType | 'text[]'

/** The type of every column. */
export const COLUMN_TYPES: Readonly<Record<RowColumn, ExpressionType>> = {
  id: 'uuid',
  bucket_id: 'text',
  name: 'text',
  owner: 'uuid',
  owner_id: 'text',
  version: 'text',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
  last_accessed_at: 'timestamptz',
  size: 'bigint',
  etag: 'text',
  content_type: 'text',
  metadata: 'jsonb',
  user_metadata: 'jsonb',
  path_tokens: 'text[]',
  account: 'text',
  public: 'bool',
}

/** The type of every constant of a request. */
export const CONTEXT_TYPES: Readonly<Record<ContextField, LiteralType>> = {
  uid: 'uuid',
  sub: 'text',
  role: 'text',
  account: 'text',
  operation: 'text',
  jwt: 'jsonb',
  now: 'timestamptz',
  ip: 'text',
  key: 'text',
}

const FUNCTION_TYPES: Readonly<Record<Exclude<PredicateFunction, 'coalesce'>, ExpressionType>> = {
  starts_with: 'bool',
  lower: 'text',
  upper: 'text',
  split_part: 'text',
  string_to_array: 'text[]',
  foldername: 'text[]',
  filename: 'text',
  extension: 'text',
  allow_only_operation: 'bool',
  allow_any_operation: 'bool',
}

/** The type of a well-formed expression; what `parsePredicate` lets through is one. */
export function predicateType(node: Predicate): ExpressionType {
  switch (node.k) {
    case 'lit':
    case 'rcol':
    case 'cast':
      return node.t
    case 'col':
      return COLUMN_TYPES[node.n]
    case 'ctx':
      return CONTEXT_TYPES[node.f]
    case 'json':
      return node.text ? 'text' : 'jsonb'
    case 'idx':
    case 'concat':
      return 'text'
    case 'arr':
      return 'text[]'
    case 'call':
      return node.f === 'coalesce' ? (commonType(node.a.map(predicateType)) ?? 'text') : FUNCTION_TYPES[node.f]
    default:
      return 'bool'
  }
}

/** From narrow to wide: Postgres widens what it compares. */
const NUMBERS: readonly ExpressionType[] = ['int', 'bigint', 'num']

/** The one type that values of all these types are compared in, or null where there is none: numbers widen, nothing else does. */
export function commonType(types: readonly ExpressionType[]): ExpressionType | null {
  const [first] = types
  if (first === undefined) return null
  if (types.every((type) => type === first)) return first
  if (!types.every((type) => NUMBERS.includes(type))) return null
  return NUMBERS[Math.max(...types.map((type) => NUMBERS.indexOf(type)))] ?? null
}

/** The expressions that an expression is made of, in the order in which they are evaluated. */
export function predicateParts(node: Predicate): readonly Predicate[] {
  switch (node.k) {
    case 'lit':
    case 'col':
    case 'ctx':
    case 'rcol':
      return []
    case 'cmp':
    case 'distinct':
    case 'concat':
    case 'jhas':
      return [node.a, node.b]
    case 'in':
      return [node.a, ...node.l]
    case 'anyeq':
    case 'inarr':
      return [node.a, node.arr]
    case 'like':
      return [node.a, node.p]
    case 'arr':
    case 'and':
    case 'or':
    case 'call':
      return node.a
    case 'exists':
      return [node.where]
    case 'insub':
      return [node.a, node.sel, node.where]
    default:
      return [node.a]
  }
}

/** The same expression with each of its parts replaced by what `change` makes of it. */
export function withParts(node: Predicate, change: (part: Predicate) => Predicate): Predicate {
  switch (node.k) {
    case 'lit':
    case 'col':
    case 'ctx':
    case 'rcol':
      return node
    case 'cmp':
    case 'distinct':
    case 'concat':
    case 'jhas':
      return { ...node, a: change(node.a), b: change(node.b) }
    case 'in':
      return { ...node, a: change(node.a), l: node.l.map(change) }
    case 'anyeq':
    case 'inarr':
      return { ...node, a: change(node.a), arr: change(node.arr) }
    case 'like':
      return { ...node, a: change(node.a), p: change(node.p) }
    case 'arr':
    case 'and':
    case 'or':
    case 'call':
      return { ...node, a: node.a.map(change) }
    case 'exists':
      return { ...node, where: change(node.where) }
    case 'insub':
      return { ...node, a: change(node.a), sel: change(node.sel), where: change(node.where) }
    default:
      return { ...node, a: change(node.a) }
  }
}

/** Whether a value depends on the row. */
export function readsRow(node: Predicate): boolean {
  return node.k === 'col' || predicateParts(node).some(readsRow)
}

/** Whether a condition looks into relations, so that only a database can decide it. */
export function namesRelations(node: Predicate): boolean {
  return node.k === 'exists' || node.k === 'insub' || predicateParts(node).some(namesRelations)
}
