import type { LiteralType, Predicate } from '@stowage/core/policy'

/**
 * What Postgres says of an expression's type. `unknown` is a quoted text, or NULL, that nobody has given a type; `decimal` a number with a
 * point, which takes the type of what it stands beside.
 */
export type SqlType = LiteralType | 'text[]' | 'decimal' | 'unknown'

/** An expression with its type and where it stands, in bytes. Of `unknown` and `decimal` it is a literal of text. */
export interface Typed {
  readonly node: Predicate
  readonly type: SqlType
  readonly at: number
  /** `C` where somebody wrote `COLLATE "C"`. */
  readonly collation?: 'C'
}

const NAMES: Readonly<Record<SqlType, string>> = {
  bool: 'boolean',
  text: 'text',
  int: 'integer',
  bigint: 'bigint',
  num: 'double precision',
  uuid: 'uuid',
  jsonb: 'jsonb',
  timestamptz: 'timestamp with time zone',
  'text[]': 'text[]',
  decimal: 'numeric',
  unknown: 'unknown',
}

/** A type by Postgres' name. */
export function sqlTypeName(type: SqlType): string {
  return NAMES[type]
}

/** The place of a node that says where it is. */
export function placeOf(node: { readonly location?: number | undefined }): number {
  return node.location ?? 0
}
