import type { LiteralType, Predicate, RowColumn } from './predicate.ts'

/** What an expression gives: a scalar, a JSON object, or a list of texts. */
export type ExpressionType = LiteralType | 'json' | 'list'

/** The type of every column. `created_at` is in milliseconds since 1970. */
export const COLUMN_TYPES: Readonly<Record<RowColumn, ExpressionType>> = {
  bucket_id: 'text',
  name: 'text',
  owner_id: 'text',
  version: 'text',
  created_at: 'num',
  size: 'num',
  etag: 'text',
  content_type: 'text',
  metadata: 'json',
  user_metadata: 'json',
  path_tokens: 'list',
  account: 'text',
  public: 'bool',
}

/** The type of a well-formed expression; what `parsePredicate` lets through is one. */
export function predicateType(node: Predicate): ExpressionType {
  switch (node.k) {
    case 'lit':
      return node.t
    case 'col':
      return COLUMN_TYPES[node.n]
    case 'ctx':
    case 'json':
    case 'idx':
      return 'text'
    case 'call':
      return callType(node)
    default:
      return 'bool'
  }
}

function callType(node: Extract<Predicate, { readonly k: 'call' }>): ExpressionType {
  if (node.f === 'starts_with') return 'bool'
  if (node.f === 'foldername') return 'list'
  const [first] = node.a
  return node.f === 'coalesce' && first !== undefined ? predicateType(first) : 'text'
}

/** The expressions that an expression is made of. */
export function predicateParts(node: Predicate): readonly Predicate[] {
  switch (node.k) {
    case 'lit':
    case 'col':
    case 'ctx':
      return []
    case 'cmp':
    case 'distinct':
      return [node.a, node.b]
    case 'in':
      return [node.a, ...node.l]
    case 'and':
    case 'or':
    case 'call':
      return node.a
    default:
      return [node.a]
  }
}

/** Whether a value depends on the row. */
export function readsRow(node: Predicate): boolean {
  return node.k === 'col' || predicateParts(node).some(readsRow)
}
