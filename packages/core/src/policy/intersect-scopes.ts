import type { Scope } from './caller.ts'
import { containsRange, readIpRange } from './ip-range.ts'

/**
 * What both scopes let through, and nothing else. Every credential made from another one gets its scope here: it can only
 * ever lose by it.
 */
export function intersectScopes(a: Scope, b: Scope): Scope {
  const buckets = both(a.buckets, b.buckets, (left, right) =>
    left.filter((bucket) => right.some((other) => other.name === bucket.name && other.jurisdiction === bucket.jurisdiction)),
  )
  const operations = both(a.operations, b.operations, (left, right) => new Set([...left].filter((name) => right.has(name))))
  const notAfter = both(a.notAfter, b.notAfter, earlier)
  const sourceCidrs = both(a.sourceCidrs, b.sourceCidrs, (left, right) => nested(left, right, cidrContains))
  return {
    ...(buckets === undefined ? {} : { buckets }),
    ...(operations === undefined ? {} : { operations }),
    ...intersectKeys(a, b),
    ...(notAfter === undefined ? {} : { notAfter }),
    ...(sourceCidrs === undefined ? {} : { sourceCidrs }),
  }
}

type Keys = Pick<Scope, 'prefixes' | 'objects'>

/** Prefixes are nested or have nothing in common: what two lists of them share is in one of the lists. */
function intersectKeys(a: Keys, b: Keys): Keys {
  if (!limitsKeys(a)) return limitsKeys(b) ? keysOf(b) : {}
  if (!limitsKeys(b)) return keysOf(a)
  const prefixes = nested(a.prefixes ?? [], b.prefixes ?? [], (outer, inner) => inner.startsWith(outer))
  const objects = [
    ...(a.objects ?? []).filter((key) => lets(b, key)),
    // Of what is in both lists, once is enough.
    ...(b.objects ?? []).filter((key) => lets(a, key) && a.objects?.includes(key) !== true),
  ]
  return { prefixes, objects }
}

function limitsKeys({ prefixes, objects }: Keys): boolean {
  return prefixes !== undefined || objects !== undefined
}

function keysOf({ prefixes, objects }: Keys): Keys {
  return { ...(prefixes === undefined ? {} : { prefixes }), ...(objects === undefined ? {} : { objects }) }
}

function lets({ prefixes, objects }: Keys, key: string): boolean {
  return objects?.includes(key) === true || prefixes?.some((prefix) => key.startsWith(prefix)) === true
}

/** The members of either list that lie in a member of the other. */
function nested(left: readonly string[], right: readonly string[], contains: (outer: string, inner: string) => boolean): readonly string[] {
  const fromLeft = left.filter((inner) => right.some((outer) => contains(outer, inner)))
  const fromRight = right.filter((inner) => left.some((outer) => contains(outer, inner)))
  return [...new Set([...fromLeft, ...fromRight])]
}

/** What is no range contains nothing, and is in nothing. */
function cidrContains(outer: string, inner: string): boolean {
  const [outerRange, innerRange] = [readIpRange(outer), readIpRange(inner)]
  return outerRange !== null && innerRange !== null && containsRange(outerRange, innerRange)
}

/** The earlier of two times; one that is no time wins, and is never reached. */
function earlier(a: Date, b: Date): Date {
  return new Date(Math.min(a.getTime(), b.getTime()))
}

/** A field that is absent does not limit. */
function both<T>(a: T | undefined, b: T | undefined, combine: (a: T, b: T) => T): T | undefined {
  if (a === undefined) return b
  return b === undefined ? a : combine(a, b)
}
