import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { crc32Of } from './part-digests.ts'

/** Bytes that go up in one request, and what is known of them. */
export interface Part {
  readonly bytes: Buffer
  readonly crc32: number
  /** In hexadecimal; null where nobody needs it. */
  readonly sha256: string | null
}

/** How far copying may run ahead of the digests, in bytes: what is in the cache is not fetched twice. */
const STRIDE = 128 * 1024

/** A part that is being collected. Its digests are made meanwhile. */
export class FillingPart {
  /** What it is collected in: to be used again when the part has arrived. */
  readonly buffer: Buffer
  readonly #size: number
  readonly #sha256: Hash | null
  #filled = 0
  #digested = 0
  #crc32 = 0

  constructor(buffer: Buffer, { size, withSha256 }: { readonly size: number; readonly withSha256: boolean }) {
    this.buffer = buffer
    this.#size = size
    this.#sha256 = withSha256 ? createHash('sha256') : null
  }

  /** Whether nothing more fits in. */
  get isFull(): boolean {
    return this.#filled === this.#size
  }

  /** Copies as much of the chunk, from there on, as fits in; gives how many bytes that were. */
  take(chunk: Uint8Array, from: number): number {
    const end = Math.min(chunk.length, from + this.#size - this.#filled)
    for (let at = from; at < end; at += STRIDE) {
      const piece = chunk.subarray(at, Math.min(end, at + STRIDE))
      // Not `set`: out of shared memory, where hashed bodies lie, that takes twice as long.
      Buffer.prototype.copy.call(piece, this.buffer, this.#filled)
      this.#filled += piece.length
      if (this.#filled - this.#digested >= STRIDE) this.#digest()
    }
    return end - from
  }

  /** What it has come to. Nothing is added afterwards. */
  seal(): Part {
    this.#digest()
    return { bytes: this.buffer.subarray(0, this.#filled), crc32: this.#crc32, sha256: this.#sha256?.digest('hex') ?? null }
  }

  #digest(): void {
    const bytes = this.buffer.subarray(this.#digested, this.#filled)
    this.#crc32 = crc32Of(bytes, this.#crc32)
    this.#sha256?.update(bytes)
    this.#digested = this.#filled
  }
}
