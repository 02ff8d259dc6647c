import type { ContextField, PredicateFunction } from '@stowage/core/policy'
import type { FuncCall, Node, SQLValueFunction } from 'libpg-query'
import { expectType, unify } from './coerce.ts'
import type { ExpressionContext } from './expression-context.ts'
import { ownName } from './name-parts.ts'
import { constantInteger, constantText } from './read-constant.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'
import { placeOf, type SqlType, type Typed } from './typed.ts'

interface Signature {
  readonly f: PredicateFunction
  readonly takes: readonly SqlType[]
  readonly gives: SqlType
}

const FUNCTIONS: Readonly<Record<string, Signature>> = {
  'storage.foldername': { f: 'foldername', takes: ['text'], gives: 'text[]' },
  'storage.filename': { f: 'filename', takes: ['text'], gives: 'text' },
  'storage.extension': { f: 'extension', takes: ['text'], gives: 'text' },
  'storage.allow_only_operation': { f: 'allow_only_operation', takes: ['text'], gives: 'bool' },
  'storage.allow_any_operation': { f: 'allow_any_operation', takes: ['text[]'], gives: 'bool' },
  starts_with: { f: 'starts_with', takes: ['text', 'text'], gives: 'bool' },
  lower: { f: 'lower', takes: ['text'], gives: 'text' },
  upper: { f: 'upper', takes: ['text'], gives: 'text' },
  split_part: { f: 'split_part', takes: ['text', 'text', 'int'], gives: 'text' },
  string_to_array: { f: 'string_to_array', takes: ['text', 'text'], gives: 'text[]' },
}

const CONTEXT: Readonly<Record<string, readonly [ContextField, SqlType]>> = {
  'auth.uid': ['uid', 'uuid'],
  'auth.role': ['role', 'text'],
  'auth.jwt': ['jwt', 'jsonb'],
  'storage.operation': ['operation', 'text'],
  now: ['now', 'timestamptz'],
}

/** Settings of a session that say what the engine knows of a request. */
const SETTINGS: Readonly<Record<string, ContextField>> = {
  'stowage.account': 'account',
  'stowage.key': 'key',
  'stowage.ip': 'ip',
  'storage.operation': 'operation',
  'request.jwt.claim.sub': 'sub',
  'request.jwt.claim.role': 'role',
}

const FIXES: Readonly<Record<string, string>> = {
  array_length: 'ask for an element: (storage.foldername(name))[2] IS NULL',
  cardinality: 'ask for an element: path_tokens[2] IS NULL',
  regexp_match: 'use LIKE, starts_with or an equality',
  substring: 'use starts_with or split_part',
  position: 'use LIKE',
  strpos: 'use LIKE',
  left: 'use starts_with',
  concat: 'use ||',
}

/** A call of a function that predicates know. Refuses every other, and the user's own most of all. */
export function readFunction(call: FuncCall, scope: Scope, context: ExpressionContext): Typed {
  const at = placeOf(call)
  const name = ownName(call.funcname, at)
  refuseModifiers(call, name, at)
  const etag = readEtag(call, name, scope, context)
  if (etag !== null) return etag
  const parts = (call.args ?? []).map((part) => context.read(part, scope, at))
  const field = Object.hasOwn(CONTEXT, name) ? CONTEXT[name] : undefined
  if (field !== undefined) {
    if (parts.length > 0) throw new Refusal(at, `${name} takes no arguments`)
    return { node: { k: 'ctx', f: field[0] }, type: field[1], at }
  }
  if (name === 'auth.email' && parts.length === 0) {
    return { node: { k: 'json', a: { k: 'ctx', f: 'jwt' }, p: 'email', text: true }, type: 'text', at }
  }
  if (name === 'current_setting') return readSetting(parts, at)
  if (name === 'like_escape') return readEscapedPattern(parts, at)
  const signature = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (signature === undefined) throw new Refusal(at, `the function ${name}`, FIXES[name] ?? null)
  return readCall(signature, name, parts, at, context)
}

