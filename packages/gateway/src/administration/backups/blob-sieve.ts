import type { BlobKey } from '@stowage/core/backend'

/** Of a number that takes a place. */
const BITS = 27

/**
 * A set of blobs in 16 MiB, however many there are: of some that were never put in it says that they may have been, of ten million in it of one in
 * fourteen others.
 */
export class BlobSieve {
  readonly #bits = new Uint8Array(2 ** (BITS - 3))

  add(key: BlobKey): void {
    const place = placeOf(key)
    this.#bits[place >>> 3] = (this.#bits[place >>> 3] ?? 0) | (1 << (place & 7))
  }

  /** False only for what was never put in. */
  mayHave(key: BlobKey): boolean {
    const place = placeOf(key)
    return ((this.#bits[place >>> 3] ?? 0) & (1 << (place & 7))) !== 0
  }
}

/** A multiplicative hash, mixed; not for anything that must resist somebody. */
function placeOf(key: BlobKey): number {
  let hash = 0x811c_9dc5
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x0100_0193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0_aaad)
  return (hash ^ (hash >>> 15)) >>> (32 - BITS)
}
