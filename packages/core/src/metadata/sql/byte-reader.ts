import { assert } from '../../util/assert.ts'

/** Reads what `ByteWriter` wrote. Reading past the end is an `AssertionError`: the row is damaged. */
export class ByteReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
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
    return this.#take(4).readUInt32LE(0)
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
    return this.#take(this.varint())
  }

  text(): string {
    return this.#take(this.varint()).toString('utf8')
  }

  ascii(): string {
    return this.#take(this.varint()).toString('latin1')
  }

  #take(size: number): Buffer {
    const end = this.#at + size
    assert(end <= this.#buffer.byteLength, 'the packed extents end too early')
    const taken = this.#buffer.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}
