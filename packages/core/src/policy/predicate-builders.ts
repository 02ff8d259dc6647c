import { asPredicate, beside, type Operand } from './predicate-operand.ts'
import type {
  CastType,
  CompareOperator,
  ContextField,
  LiteralType,
  LiteralValue,
  Predicate,
  PredicateFunction,
  RowColumn,
  TruthTest,
} from './predicate.ts'

/*
 * Predicates in a hand's breadth of TypeScript: `and(eq(col('bucket_id'), 'team'), eq(element(foldername(), 1), jwt('org_id')))`. They
 * check nothing: `rules` does, and `parsePredicate`.
 */

/** A constant of a type. A null has one too. */
export function lit(type: LiteralType, value: LiteralValue): Predicate {
  return { k: 'lit', t: type, v: value }
}

/** A column of the row. */
export function col(name: RowColumn): Predicate {
  return { k: 'col', n: name }
}

/** A constant of the request. */
export function ctx(field: ContextField): Predicate {
  return { k: 'ctx', f: field }
}

/** The caller's `sub` as a uuid, `auth.uid()`; it fails where the `sub` is none. */
export function uid(): Predicate {
  return ctx('uid')
}

/** The caller's role, `auth.role()`. */
export function role(): Predicate {
  return ctx('role')
}

/** The operation in Supabase Storage's words, `storage.operation()`. */
export function operation(): Predicate {
  return ctx('operation')
}

/** A claim as text, by the names that lead to it: `auth.jwt() -> 'app_metadata' ->> 'org_id'` is `jwt('app_metadata', 'org_id')`. */
export function jwt(...path: readonly [string, ...(string | number)[]]): Predicate {
  return textAt(ctx('jwt'), path)
}

/** A claim as JSON; all claims where no name is given. */
export function jwtJson(...path: readonly (string | number)[]): Predicate {
  return jsonAt(ctx('jwt'), path)
}

/** A member of the row's `metadata` as text: `mimetype`, `size`, `contentLength` or `eTag`. */
export function metadata(name: string): Predicate {
  return textAt(col('metadata'), [name])
}

/** A member of the row's user metadata as text. */
export function userMetadata(name: string): Predicate {
  return textAt(col('user_metadata'), [name])
}

/** `json -> step -> …`. */
export function jsonAt(json: Predicate, path: readonly (string | number)[]): Predicate {
  return path.reduce((a: Predicate, p): Predicate => ({ k: 'json', a, p, text: false }), json)
}

/** `json -> … ->> step`. */
export function textAt(json: Predicate, path: readonly (string | number)[]): Predicate {
  const [last = 0] = path.slice(-1)
  return { k: 'json', a: jsonAt(json, path.slice(0, -1)), p: last, text: true }
}

/** `a = b`. */
export function eq(a: Operand, b: Operand): Predicate {
  return compared('=', a, b)
}

/** `a <> b`. */
export function ne(a: Operand, b: Operand): Predicate {
  return compared('<>', a, b)
}

/** `a < b`. */
export function lt(a: Operand, b: Operand): Predicate {
  return compared('<', a, b)
}

/** `a <= b`. */
export function lte(a: Operand, b: Operand): Predicate {
  return compared('<=', a, b)
}

/** `a > b`. */
export function gt(a: Operand, b: Operand): Predicate {
  return compared('>', a, b)
}

/** `a >= b`. */
export function gte(a: Operand, b: Operand): Predicate {
  return compared('>=', a, b)
}

/** `a IS DISTINCT FROM b`: true or false, where nulls are alike. */
export function distinctFrom(a: Operand, b: Operand): Predicate {
  return { k: 'distinct', a: beside(a, b), b: beside(b, a), neg: false }
}

/** All of them. Of none it is true. */
export function and(...parts: readonly Predicate[]): Predicate {
  return { k: 'and', a: parts }
}

/** One of them at least. Of none it is false. */
export function or(...parts: readonly Predicate[]): Predicate {
  return { k: 'or', a: parts }
}

/** `NOT a`: of unknown it is unknown. */
export function not(a: Predicate): Predicate {
  return { k: 'not', a }
}

/** `a IS NULL`. */
export function isNull(a: Operand): Predicate {
  return { k: 'isnull', a: asPredicate(a), neg: false }
}

