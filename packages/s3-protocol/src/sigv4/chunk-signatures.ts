import { hash } from 'node:crypto'
import { S3Error } from '../s3-error.ts'
import { signatureMatches } from './signing-key.ts'
import type { SigningKey } from './signing-key.ts'

/** Where the chain of chunk signatures begins: the verified signature of the request. */
export interface ChunkSeed {
  readonly key: SigningKey
  readonly amzDate: string
  readonly scope: string
  readonly signature: string
}

const EMPTY_SHA256 = hash('sha256', '')

/** The chain of signatures of a signed aws-chunked body: each one signs its chunk and the signature before it. */
export class ChunkSignatures {
  readonly #seed: ChunkSeed
  #previous: string

  constructor(seed: ChunkSeed) {
    this.#seed = seed
    this.#previous = seed.signature
  }

  /** Holds the signature of a chunk against the SHA-256 of its bytes (AWS: sigv4-streaming). */
  verifyChunk(sha256: string, given: string): void {
    this.#verify(`AWS4-HMAC-SHA256-PAYLOAD\n${this.#head()}${EMPTY_SHA256}\n${sha256}`, given)
  }

  /**
   * Holds the signature of the trailers against their canonical text (AWS: sigv4-streaming-trailers).
   *
   * The algorithm line is that of a trailer: the page's own example was once computed with that of a chunk, and is wrong.
   */
  verifyTrailer(canonicalTrailers: Uint8Array, given: string): void {
    this.#verify(`AWS4-HMAC-SHA256-TRAILER\n${this.#head()}${hash('sha256', canonicalTrailers)}`, given)
  }

  #head(): string {
    return `${this.#seed.amzDate}\n${this.#seed.scope}\n${this.#previous}\n`
  }

  #verify(stringToSign: string, given: string): void {
    if (!signatureMatches(this.#seed.key.sign(stringToSign), given)) {
      throw new S3Error('SignatureDoesNotMatch', 'The signature of a chunk of the body does not match its content.')
    }
    this.#previous = given
  }
}
