import { crc32c } from '../../checksums/crc32c.ts'
import type { AppendHashes } from './append-hashes.ts'
import type { BodyReader } from './body-reader.ts'

/** What one blob of an append upload is made of. */
export interface BlobBodyParts {
  /** Bytes that are durable already, inline, and hashed. */
  readonly tail: Uint8Array
  /** What was read before it was clear that a blob is needed. */
  readonly head: readonly Uint8Array[]
  readonly reader: BodyReader
  /** In bytes, tail and head included. */
  readonly sizeMax: number
  readonly hashes: AppendHashes
}

/** The body of one blob of an append upload: ends when the blob is full, and when what it is read from ends or breaks off. */
export class BlobBody {
  readonly #parts: BlobBodyParts
  #size = 0
  #crc = 0

  constructor(parts: BlobBodyParts) {
    this.#parts = parts
  }

  /** How many bytes went by. */
  get size(): number {
    return this.#size
  }

  /** Their CRC-32C. */
  get crc(): number {
    return this.#crc
  }

  /** Read once, to the end. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    const { tail, head, reader, sizeMax, hashes } = this.#parts
    if (tail.length > 0) yield this.#count(tail)
    for (const bytes of head) {
      hashes.update(bytes)
      yield this.#count(bytes)
    }
    while (this.#size < sizeMax) {
      const bytes = await reader.read(sizeMax - this.#size)
      if (bytes === null) return
      hashes.update(bytes)
      yield this.#count(bytes)
    }
  }

  #count(bytes: Uint8Array): Uint8Array {
    this.#size += bytes.length
    this.#crc = crc32c(bytes, this.#crc)
    return bytes
  }
}