/** `a IS NOT NULL`. */
export function isNotNull(a: Operand): Predicate {
  return { k: 'isnull', a: asPredicate(a), neg: true }
}

/** Turns three truth values into two: `truth(a, 'IS_NOT_TRUE')`. */
export function truth(a: Predicate, test: TruthTest): Predicate {
  return { k: 'istest', op: test, a }
}

/** `a IN (…)`: false of an empty list. */
export function isIn(a: Operand, candidates: readonly Operand[]): Predicate {
  return { k: 'in', a: asPredicate(a), l: candidates.map((candidate) => beside(candidate, a)), neg: false }
}

/** `a NOT IN (…)`: unknown where the list holds a null and misses `a`. */
export function isNotIn(a: Operand, candidates: readonly Operand[]): Predicate {
  return { k: 'in', a: asPredicate(a), l: candidates.map((candidate) => beside(candidate, a)), neg: true }
}

/** `a = ANY (list)` of a list of texts, such as `foldername()`. */
export function isAny(a: Operand, list: Predicate): Predicate {
  return { k: 'anyeq', a: asPredicate(a), arr: list }
}

/** `a IN (SELECT jsonb_array_elements_text(json))`: is it one of the claims in an array? Fails where that is none. */
export function isElement(a: Operand, json: Predicate): Predicate {
  return { k: 'inarr', a: asPredicate(a), arr: json }
}

/** `json ? name`. */
export function hasMember(json: Predicate, name: Operand): Predicate {
  return { k: 'jhas', a: json, b: asPredicate(name) }
}

/** `a LIKE pattern`. */
export function like(a: Operand, pattern: Operand): Predicate {
  return { k: 'like', a: asPredicate(a), p: asPredicate(pattern), ci: false, neg: false }
}

/** `a ILIKE pattern`: folds case in ASCII only. */
export function ilike(a: Operand, pattern: Operand): Predicate {
  return { k: 'like', a: asPredicate(a), p: asPredicate(pattern), ci: true, neg: false }
}

/** Whether a text begins with another. */
export function startsWith(a: Operand, prefix: Operand): Predicate {
  return call('starts_with', a, prefix)
}

/** `a || b`. */
export function concat(a: Operand, b: Operand): Predicate {
  return { k: 'concat', a: asPredicate(a), b: asPredicate(b) }
}

/** `a::type`. */
export function cast(a: Operand, type: CastType): Predicate {
  return { k: 'cast', a: asPredicate(a), t: type }
}

/** The first that is not null. */
export function coalesce(...parts: readonly Operand[]): Predicate {
  return call('coalesce', ...parts)
}

/** The text with its ASCII letters in lower case. */
export function lower(a: Operand): Predicate {
  return call('lower', a)
}

/** The text with its ASCII letters in upper case. */
export function upper(a: Operand): Predicate {
  return call('upper', a)
}

/** An element of a list of texts, counted from 1; what is not there is null. */
export function element(list: Predicate, place: number): Predicate {
  return { k: 'idx', a: list, i: place }
}

/** The folders of a key, of the row's own by default: `storage.foldername(name)`. */
export function foldername(key: Operand = col('name')): Predicate {
  return call('foldername', key)
}

/** What follows the last slash of a key, of the row's own by default: `storage.filename(name)`. */
export function filename(key: Operand = col('name')): Predicate {
  return call('filename', key)
}

/** What follows the last dot of a file's name, of the row's own by default: `storage.extension(name)`. */
export function extension(key: Operand = col('name')): Predicate {
  return call('extension', key)
}

/** Whether the request is this operation; a leading `storage.` counts for nothing. */
export function allowOnlyOperation(name: string): Predicate {
  return call('allow_only_operation', name)
}

/** Whether the request is one of these operations. */
export function allowAnyOperation(...names: readonly string[]): Predicate {
  return call('allow_any_operation', { k: 'arr', a: names.map((name) => lit('text', name)) })
}

function compared(op: CompareOperator, a: Operand, b: Operand): Predicate {
  return { k: 'cmp', op, a: beside(a, b), b: beside(b, a) }
}

function call(f: PredicateFunction, ...parts: readonly Operand[]): Predicate {
  return { k: 'call', f, a: parts.map(asPredicate) }
}
