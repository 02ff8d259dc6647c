import { mayCastFail } from './evaluate-cast.ts'
import { likePieces } from './evaluate-like.ts'
import { predicateParts, predicateType } from './predicate-type.ts'
import type { Predicate } from './predicate.ts'

/**
 * Whether some row may make the condition fail. Only then does it matter which arm is evaluated first, and databases are held to the order
 * in which it is written.
 */
export function canFail(node: Predicate): boolean {
  return failsItself(node) || predicateParts(node).some(canFail)
}

/** Whether the node itself may fail, whatever its parts do. */
export function failsItself(node: Predicate): boolean {
  switch (node.k) {
    case 'ctx':
      return node.f === 'uid'
    case 'cast':
      return mayCastFail(predicateType(node.a), node.t)
    case 'like':
      return node.p.k !== 'lit' || (typeof node.p.v === 'string' && likePieces(node.p.v) === null)
    case 'inarr':
      return true
    case 'call': {
      const place = node.f === 'split_part' ? node.a[2] : undefined
      return place !== undefined && (place.k !== 'lit' || place.v === 0)
    }
    default:
      return false
  }
}
