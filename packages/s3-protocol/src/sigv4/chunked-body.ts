import type { ByteSource } from '@stowage/core'
import type { ChunkDecoder } from './chunk-decoder.ts'

/** What came in one piece, and how many of the chunks that were cut out of it are still with the reader. */
interface Piece {
  readonly bytes: Uint8Array
  left: number
}

/**
 * The data of an aws-chunked body, to be read once. The loop fails where the framing, a signature, the length or a
 * trailer is wrong, at the latest at its end: whoever reads it commits nothing before the loop is over.
 */
export class ChunkedBody implements ByteSource {
  readonly #source: ByteSource
  readonly #decoder: ChunkDecoder
  #trailers: ReadonlyMap<string, string> | null = null
  /** Weak: what is never given back must not stay here. */
  readonly #pieces = new WeakMap<Uint8Array, Piece>()

  constructor(source: ByteSource, decoder: ChunkDecoder) {
    this.#source = source
    this.#decoder = decoder
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const bytes of this.#source) yield* this.#chunksOf(bytes)
    this.#trailers = this.#decoder.finish()
  }

  /** A piece goes back to its source once all chunks that were cut out of it have come back. */
  releaseChunk(chunk: Uint8Array): void {
    const piece = this.#pieces.get(chunk)
    if (piece === undefined) return
    this.#pieces.delete(chunk)
    piece.left -= 1
    if (piece.left === 0) this.#source.releaseChunk?.(piece.bytes)
  }

  #chunksOf(bytes: Uint8Array): readonly Uint8Array[] {
    const chunks = this.#decoder.decode(bytes)
    if (this.#source.releaseChunk === undefined) return chunks
    const piece: Piece = { bytes, left: chunks.length }
    for (const chunk of chunks) this.#pieces.set(chunk, piece)
    if (chunks.length === 0) this.#source.releaseChunk(bytes)
    return chunks
  }

  /** The trailers by lower-case name. Before the loop is over they are not known, and asking is a mistake of ours. */
  get trailers(): ReadonlyMap<string, string> {
    if (this.#trailers === null) throw new Error('The trailers of a body are known when all of it was read.')
    return this.#trailers
  }
}
