import type { JsonValue } from '../model/json-value.ts'

export type { JsonValue } from '../model/json-value.ts'

/**
 * A condition over one row, as data: three-valued (true, false, unknown), evaluated in JS, compiled to SQLite and to
 * Postgres, and printable as `CREATE POLICY`. The node kinds follow Postgres; what cannot be expressed does not exist.
 * Only `true` lets a row pass: unknown is a refusal.
 */
export type Predicate =
  | { readonly k: 'lit'; readonly t: LiteralType; readonly v: LiteralValue }
  | { readonly k: 'col'; readonly n: RowColumn }
  /** A constant of the request; folded to a literal before the store sees it. */
  | { readonly k: 'ctx'; readonly f: ContextField }
  /** A column of the relation that an `exists` or `insub` around it names by this alias; `t` says what the relation says. */
  | { readonly k: 'rcol'; readonly alias: string; readonly n: string; readonly t: RelationColumnType }
  /** `->>` where `text`, `->` otherwise, with a literal step: a member by name, an element by its place from 0 (from the end where negative). */
  | { readonly k: 'json'; readonly a: Predicate; readonly p: string | number; readonly text: boolean }
  /** `?`: whether the JSON object has a member, or the JSON array a text, of that name. */
  | { readonly k: 'jhas'; readonly a: Predicate; readonly b: Predicate }
  /** `::type`. What cannot be cast is an error, as in Postgres, never a null. */
  | { readonly k: 'cast'; readonly a: Predicate; readonly t: CastType }
  /** 1-based element of a text array; out of range is null. */
  | { readonly k: 'idx'; readonly a: Predicate; readonly i: number }
  /** `ARRAY[…]` of texts. */
  | { readonly k: 'arr'; readonly a: readonly Predicate[] }
  | { readonly k: 'cmp'; readonly op: CompareOperator; readonly a: Predicate; readonly b: Predicate }
  | { readonly k: 'distinct'; readonly a: Predicate; readonly b: Predicate; readonly neg: boolean }
  | { readonly k: 'in'; readonly a: Predicate; readonly l: readonly Predicate[]; readonly neg: boolean }
  /** `= ANY (array)` of a text array. */
  | { readonly k: 'anyeq'; readonly a: Predicate; readonly arr: Predicate }
  /** `IN (SELECT jsonb_array_elements_text(json))`. */
  | { readonly k: 'inarr'; readonly a: Predicate; readonly arr: Predicate }
  /** `LIKE`, or `ILIKE` where `ci` (folds in ASCII only). The escape is the backslash; one that ends the pattern is an error. */
  | { readonly k: 'like'; readonly a: Predicate; readonly p: Predicate; readonly ci: boolean; readonly neg: boolean }
  /** `||` of texts. */
  | { readonly k: 'concat'; readonly a: Predicate; readonly b: Predicate }
  | { readonly k: 'isnull'; readonly a: Predicate; readonly neg: boolean }
  | { readonly k: 'istest'; readonly op: TruthTest; readonly a: Predicate }
  | { readonly k: 'and' | 'or'; readonly a: readonly Predicate[] }
  | { readonly k: 'not'; readonly a: Predicate }
  | { readonly k: 'call'; readonly f: PredicateFunction; readonly a: readonly Predicate[] }
  /** `EXISTS (SELECT 1 FROM rel alias WHERE where)`. `kept` is the relation's; `parsePredicate` fills it in. Default 'engine'. */
  | { readonly k: 'exists'; readonly rel: string; readonly kept?: RelationKeeper; readonly alias: string; readonly where: Predicate }
  /** `a [NOT] IN (SELECT sel FROM rel alias WHERE where)`. */
  | {
      readonly k: 'insub'
      readonly a: Predicate
      readonly rel: string
      readonly kept?: RelationKeeper
      readonly alias: string
      readonly sel: Predicate
      readonly where: Predicate
      readonly neg: boolean
    }

/**
 * The types of a constant. A null has one too. `int` and `bigint` are Postgres' of 4 and 8 bytes, `num` is float8; `jsonb` is a JSON
 * value, `timestamptz` milliseconds since 1970.
 */
export type LiteralType = 'bool' | 'text' | 'int' | 'bigint' | 'num' | 'uuid' | 'jsonb' | 'timestamptz'
/** What a constant holds: of `jsonb` anything that JSON can, of `bigint` its digits as text, otherwise a scalar. */
export type LiteralValue = JsonValue
/** What a value may be cast to. */
export type CastType = Exclude<LiteralType, 'jsonb'>
/** Who keeps the rows of a relation: the engine, or, where the metadata lives in Postgres, a table beside it. */
export type RelationKeeper = 'engine' | 'postgres'
/** The types that columns of relations have. */
export type RelationColumnType = 'bool' | 'text' | 'int' | 'bigint' | 'uuid' | 'timestamptz'
/** Comparisons; one with null is unknown. Text compares by its UTF-8 bytes. */
export type CompareOperator = '=' | '<>' | '<' | '<=' | '>' | '>='
/** Turns the three truth values into two: the only way for unknown to become true. */
export type TruthTest = 'IS_TRUE' | 'IS_NOT_TRUE' | 'IS_FALSE' | 'IS_NOT_FALSE' | 'IS_UNKNOWN' | 'IS_NOT_UNKNOWN'

/**
 * `starts_with(text, text)`, ASCII-only `lower` and `upper`, Supabase's helpers over a key (`foldername`, `filename`, `extension`) and over
 * the operation (`allow_only_operation(text)`, `allow_any_operation(text[])`), and Postgres' `split_part` and `string_to_array`.
 */
export type PredicateFunction =
  | 'starts_with'
  | 'lower'
  | 'upper'
  | 'coalesce'
  | 'split_part'
  | 'string_to_array'
  | 'foldername'
  | 'filename'
  | 'extension'
  | 'allow_only_operation'
  | 'allow_any_operation'

/**
 * Facts of the caller and the request that a predicate may name. `sub`, `role`, `account`, `key` (the credential's id) and `ip` are text,
 * null for callers that have none; `uid` is `sub` as a UUID, and an error where it is none; `jwt` holds the claims; `now` is when the
 * request began.
 */
export type ContextField = 'uid' | 'sub' | 'role' | 'account' | 'operation' | 'jwt' | 'now' | 'ip' | 'key'

/**
 * What a predicate may read of a row. `bucket_id` is the bucket's *name* (as in Supabase Storage), never its internal id.
 * `metadata` holds what is known of `mimetype`, `size`, `contentLength`, `eTag`; `account` and `public` are the bucket's, on rows of objects
 * too. `id` is `version` and `owner` is `owner_id` where that is a UUID, written as one usually is. `updated_at` and `last_accessed_at` are `created_at`: rows are written once.
 */
export type RowColumn =
  | 'id'
  | 'bucket_id'
  | 'name'
  | 'owner'
  | 'owner_id'
  | 'version'
  | 'created_at'
  | 'updated_at'
  | 'last_accessed_at'
  | 'size'
  | 'etag'
  | 'content_type'
  | 'metadata'
  | 'user_metadata'
  | 'path_tokens'
  | 'account'
  | 'public'

/** The predicate that every row passes. */
export const ALWAYS: Predicate = { k: 'lit', t: 'bool', v: true }
/** The predicate that no row passes. */
export const NEVER: Predicate = { k: 'lit', t: 'bool', v: false }
