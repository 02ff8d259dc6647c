import { compareBytes } from '../model/byte-order.ts'
import type { BlobEntry } from './backend.ts'

/** One blob as two listings have it: null in the one that does not. */
export interface BlobPair {
  readonly left: BlobEntry | null
  readonly right: BlobEntry | null
}

/** Goes through two listings at once, both in byte order: every key comes once, in that order. */
export async function* pairedBlobs(left: AsyncIterable<BlobEntry>, right: AsyncIterable<BlobEntry>): AsyncGenerator<BlobPair> {
  const sides = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()] as const
  try {
    let [a, b] = await Promise.all(sides.map(next))
    while (a != null || b != null) {
      const order = a == null ? 1 : b == null ? -1 : compareBytes(a.key, b.key)
      yield { left: order <= 0 ? (a ?? null) : null, right: order >= 0 ? (b ?? null) : null }
      if (order <= 0) a = await next(sides[0])
      if (order >= 0) b = await next(sides[1])
    }
  } finally {
    for (const side of sides) await side.return?.()
  }
}

async function next(side: AsyncIterator<BlobEntry>): Promise<BlobEntry | null> {
  const step = await side.next()
  return step.done === true ? null : step.value
}
