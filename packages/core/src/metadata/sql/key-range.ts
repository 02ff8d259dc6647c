import { compareBytes } from '../../model/byte-order.ts'

const CODE_POINT_MAX = 0x10ffff
const BEFORE_SURROGATES = 0xd7ff
const BEHIND_SURROGATES = 0xe000

/**
 * The least text, by UTF-8 bytes, that is greater than every text that begins with the prefix; null where there is none:
 * for the empty prefix, and for one of nothing but U+10FFFF. Texts have a UTF-8 form: no half surrogate pairs.
 */
export function prefixSuccessor(prefix: string): string | null {
  const points = Array.from(prefix)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? 0
    if (point < CODE_POINT_MAX) return points.join('') + String.fromCodePoint(point === BEFORE_SURROGATES ? BEHIND_SURROGATES : point + 1)
  }
  return null
}

/**
 * Where a scan by (key, tie) goes on: at a key, behind a key, or at the rest of one key, behind its row with this tie. The
 * tie orders rows of one key: the sequence of a version, the id of an upload. `past` is the prefix that lies right before the key, where
 * the scan came from there.
 */
export type Seek =
  | { readonly kind: 'at'; readonly key: string; readonly past?: string }
  | { readonly kind: 'behind'; readonly key: string }
  | { readonly kind: 'rest'; readonly key: string; readonly tie: string | number }

/** Where a page goes on, as the pages of all listings say it. */
export interface PagePosition {
  readonly after: string
  readonly skipPrefix: boolean
  readonly tie: string | number | null
}

/** Where the next page goes on; `shown` where that is behind an entry of this one. */
export interface NextPagePosition extends PagePosition {
  readonly shown: boolean
}

/** Where the scan of a page begins; null where nothing can follow. */
export function seekOf(position: PagePosition | null, prefix: string): Seek | null {
  if (position === null) return { kind: 'at', key: prefix }
  const { after, skipPrefix, tie } = position
  if (skipPrefix) {
    const behind = seekBehindPrefix(after)
    return behind === null ? null : laterSeek(behind, prefix)
  }
  if (tie !== null && after.startsWith(prefix)) return { kind: 'rest', key: after, tie }
  return laterSeek({ kind: 'behind', key: after }, prefix)
}

/** Where the keys behind those with this prefix begin; null where there are none. */
export function seekBehindPrefix(prefix: string): Seek | null {
  const key = prefixSuccessor(prefix)
  return key === null ? null : { kind: 'at', key }
}

/** The same place, but no earlier than a key. */
export function laterSeek(seek: Seek, key: string): Seek {
  return compareBytes(seek.key, key) < 0 ? { kind: 'at', key } : seek
}

/** The lesser of two ends; null stands for no end. */
export function earlierKey(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b
  return compareBytes(a, b) < 0 ? a : b
}
