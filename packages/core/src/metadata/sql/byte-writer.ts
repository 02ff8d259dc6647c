const HIGH_BIT = 0x80
const LOW_BITS = 0x7f
/** Numbers from here on do not survive `|` and `>>>`. */
const UINT32 = 2 ** 32

/** Appends to a buffer that grows: bytes, little-endian 32-bit numbers, varints up to 2^53, texts with their length. */
export class ByteWriter {
  #buffer: Buffer
  #at = 0

  constructor(sizeGuess: number) {
    this.#buffer = Buffer.allocUnsafe(sizeGuess)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#at] = value
    this.#at += 1
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#at = this.#buffer.writeUInt32LE(value, this.#at)
  }

  varint(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= UINT32) {
      this.#buffer[this.#at++] = (rest % HIGH_BIT) | HIGH_BIT
      rest = Math.floor(rest / HIGH_BIT)
    }
    while (rest > LOW_BITS) {
      this.#buffer[this.#at++] = (rest & LOW_BITS) | HIGH_BIT
      rest >>>= 7
    }
    this.#buffer[this.#at++] = rest
  }

  bytes(bytes: Uint8Array): void {
    this.varint(bytes.byteLength)
    this.#reserve(bytes.byteLength)
    this.#buffer.set(bytes, this.#at)
    this.#at += bytes.byteLength
  }

  text(text: string): void {
    this.bytes(Buffer.from(text, 'utf8'))
  }

  /** Text of ASCII characters only, from position `from` on. */
  ascii(text: string, from: number): void {
    this.varint(text.length - from)
    this.#reserve(text.length - from)
    for (let i = from; i < text.length; i += 1) this.#buffer[this.#at++] = text.charCodeAt(i)
  }

  /** What was written, as a view: the writer is not to be used afterwards. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#at)
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#buffer.byteLength) return
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.byteLength * 2, this.#at + size))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}
