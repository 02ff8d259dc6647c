import { OPERATION_NAMES } from '@stowage/core'
import type { Operation, OperationMatch } from './operation.ts'
import type { S3Headers } from './s3-headers.ts'
import type { S3Query } from './s3-query.ts'
import { SUB_RESOURCES } from './sub-resources.ts'

/** What routing looks at. */
export interface Routable {
  readonly method: string
  readonly on: OperationMatch['on']
  readonly query: S3Query
  readonly headers: S3Headers
}

/** The row that answers, or why none does. */
export type Routed =
  | { readonly outcome: 'operation'; readonly operation: Operation }
  /** A known word that no row names, or that goes with no row of this method. */
  | { readonly outcome: 'not-implemented'; readonly subResource: string }
  | { readonly outcome: 'method-not-allowed' }

/**
 * Makes the router of a table. Order means nothing: the row with the most marks that are all there wins.
 * Throws where two rows could claim one request, and where one does not say what it is to the policy.
 */
export function createRouter(operations: readonly Operation[]): (request: Routable) => Routed {
  refuseUndeclared(operations)
  refuseAmbiguity(operations)
  const byPlace = new Map<string, Operation[]>()
  for (const operation of operations) {
    const place = `${operation.match.method} ${operation.match.on}`
    const rows = byPlace.get(place) ?? []
    rows.push(operation)
    byPlace.set(place, rows)
  }
  for (const rows of byPlace.values()) rows.sort((a, b) => specificity(b.match) - specificity(a.match))
  return (request) => {
    const words = request.query.names.filter((name) => SUB_RESOURCES.has(name))
    const rows = byPlace.get(`${request.method} ${request.on}`)
    for (const operation of rows ?? []) if (matches(operation.match, request, words)) return { outcome: 'operation', operation }
    const word = words[0]
    if (word !== undefined) return { outcome: 'not-implemented', subResource: word }
    return { outcome: 'method-not-allowed' }
  }
}

function matches(match: OperationMatch, request: Routable, words: readonly string[]): boolean {
  if (match.header !== undefined && !request.headers.has(match.header)) return false
  const query = match.query ?? {}
  for (const [name, value] of Object.entries(query)) {
    const given = request.query.get(name)
    if (given === null || (value !== true && given !== value)) return false
  }
  return words.every((word) => Object.hasOwn(query, word) || match.reads?.includes(word) === true)
}

function specificity(match: OperationMatch): number {
  return Object.keys(match.query ?? {}).length + (match.header === undefined ? 0 : 1)
}

/** The types ask for it too; a table that was made without them must not open a door that no policy knows. */
function refuseUndeclared(operations: readonly Operation[]): void {
  for (const { name, engineName } of operations) {
    if (!Object.hasOwn(OPERATION_NAMES, engineName)) {
      throw new TypeError(`The operation ${name} does not say which of the engine's operations it is.`)
    }
  }
}

/** Two rows of one place and one specificity may meet unless they ask for different values of one word. */
function refuseAmbiguity(operations: readonly Operation[]): void {
  for (const [index, one] of operations.entries()) {
    for (const other of operations.slice(index + 1)) {
      if (one.match.method !== other.match.method || one.match.on !== other.match.on) continue
      if (specificity(one.match) === specificity(other.match) && canMeet(one.match, other.match)) {
        throw new TypeError(`The operations ${one.name} and ${other.name} could both answer one request.`)
      }
    }
  }
}

function canMeet(one: OperationMatch, other: OperationMatch): boolean {
  const apart = (a: OperationMatch, b: OperationMatch): boolean =>
    Object.entries(a.query ?? {}).some(([name, value]) => {
      const there = b.query?.[name]
      if (there !== undefined) return value !== true && there !== true && value !== there
      // A word that the other row does not read keeps it from matching.
      return SUB_RESOURCES.has(name) && b.reads?.includes(name) !== true
    })
  return !apart(one, other) && !apart(other, one)
}
