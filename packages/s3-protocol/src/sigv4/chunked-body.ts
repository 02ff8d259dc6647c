import type { ChunkDecoder } from './chunk-decoder.ts'

/**
 * The data of an aws-chunked body, to be read once. The loop fails where the framing, a signature, the length or a
 * trailer is wrong, at the latest at its end: whoever reads it commits nothing before the loop is over.
 */
export class ChunkedBody implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterable<Uint8Array>
  readonly #decoder: ChunkDecoder
  #trailers: ReadonlyMap<string, string> | null = null

  constructor(source: AsyncIterable<Uint8Array>, decoder: ChunkDecoder) {
    this.#source = source
    this.#decoder = decoder
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of this.#source) yield* this.#decoder.decode(piece)
    this.#trailers = this.#decoder.finish()
  }

  /** The trailers by lower-case name. Before the loop is over they are not known, and asking is a mistake of ours. */
  get trailers(): ReadonlyMap<string, string> {
    if (this.#trailers === null) throw new Error('The trailers of a body are known when all of it was read.')
    return this.#trailers
  }
}
