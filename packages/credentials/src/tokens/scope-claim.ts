import { type JsonObject, OPERATION_NAMES, type OperationName, type Scope } from '@stowage/core'
import { isJsonObject, isTextList } from '../read-json-object.ts'
import { TokenError } from '../token-error.ts'

const NAMES: ReadonlySet<string> = new Set(['buckets', 'operations', 'prefixes', 'objects', 'notAfter', 'sourceCidrs'])

/** A scope as a token carries it. */
export function scopeClaim(scope: Scope): JsonObject {
  const { buckets, operations, prefixes, objects, notAfter, sourceCidrs } = scope
  return {
    ...(buckets === undefined ? {} : { buckets: buckets.map(({ jurisdiction, name }) => [jurisdiction, name]) }),
    ...(operations === undefined ? {} : { operations: [...operations] }),
    ...(prefixes === undefined ? {} : { prefixes }),
    ...(objects === undefined ? {} : { objects }),
    // What is no time is never reached; neither is the beginning.
    ...(notAfter === undefined ? {} : { notAfter: Number.isNaN(notAfter.getTime()) ? 0 : notAfter.getTime() }),
    ...(sourceCidrs === undefined ? {} : { sourceCidrs }),
  }
}

/**
 * Reads a scope out of a token. Fails with a `TokenError` for a field that is not known here: it may be a limit, and one that is passed
 * over is none.
 */
export function parseScopeClaim(claim: unknown): Scope {
  if (!isJsonObject(claim) || !Object.keys(claim).every((name) => NAMES.has(name))) throw invalid()
  const { buckets, operations, prefixes, objects, notAfter, sourceCidrs } = claim
  if (notAfter !== undefined && typeof notAfter !== 'number') throw invalid()
  return {
    ...(buckets === undefined ? {} : { buckets: listOf(buckets, parseBucket) }),
    ...(operations === undefined ? {} : { operations: new Set(listOf(operations, parseOperation)) }),
    ...(prefixes === undefined ? {} : { prefixes: texts(prefixes) }),
    ...(objects === undefined ? {} : { objects: texts(objects) }),
    ...(notAfter === undefined ? {} : { notAfter: new Date(notAfter) }),
    ...(sourceCidrs === undefined ? {} : { sourceCidrs: texts(sourceCidrs) }),
  }
}

function isOperationName(name: unknown): name is OperationName {
  return typeof name === 'string' && Object.hasOwn(OPERATION_NAMES, name)
}

function parseBucket(value: unknown): { readonly jurisdiction: string; readonly name: string } {
  if (!isTextList(value)) throw invalid()
  const [jurisdiction, name, ...rest] = value
  if (jurisdiction === undefined || name === undefined || rest.length > 0) throw invalid()
  return { jurisdiction, name }
}

function parseOperation(name: unknown): OperationName {
  if (!isOperationName(name)) throw invalid()
  return name
}

function listOf<T>(value: unknown, parse: (each: unknown) => T): readonly T[] {
  if (!Array.isArray(value)) throw invalid()
  return value.map(parse)
}

function texts(value: unknown): readonly string[] {
  if (!isTextList(value)) throw invalid()
  return value
}

function invalid(): TokenError {
  return new TokenError('claims', 'The scope of the token cannot be read.')
}
