import type { ChunkPieces } from './chunk-pieces.ts'
import { CHUNK_UNIT } from './options.ts'

/**
 * Collects bytes up to a size, in pieces of 256 KiB that are taken as they are needed: a small blob takes little, and what is held
 * is exactly what came. The memory is used again after `clear`.
 */
export class ChunkBuffer {
  readonly #size: number
  readonly #memory: ChunkPieces
  readonly #pieces: Buffer[] = []
  #length = 0

  /** The size is a multiple of 256 KiB. */
  constructor(size: number, memory: ChunkPieces) {
    this.#size = size
    this.#memory = memory
  }

  get isFull(): boolean {
    return this.#length === this.#size
  }

  /** Copies as much of the bytes as fits, and says how much that was. */
  add(bytes: Uint8Array): number {
    const wanted = Math.min(bytes.length, this.#size - this.#length)
    let taken = 0
    while (taken < wanted) {
      const at = this.#length % CHUNK_UNIT
      const index = (this.#length - at) / CHUNK_UNIT
      const piece = (this.#pieces[index] ??= this.#memory.take())
      const count = Math.min(wanted - taken, CHUNK_UNIT - at)
      // Not `set`: out of shared memory, where hashed bodies lie, that takes twice as long.
      Buffer.prototype.copy.call(bytes, piece, at, taken, taken + count)
      taken += count
      this.#length += count
    }
    return taken
  }

  /** What was collected, one behind the other. */
  pieces(): readonly Uint8Array[] {
    const whole = Math.floor(this.#length / CHUNK_UNIT)
    const rest = this.#length % CHUNK_UNIT
    const pieces: Uint8Array[] = this.#pieces.slice(0, whole)
    const last = this.#pieces[whole]
    if (rest > 0 && last !== undefined) pieces.push(last.subarray(0, rest))
    return pieces
  }

  /** Forgets what was collected. */
  clear(): void {
    this.#length = 0
  }

  /** Forgets it, and lets others have its memory: nothing may be reading it any more. */
  giveBack(): void {
    this.clear()
    this.#memory.giveBack(this.#pieces.splice(0))
  }
}
