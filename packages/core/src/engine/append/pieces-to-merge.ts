/** So many pieces of about one size become one: each byte is written once more for each power of this. */
const FAN_OUT = 16
const FAN_OUT_BITS = 4

/**
 * How many of the last inline pieces of an append upload a new piece of `size` bytes is merged with. `lengths` are those
 * of the pieces, oldest first, in bytes; each at least 1.
 *
 * Pieces stand on levels, each 16 times as long as the one before, and 16 pieces that are not above the newest become
 * one. So up to 64 KiB there are never more than 75 pieces, and each byte is rewritten about four times, however small
 * the appends are; merging at each append would write the whole tail each time.
 */
export function piecesToMerge(lengths: readonly number[], size: number): number {
  let merged = 0
  let mergedSize = size
  for (;;) {
    const level = levelOf(mergedSize)
    let count = merged
    let total = mergedSize
    for (let length = lengths.at(-1 - count); length !== undefined && levelOf(length) <= level; length = lengths.at(-1 - count)) {
      total += length
      count += 1
    }
    if (count - merged + 1 < FAN_OUT) return merged
    merged = count
    mergedSize = total
  }
}

/** The power of 16 that a length reaches. Lengths are far below 2^32: pieces are inline. */
function levelOf(length: number): number {
  return Math.floor((31 - Math.clz32(length)) / FAN_OUT_BITS)
}
