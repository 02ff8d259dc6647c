const MIB = 1024 * 1024

/** How far a stream over many extents opens them ahead of what it delivers. */
export interface ReadAhead {
  /** Streams of one read that are open at once, the one that is delivered included. */
  readonly openMax: number
  /** An extent is opened when so many bytes, at the most, stand before it that are still to be delivered. */
  readonly bytesMax: number
}

/**
 * Of every read. 16 MiB are 130 ms at a gigabit a second: what a store needs to answer is over before its extent's turn
 * comes. No more than that, because a store closes an answer that nobody reads for long.
 *
 * Memory: beside the stream that is delivered only the next one reads, up to its own high-water mark; the others have been
 * answered, and what has come of them lies in their sockets.
 */
export const READ_AHEAD: ReadAhead = Object.freeze({ openMax: 4, bytesMax: 16 * MIB })

/** Where a read stands. */
export interface ReadPosition {
  /** Extents that are delivered to their end. */
  readonly extentsDone: number
  /** Extents that are open ahead of the one that is delivered. */
  readonly opened: number
  /** Bytes that are still to be delivered before the extent in question. */
  readonly bytesBefore: number
}

/**
 * Whether the next extent is to be opened now. A read begins with one ahead, and goes further with every extent that it has
 * delivered: whoever looks at the beginning only does not make the store open four.
 */
export function opensAhead({ openMax, bytesMax }: ReadAhead, { extentsDone, opened, bytesBefore }: ReadPosition): boolean {
  return opened < Math.min(openMax - 1, extentsDone + 1) && bytesBefore <= bytesMax
}
