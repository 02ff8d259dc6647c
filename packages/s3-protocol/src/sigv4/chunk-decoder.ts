import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { S3Error } from '../s3-error.ts'
import { ChunkSignatures } from './chunk-signatures.ts'
import type { ChunkSeed } from './chunk-signatures.ts'
import { TRAILERS_SIZE_MAX, TrailerSection } from './trailer-section.ts'

/** The longest line before a chunk. Bytes. */
const CHUNK_LINE_SIZE_MAX = 4096

/** What a body in aws-chunked framing is held against. */
export interface ChunkDecoderOptions {
  /** Where the signatures of the chunks begin; null for unsigned chunks. */
  readonly seed: ChunkSeed | null
  /** `x-amz-decoded-content-length`: how many bytes the chunks must add up to. */
  readonly decodedLength: number
  /** Whether trailers follow the last chunk. */
  readonly hasTrailer: boolean
  /** The names that `x-amz-trailer` announced, in lower case. */
  readonly trailerNames: ReadonlySet<string>
  /** The largest chunk that is taken. Bytes. Default 2^32 - 1, the most that the eight digits of a size can say. */
  readonly chunkSizeMax?: number
}

type State = 'chunk-line' | 'data' | 'data-end' | 'trailer-line' | 'last-line' | 'blank-line' | 'done'

const LINE_FEED = 0x0a

/**
 * Decodes aws-chunked bodies, signed or not, fed in pieces of any size (AWS: sigv4-streaming, sigv4-streaming-trailers).
 *
 * Promises: data comes out as views of what came in, never copied; a chunk's signature is verified before anything behind that
 * chunk is looked at; `finish` succeeds only when every signature, the length and the trailers were right. What came out
 * before a failure must not be kept: commit only after `finish`.
 */
export class ChunkDecoder {
  readonly #options: Required<ChunkDecoderOptions>
  readonly #signatures: ChunkSignatures | null
  readonly #trailerSection: TrailerSection
  #state: State = 'chunk-line'
  /** The beginning of a line that came in pieces. */
  #line = ''
  #chunkLeft = 0
  #chunkSignature = ''
  #hash: Hash | null = null
  #decoded = 0
  #trailers: ReadonlyMap<string, string> = new Map()

  constructor(options: ChunkDecoderOptions) {
    this.#options = { ...options, chunkSizeMax: options.chunkSizeMax ?? 0xffff_ffff }
    this.#signatures = options.seed === null ? null : new ChunkSignatures(options.seed)
    this.#trailerSection = new TrailerSection(options.trailerNames, options.seed !== null)
  }

  /** Takes the next piece and gives back the data in it. Fails with an `S3Error`. */
  decode(piece: Uint8Array): Uint8Array[] {
    const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    const data: Uint8Array[] = []
    let offset = 0
    while (offset < bytes.length) {
      if (this.#state === 'data') {
        const view = bytes.subarray(offset, offset + this.#chunkLeft)
        offset += view.length
        data.push(view)
        this.#takeData(view)
      } else offset = this.#takeLine(bytes, offset)
    }
    return data
  }

  /** Says that the body has ended. Fails where it ended too early; gives back the trailers. */
  finish(): ReadonlyMap<string, string> {
    // What was begun of a line that may be left out must be that line.
    if (this.#line !== '' || (this.#state !== 'done' && this.#state !== 'blank-line')) {
      throw new S3Error('IncompleteBody', 'The request body terminated unexpectedly.')
    }
    return this.#trailers
  }

  #takeData(view: Uint8Array): void {
    this.#hash?.update(view)
    this.#chunkLeft -= view.length
    if (this.#chunkLeft > 0) return
    this.#verifyChunk()
    this.#state = 'data-end'
  }

  #takeLine(bytes: Buffer, offset: number): number {
    if (this.#state === 'done') throw malformed('something follows its end')
    const end = bytes.indexOf(LINE_FEED, offset)
    const stop = end < 0 ? bytes.length : end
    const sizeMax = this.#state === 'trailer-line' ? TRAILERS_SIZE_MAX : CHUNK_LINE_SIZE_MAX
    if (this.#line.length + stop - offset > sizeMax) throw malformed(`a line is longer than ${sizeMax} bytes`)
    const text = bytes.toString('latin1', offset, stop)
    this.#line = this.#line === '' ? text : this.#line + text
    if (end < 0) return stop
    const line = this.#line
    this.#line = ''
    this.#endLine(line)
    return end + 1
  }

  #endLine(line: string): void {
    if (this.#state === 'trailer-line') {
      if (this.#trailerSection.line(line)) this.#endTrailers()
      return
    }
    if (!line.endsWith('\r')) throw malformed('a line does not end in CRLF')
    if (this.#state === 'chunk-line') this.#beginChunk(line.slice(0, -1))
    else if (line !== '\r') throw malformed('a chunk is longer than it said')
    else this.#state = this.#state === 'data-end' ? 'chunk-line' : 'done'
  }

  #beginChunk(line: string): void {
    const match = (this.#signatures === null ? /^([0-9a-fA-F]{1,8})$/ : /^([0-9a-fA-F]{1,8});chunk-signature=([0-9a-f]{64})$/).exec(line)
    if (match === null) throw malformed('the line before a chunk cannot be read')
    const size = Number.parseInt(match[1] ?? '', 16)
    const { chunkSizeMax, decodedLength } = this.#options
    if (size > chunkSizeMax) throw malformed(`a chunk is larger than ${chunkSizeMax} bytes`)
    // Here and not at the end: whoever sends more than was said is stopped at once.
    if (size > decodedLength - this.#decoded) throw wrongLength()
    this.#decoded += size
    this.#chunkLeft = size
    this.#chunkSignature = match[2] ?? ''
    this.#hash = this.#signatures === null ? null : createHash('sha256')
    if (size > 0) this.#state = 'data'
    else this.#endChunks()
  }

  #verifyChunk(): void {
    if (this.#hash !== null) this.#signatures?.verifyChunk(this.#hash.digest('hex'), this.#chunkSignature)
    this.#hash = null
  }

  #endChunks(): void {
    this.#verifyChunk()
    if (this.#decoded !== this.#options.decodedLength) throw wrongLength()
    this.#state = this.#options.hasTrailer ? 'trailer-line' : 'last-line'
  }

  #endTrailers(): void {
    const { trailers, canonical, signature } = this.#trailerSection.finish()
    if (this.#signatures !== null) this.#signatures.verifyTrailer(canonical, signature ?? '')
    this.#trailers = trailers
    this.#state = this.#trailerSection.mayHaveBlankLineAfter ? 'blank-line' : 'done'
  }
}

function malformed(reason: string): S3Error {
  return new S3Error('InvalidRequest', `The body is not well-formed aws-chunked: ${reason}.`)
}

function wrongLength(): S3Error {
  return new S3Error('IncompleteBody', 'The body is not as long as x-amz-decoded-content-length says.')
}
