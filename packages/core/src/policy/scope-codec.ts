import { StorageError } from '../errors/storage-error.ts'
import type { JsonValue } from '../model/json-value.ts'
import type { Scope } from './caller.ts'
import { readIpRange } from './ip-range.ts'
import { OPERATION_NAMES } from './operation.ts'
import type { OperationName } from './operation.ts'

/** How many buckets, prefixes, objects or addresses a stored scope may name. */
const SCOPE_LIST_MAX = 1000

type Decoders = { readonly [N in keyof Scope]-?: (value: unknown, at: string) => NonNullable<Scope[N]> }

/** Every field that a scope can have: one that is not here does not compile, and one that nobody knows is refused. */
const DECODERS: Decoders = {
  buckets: (value, at) => listOf(value, at).map(decodeBucket),
  operations: (value, at) => new Set(listOf(value, at).map(decodeOperation)),
  prefixes: textsOf,
  objects: textsOf,
  notAfter: decodeTime,
  sourceCidrs: decodeRanges,
}

/** A scope as JSON. Throws `InvalidArgument` or `LimitExceeded` for what `decodeScope` would not read back. */
export function encodeScope(scope: Scope): JsonValue {
  const encoded: Record<string, JsonValue> = {}
  for (const [name, value] of Object.entries(scope)) {
    // From JavaScript, and after a spread, a field may be there without a value: it does not limit.
    if (value !== undefined) encoded[knownField(name)] = encodeField(value)
  }
  decodeScope(encoded)
  return encoded
}

function encodeField(value: NonNullable<Scope[keyof Scope]>): JsonValue {
  // What is no time becomes null, and is refused.
  if (value instanceof Date) return value.toJSON()
  if (value instanceof Set) return Array.from(value, String)
  // A list of texts or of buckets; what else it may be from JavaScript is refused.
  return value as JsonValue
}

/**
 * Reads a scope from JSON. Closed: throws `InvalidArgument` for a field that is unknown or not what it should be, since whoever
 * passes over a limit that it does not understand lets more through than was meant. `LimitExceeded` where a list is too long.
 */
export function decodeScope(value: unknown): Scope {
  if (!isObject(value)) throw invalid('', 'is not an object')
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, DECODERS[knownField(name)](field, name)]))
}

function knownField(name: string): keyof Scope {
  if (!Object.hasOwn(DECODERS, name)) throw invalid('', `has the field ${JSON.stringify(name)}, which nobody knows`)
  // The keys of DECODERS are those of a scope.
  return name as keyof Scope
}

function decodeBucket(value: unknown): { readonly jurisdiction: string; readonly name: string } {
  if (!isObject(value)) throw invalid('buckets', 'holds what is not an object')
  const { jurisdiction, name, ...others } = value
  if (typeof jurisdiction !== 'string' || typeof name !== 'string' || Object.keys(others).length > 0) {
    throw invalid('buckets', 'holds what has not just the texts jurisdiction and name')
  }
  return { jurisdiction, name }
}

function decodeOperation(value: unknown): OperationName {
  if (typeof value !== 'string' || !Object.hasOwn(OPERATION_NAMES, value))
    throw invalid('operations', 'names an operation that there is not')
  // One of the closed list.
  return value as OperationName
}

function decodeTime(value: unknown, at: string): Date {
  const time = new Date(typeof value === 'string' ? value : Number.NaN)
  if (Number.isNaN(time.getTime()) || time.toISOString() !== value) throw invalid(at, 'is not a time such as 2030-01-31T12:00:00.000Z')
  return time
}

function decodeRanges(value: unknown, at: string): readonly string[] {
  const ranges = textsOf(value, at)
  for (const range of ranges) if (readIpRange(range) === null) throw invalid(at, 'holds what is not a block of addresses')
  return ranges
}

function textsOf(value: unknown, at: string): readonly string[] {
  return listOf(value, at).map((item) => {
    if (typeof item !== 'string') throw invalid(at, 'holds what is not a text')
    return item
  })
}

function listOf(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(at, 'is not a list')
  if (value.length > SCOPE_LIST_MAX) throw new StorageError('LimitExceeded', { limit: `scope.${at}`, max: SCOPE_LIST_MAX })
  return value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(field: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument: field === '' ? 'scope' : `scope.${field}`, reason })
}
