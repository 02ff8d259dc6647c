import type { ExpressionType } from './predicate-type.ts'
import type { Predicate, PredicateFunction } from './predicate.ts'

/** What stands in the fields of a kind of node beside its expressions. */
interface NodeFields {
  /** Fields that hold one expression, in the order in which they are evaluated. */
  readonly parts?: readonly string[]
  /** Fields that hold a list of expressions. */
  readonly lists?: readonly string[]
  /** All other fields that there must be. */
  readonly others?: readonly string[]
  /** Fields that may be absent. */
  readonly optional?: readonly string[]
}

/** Every kind of node, by name. One that is not here is refused. */
export const NODE_FIELDS: Readonly<Record<Predicate['k'], NodeFields>> = {
  lit: { others: ['t', 'v'] },
  col: { others: ['n'] },
  ctx: { others: ['f'] },
  rcol: { others: ['alias', 'n', 't'] },
  json: { parts: ['a'], others: ['p', 'text'] },
  jhas: { parts: ['a', 'b'] },
  cast: { parts: ['a'], others: ['t'] },
  idx: { parts: ['a'], others: ['i'] },
  arr: { lists: ['a'] },
  cmp: { parts: ['a', 'b'], others: ['op'] },
  distinct: { parts: ['a', 'b'], others: ['neg'] },
  in: { parts: ['a'], lists: ['l'], others: ['neg'] },
  anyeq: { parts: ['a', 'arr'] },
  inarr: { parts: ['a', 'arr'] },
  like: { parts: ['a', 'p'], others: ['ci', 'neg'] },
  concat: { parts: ['a', 'b'] },
  isnull: { parts: ['a'], others: ['neg'] },
  istest: { parts: ['a'], others: ['op'] },
  and: { lists: ['a'] },
  or: { lists: ['a'] },
  not: { parts: ['a'] },
  call: { lists: ['a'], others: ['f'] },
  exists: { parts: ['where'], others: ['rel', 'alias'], optional: ['kept'] },
  insub: { parts: ['a', 'sel', 'where'], others: ['rel', 'alias', 'neg'], optional: ['kept'] },
}

/** The types of the arguments of every function; `coalesce` takes any of one type. */
export const ARGUMENT_TYPES: Readonly<Record<Exclude<PredicateFunction, 'coalesce'>, readonly ExpressionType[]>> = {
  starts_with: ['text', 'text'],
  lower: ['text'],
  upper: ['text'],
  split_part: ['text', 'text', 'int'],
  string_to_array: ['text', 'text'],
  foldername: ['text'],
  filename: ['text'],
  extension: ['text'],
  allow_only_operation: ['text'],
  allow_any_operation: ['text[]'],
}
