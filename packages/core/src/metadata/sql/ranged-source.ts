import { compareBytes } from '../../model/byte-order.ts'
import { laterSeek, prefixSuccessor, type Seek } from './key-range.ts'
import type { KeySource } from './key-source.ts'

/**
 * The rows whose keys begin with one of several prefixes, one prefix after the other: what lies between them is not looked at. The prefixes
 * are in the order of their bytes, and none begins with another; `sourceWithin` gives the rows below one of them.
 */
export function rangedSource(prefixes: readonly string[], sourceWithin: (prefix: string) => KeySource): KeySource {
  const [only] = prefixes
  // Folders are walked in one range only.
  if (only !== undefined && prefixes.length === 1) return sourceWithin(only)
  return {
    *fetch(seek, bounds) {
      const at = prefixes.findIndex((prefix) => reachesInto(seek, prefix))
      const prefix = prefixes[at]
      if (prefix === undefined) return { rows: [], end: null, size: 0, countTo: null }
      const behind = at === prefixes.length - 1 ? null : prefixSuccessor(prefix)
      const batch = yield* sourceWithin(prefix).fetch(laterSeek(seek, prefix), { ...bounds, goesOn: behind !== null })
      if (batch.end !== null || behind === null) return batch
      return { ...batch, end: { kind: 'at', key: behind, past: prefix } }
    },
  }
}

/** Whether anything that begins with the prefix may lie where a scan goes on. */
function reachesInto(seek: Seek, prefix: string): boolean {
  const behind = prefixSuccessor(prefix)
  return behind === null || compareBytes(seek.key, behind) < 0
}
