import { randomFillSync } from 'node:crypto'
import { systemClock } from './clock.ts'
import type { Clock } from './clock.ts'

/** Makes names that nobody has made before. Tests hand in their own. */
export interface Ids {
  /** A UUID of version 7 (RFC 9562 section 5.7): sorts by the time it was made, to the millisecond and mostly within it. */
  uuid(): string
  /**
   * The last segment of a blob key: 32 of `[0-9a-f]`, the UUID without its hyphens. It begins with the time and ends
   * with 62 random bits, so a backend may fan out on the last characters.
   */
  blobName(): string
}

/** What ids are made of; tests set both. */
export interface IdsOptions {
  /** Where the time in an id comes from. Default: the system's clock. */
  readonly clock?: Clock
  /** Fills the bytes with randomness. Default: the system's, of cryptographic quality. */
  readonly fill?: (bytes: Uint8Array) => void
}

/** Randomness is fetched for this many ids at once: one by one it would cost more than all the rest. */
const POOL_IDS = 256
const BYTES_PER_ID = 8
/** `rand_a` of a UUIDv7 has 12 bits; it counts within a millisecond. */
const COUNTER_MAX = 0xfff

/** Ids that sort by time. Unguessable enough to be unique, not to be a secret: 62 bits of each are random. */
export function createIds(options: IdsOptions = {}): Ids {
  const { clock = systemClock, fill = randomFillSync } = options
  const pool = Buffer.alloc(POOL_IDS * BYTES_PER_ID)
  let used = pool.length
  let last = 0
  let counter = 0

  const next = (): string => {
    const now = clock().getTime()
    if (now > last) {
      last = now
      counter = 0
    } else if (counter < COUNTER_MAX) counter += 1
    else {
      // More than 4,096 in a millisecond, or a clock that went back: borrow from the future rather than lose the order.
      last += 1
      counter = 0
    }
    if (used === pool.length) {
      fill(pool)
      used = 0
    }
    const variant = ((pool[used] ?? 0) & 0x3f) | 0x80
    const random = variant.toString(16) + pool.toString('hex', used + 1, used + BYTES_PER_ID)
    used += BYTES_PER_ID
    return last.toString(16).padStart(12, '0') + (0x7000 | counter).toString(16) + random
  }

  return {
    uuid: () => {
      const hex = next()
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
    },
    blobName: next,
  }
}