function readCall({ f, takes, gives }: Signature, name: string, parts: readonly Typed[], at: number, context: ExpressionContext): Typed {
  if (parts.length !== takes.length) throw new Refusal(at, `${name} takes ${takes.length} arguments, not ${parts.length}`)
  const a = parts.map((part, index) => expectType(part, takes[index] ?? 'text', `argument ${index + 1} of ${name}`))
  const [first] = parts
  if ((f === 'lower' || f === 'upper') && first?.collation !== 'C') {
    context.warn('ascii-case', at, `${name} changes the case of A to Z only, whatever the collation of the database`)
  }
  if (f === 'split_part' && parts[2] !== undefined && (constantInteger(parts[2]) ?? 0) === 0)
    throw new Refusal(parts[2].at, 'a field position that is no constant, or 0')
  return { node: { k: 'call', f, a }, type: gives, at }
}

/** `CURRENT_TIMESTAMP` and its like. */
export function readValueFunction(node: SQLValueFunction): Typed {
  const at = placeOf(node)
  if (node.op === 'SVFOP_CURRENT_TIMESTAMP') return { node: { k: 'ctx', f: 'now' }, type: 'timestamptz', at }
  const name = (node.op ?? '').replace('SVFOP_', '')
  throw new Refusal(at, name, name.endsWith('USER') || name.endsWith('ROLE') ? 'use auth.role()' : 'use now()')
}

/** `COALESCE`, over values of one type. */
export function readCoalesce(parts: readonly Typed[], at: number): Typed {
  const values = unify(parts, 'COALESCE')
  const [first] = values
  if (first === undefined) throw new Refusal(at, 'COALESCE of nothing')
  return { node: { k: 'call', f: 'coalesce', a: values.map(({ node }) => node) }, type: first.type, at }
}

function readSetting(parts: readonly Typed[], at: number): Typed {
  const [first] = parts
  const setting = first === undefined ? null : constantText(first)
  const field = setting !== null && Object.hasOwn(SETTINGS, setting) ? SETTINGS[setting] : undefined
  if (field === undefined || parts.length > 2)
    throw new Refusal(at, `the setting ${setting ?? 'of a session'}`, 'use auth.uid(), auth.role(), auth.jwt() or storage.operation()')
  return { node: { k: 'ctx', f: field }, type: 'text', at }
}

/** What `createPolicySql` makes of the column `etag`: Supabase has it among the metadata, in quotation marks. Null for anything else. */
function readEtag(call: FuncCall, name: string, scope: Scope, context: ExpressionContext): Typed | null {
  const [inner, count] = call.args ?? []
  if (name !== 'left' || inner === undefined || !('FuncCall' in inner) || ownName(inner.FuncCall.funcname, 0) !== 'right') return null
  const at = placeOf(call)
  const [value, innerCount] = inner.FuncCall.args ?? []
  const isOne = (part: Node | undefined): boolean => part !== undefined && constantInteger(context.read(part, scope, at)) === -1
  if (!isOne(count) || !isOne(innerCount)) return null
  const { node } = context.read(value, scope, at)
  const isEtag = node.k === 'json' && node.p === 'eTag' && node.text && node.a.k === 'col' && node.a.n === 'metadata'
  return isEtag ? { node: { k: 'col', n: 'etag' }, type: 'text', at } : null
}

/** `LIKE … ESCAPE 'x'`: the pattern with the backslash in the place of x. */
function readEscapedPattern(parts: readonly Typed[], at: number): Typed {
  const [first, second] = parts
  const pattern = first === undefined ? null : constantText(first)
  const escape = second === undefined ? null : constantText(second)
  if (pattern === null || escape === null)
    throw new Refusal(at, 'ESCAPE over something that is no constant', 'write the pattern with backslashes')
  if (Array.from(escape).length > 1) throw new Refusal(at, 'an escape string of more than one character')
  if (escape === '\\') return { node: { k: 'lit', t: 'text', v: pattern }, type: 'text', at }
  return { node: { k: 'lit', t: 'text', v: withBackslashes(pattern, escape) }, type: 'text', at }
}

function withBackslashes(pattern: string, escape: string): string {
  let result = ''
  const characters = Array.from(pattern)
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? ''
    if (character === escape && escape !== '') {
      index += 1
      // An escape at the very end is an error where the pattern is used, and stays one.
      result += `\\${characters[index] ?? ''}`
    } else result += character === '\\' ? '\\\\' : character
  }
  return result
}

function refuseModifiers(call: FuncCall, name: string, at: number): void {
  const modified =
    call.agg_star === true ||
    call.agg_distinct === true ||
    call.agg_filter !== undefined ||
    call.agg_order !== undefined ||
    call.over !== undefined ||
    call.func_variadic === true
  if (modified) throw new Refusal(at, `${name} as an aggregate, a window or with VARIADIC`)
}
