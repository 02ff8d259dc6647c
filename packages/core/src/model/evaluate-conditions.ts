import type { Conditions } from './conditions.ts'
import type { ObjectInfo } from './object.ts'

/**
 * The first condition that does not hold, in the order of RFC 9110 §13.2.2, or null where all hold. `'absent'`: If-Match
 * on a key that holds nothing. `object` is null there, and for a delete marker. Whether a failed If-None-Match is
 * "not modified" or a failed precondition is for the method to say.
 */
export function evaluateConditions(
  conditions: Conditions,
  object: Pick<ObjectInfo, 'etag' | 'createdAt'> | null,
): keyof Conditions | 'absent' | null {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions
  if (object === null) return ifMatch === undefined ? null : 'absent'
  if (ifMatch !== undefined) {
    if (ifMatch !== '*' && !ifMatch.includes(object.etag)) return 'ifMatch'
  } else if (ifUnmodifiedSince !== undefined && wholeSeconds(object.createdAt) > wholeSeconds(ifUnmodifiedSince)) {
    return 'ifUnmodifiedSince'
  }
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch === '*' || ifNoneMatch.some((tag) => weakly(tag) === object.etag)) return 'ifNoneMatch'
  } else if (ifModifiedSince !== undefined && wholeSeconds(object.createdAt) <= wholeSeconds(ifModifiedSince)) {
    return 'ifModifiedSince'
  }
  return null
}

/** If-None-Match compares weakly: `W/"x"` is `"x"` there (RFC 9110 §8.8.3.2). If-Match does not. */
function weakly(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}

/** A client has seen the time without its milliseconds. */
function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
