import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'

/** One change of some bytes. Places are taken modulo their length. */
export type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly mask: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number }
  | { readonly kind: 'swap'; readonly at: number; readonly length: number }
  | { readonly kind: 'cut'; readonly at: number }

/** Some of what may be done to bytes; what is inserted is random, or one of the words that mean something there. */
export function mutations(words: readonly string[], maxLength = 3): fc.Arbitrary<readonly Mutation[]> {
  const at = fc.nat(1_000_000)
  const length = fc.integer({ min: 1, max: 40 })
  const inserted = fc.oneof(
    fc.constantFrom(...words).map((word) => Buffer.from(word, 'latin1')),
    fc.uint8Array({ minLength: 1, maxLength: 6 }),
  )
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at, mask: fc.integer({ min: 1, max: 255 }) }),
    fc.record({ kind: fc.constant('insert' as const), at, bytes: inserted }),
    fc.record({ kind: fc.constant('remove' as const), at, length }),
    fc.record({ kind: fc.constant('repeat' as const), at, length }),
    fc.record({ kind: fc.constant('swap' as const), at, length }),
    fc.record({ kind: fc.constant('cut' as const), at }),
  )
  return fc.array(mutation, { minLength: 1, maxLength })
}

/** The bytes after all of it, in a buffer of their own. */
export function mutate(bytes: Uint8Array, all: readonly Mutation[]): Buffer {
  let result: Buffer = Buffer.from(bytes)
  for (const mutation of all) result = mutateOnce(result, mutation)
  return result
}

function mutateOnce(bytes: Buffer, mutation: Mutation): Buffer {
  const at = mutation.at % (bytes.length + 1)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (mutation.kind) {
    case 'flip': {
      const flipped = Buffer.from(bytes)
      if (at < bytes.length) flipped[at] = (flipped[at] ?? 0) ^ mutation.mask
      return flipped
    }
    case 'insert':
      return Buffer.concat([before, mutation.bytes, after])
    case 'remove':
      return Buffer.concat([before, after.subarray(mutation.length)])
    case 'repeat':
      return Buffer.concat([before, after.subarray(0, mutation.length), after])
    case 'swap': {
      const { length } = mutation
      return Buffer.concat([before, after.subarray(length, 2 * length), after.subarray(0, length), after.subarray(2 * length)])
    }
    case 'cut':
      return Buffer.from(before)
  }
}

/** The bytes in pieces that end at these places. */
export function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
}
