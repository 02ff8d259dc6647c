import { assert } from '../../util/assert.ts'

/** Reads what `ByteWriter` wrote. Reading past the end is an `AssertionError`: the row is damaged. */
export class ByteReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get atEnd(): boolean {
    return this.#at === this.#buffer.byteLength
  }

  byte(): number {
    const value = this.#buffer[this.#at]
    assert(value !== undefined, 'the packed extents end too early')
    this.#at += 1
    return value
  }

  uint32(): number {
    const at = this.#skip(4)
    return this.#buffer.readUInt32LE(at)
  }

  varint(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 0x80
    }
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const size = this.varint()
    const at = this.#skip(size)
    return this.#buffer.subarray(at, at + size)
  }

  text(): string {
    const size = this.varint()
    const at = this.#skip(size)
    return this.#buffer.toString('utf8', at, at + size)
  }

  /** Text of ASCII characters only. */
  ascii(): string {
    const size = this.varint()
    const at = this.#skip(size)
    return this.#buffer.toString('latin1', at, at + size)
  }

  /** Moves on, and gives back where it was. */
  #skip(size: number): number {
    const at = this.#at
    this.#at += size
    assert(this.#at <= this.#buffer.byteLength, 'the packed extents end too early')
    return at
  }
}
