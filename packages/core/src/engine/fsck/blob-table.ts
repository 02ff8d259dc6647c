import type { BlobRef } from '../../model/extent.ts'

/** 2^53: a hash is a whole number below this. */
export const HASH_END: number = 2 ** 53
const EMPTY = -1
const SIZE_START = 1024

/** What is known of a blob from the rows that name it. */
export interface TableRow {
  /** Where the furthest stretch ends, in stored bytes. */
  readonly end: number
  /** The sum of the marks of its holders: equal sets have equal sums. */
  readonly sum: number
}

/**
 * What rows say of blobs, by a hash of their names: 33 bytes a slot, however long the names are. 53 bits: among a million
 * blobs two share a hash once in 20,000 stores, and then what is found is checked again by name.
 */
export class BlobTable {
  #keys = new Float64Array(SIZE_START).fill(EMPTY)
  #ends = new Float64Array(SIZE_START)
  #sums = new Float64Array(SIZE_START)
  #seen = new Uint8Array(SIZE_START)
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Notes a stretch that ends at `end`, and its holder's mark; 0 where the holder was noted before or holds through others. */
  add(hash: number, end: number, mark: number): void {
    if (this.#count * 2 >= this.#keys.length) this.#resize(this.#keys.length * 2, HASH_END)
    const at = this.#find(hash)
    if (this.#keys[at] === EMPTY) {
      this.#keys[at] = hash
      this.#count += 1
    }
    this.#ends[at] = Math.max(this.#ends[at] ?? 0, end)
    this.#sums[at] = addMarks(this.#sums[at] ?? 0, mark)
  }

  /** What is known of a blob; it counts as seen from now on. */
  see(hash: number): TableRow | null {
    const at = this.#find(hash)
    if (this.#keys[at] === EMPTY) return null
    this.#seen[at] = 1
    return { end: this.#ends[at] ?? 0, sum: this.#sums[at] ?? 0 }
  }

  /** Hashes that nobody has asked for. */
  *unseen(): Generator<number> {
    for (const [at, key] of this.#keys.entries()) if (key !== EMPTY && this.#seen[at] === 0) yield key
  }

  /** Forgets all hashes from `end` on. */
  cut(end: number): void {
    this.#resize(this.#keys.length, end)
  }

  #find(hash: number): number {
    const mask = this.#keys.length - 1
    let at = (hash % 0x7fff_ffff) & mask
    while (this.#keys[at] !== EMPTY && this.#keys[at] !== hash) at = (at + 1) & mask
    return at
  }

  #resize(size: number, end: number): void {
    const [keys, ends, sums] = [this.#keys, this.#ends, this.#sums]
    this.#keys = new Float64Array(size).fill(EMPTY)
    this.#ends = new Float64Array(size)
    this.#sums = new Float64Array(size)
    this.#seen = new Uint8Array(size)
    this.#count = 0
    for (const [from, key] of keys.entries()) {
      if (key === EMPTY || key >= end) continue
      const at = this.#find(key)
      this.#keys[at] = key
      this.#ends[at] = ends[from] ?? 0
      this.#sums[at] = sums[from] ?? 0
      this.#count += 1
    }
  }
}

/** Adds marks, modulo 2^53. */
export function addMarks(a: number, b: number): number {
  // Without ever passing 2^53, where numbers are no longer exact.
  return a >= HASH_END - b ? a - (HASH_END - b) : a + b
}

/** The hash of a blob's name. */
export function hashOf({ backendId, blob }: BlobRef): number {
  return hashText(`${backendId} ${blob}`)
}

/** The mark of a holder: its manifest, or a part of it. Never 0. */
export function markOf(manifestId: number, partNumber: number | null): number {
  return hashText(`${manifestId}/${partNumber ?? 0}`) || 1
}

/** Two multiplicative hashes of 32 bits, mixed; not for anything that must resist somebody. */
function hashText(text: string): number {
  let high = 0x9e37_79b9
  let low = 0x85eb_ca6b
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    high = Math.imul(high ^ unit, 0x9e37_79b1)
    low = Math.imul(low ^ unit, 0x5f35_6495)
  }
  high = mix(high ^ (low >>> 15))
  low = mix(low ^ (high >>> 13))
  return (high >>> 11) * 2 ** 32 + (low >>> 0)
}

function mix(value: number): number {
  const first = Math.imul(value ^ (value >>> 16), 0x21f0_aaad)
  const second = Math.imul(first ^ (first >>> 15), 0x735a_2d97)
  return second ^ (second >>> 15)
}
