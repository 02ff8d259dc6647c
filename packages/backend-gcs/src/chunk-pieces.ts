import { CHUNK_UNIT } from './options.ts'

/**
 * Memory of chunks that have arrived, in pieces of 256 KiB, kept for the puts to come: what is allocated anew for each of them is left to
 * the runtime's collector, on top of what they hold. Keeps `keptMax` pieces.
 */
export class ChunkPieces {
  readonly #keptMax: number
  readonly #free: Buffer[] = []

  constructor(keptMax: number) {
    this.#keptMax = keptMax
  }

  /** A piece, with anything in it. */
  take(): Buffer {
    // Of its own, not of the shared pool: it lives as long as the upload.
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_UNIT)
  }

  /** Nobody reads them, or writes to them, any more. */
  giveBack(pieces: readonly Buffer[]): void {
    this.#free.push(...pieces.slice(0, this.#keptMax - this.#free.length))
  }
}
