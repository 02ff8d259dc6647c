/**
 * A condition over one row, as data: three-valued (true, false, unknown), evaluated in JS, compiled to SQLite and to
 * Postgres, and printable as `CREATE POLICY`. The node kinds follow Postgres; what cannot be expressed does not exist.
 * Only `true` lets a row pass: unknown is a refusal.
 */
export type Predicate =
  | { readonly k: 'lit'; readonly t: LiteralType; readonly v: string | number | boolean | null }
  | { readonly k: 'col'; readonly n: RowColumn }
  /** A constant of the request; folded to a literal before the store sees it. */
  | { readonly k: 'ctx'; readonly f: ContextField }
  /** `->>` with a literal path step: always text, JSON null is null. */
  | { readonly k: 'json'; readonly a: Predicate; readonly p: string; readonly text: true }
  /** 1-based element of a text array; out of range is null. */
  | { readonly k: 'idx'; readonly a: Predicate; readonly i: number }
  | { readonly k: 'cmp'; readonly op: CompareOperator; readonly a: Predicate; readonly b: Predicate }
  | { readonly k: 'distinct'; readonly a: Predicate; readonly b: Predicate; readonly neg: boolean }
  | { readonly k: 'in'; readonly a: Predicate; readonly l: readonly Predicate[]; readonly neg: boolean }
  | { readonly k: 'isnull'; readonly a: Predicate; readonly neg: boolean }
  | { readonly k: 'istest'; readonly op: TruthTest; readonly a: Predicate }
  | { readonly k: 'and' | 'or'; readonly a: readonly Predicate[] }
  | { readonly k: 'not'; readonly a: Predicate }
  | { readonly k: 'call'; readonly f: PredicateFunction; readonly a: readonly Predicate[] }

/** The types of a constant. A null has one too. */
export type LiteralType = 'bool' | 'text' | 'num'
/** Comparisons; one with null is unknown. Text compares by its UTF-8 bytes. */
export type CompareOperator = '=' | '<>' | '<' | '<=' | '>' | '>='
/** Turns the three truth values into two: the only way for unknown to become true. */
export type TruthTest = 'IS_TRUE' | 'IS_NOT_TRUE' | 'IS_FALSE' | 'IS_NOT_FALSE' | 'IS_UNKNOWN' | 'IS_NOT_UNKNOWN'

/** `starts_with(text, text)`, ASCII-only `lower` and `upper`, and Supabase's three helpers over a key. */
export type PredicateFunction = 'starts_with' | 'lower' | 'upper' | 'coalesce' | 'foldername' | 'filename' | 'extension'

/** Facts of the caller that a predicate may name. `sub` and `role` are null for callers that have none. */
export type ContextField = 'sub' | 'role' | 'account' | 'operation'

/**
 * What a predicate may read of a row. `bucket_id` is the bucket's *name* (as in Supabase Storage), never its internal id.
 * `metadata` holds `mimetype`, `size`, `contentLength`, `eTag`; `account` and `public` exist on bucket rows only.
 */
export type RowColumn =
  | 'bucket_id'
  | 'name'
  | 'owner_id'
  | 'version'
  | 'created_at'
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
