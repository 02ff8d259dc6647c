import { endianness } from 'node:os'

/** The reflected polynomial of CRC-64/NVME (NVM Express specification, 64b CRC), in two halves. */
export const CRC64_NVME_POLYNOMIAL: Crc64 = { high: 0x9a6c9329 | 0, low: 0xac4bc9b5 | 0 }

/** A value of 64 bits in two signed halves: a BigInt costs an allocation per step. */
export interface Crc64 {
  readonly high: number
  readonly low: number
}

const LANES = 8

/** Words are read in the machine's order. Of the machines Node.js is built for only s390x is another; it goes byte by byte. */
const LITTLE_ENDIAN = endianness() === 'LE'

interface Tables {
  readonly high: Int32Array
  readonly low: Int32Array
}

/** Eight tables of 256, one behind the other, made at first use: importing costs nothing. */
let tables: Tables | undefined

function makeTables(): Tables {
  const high = new Int32Array(LANES * 256)
  const low = new Int32Array(LANES * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let [h, l] = [0, byte]
    for (let bit = 0; bit < 8; bit += 1) {
      const odd = (l & 1) === 1
      l = (l >>> 1) | (h << 31)
      h >>>= 1
      if (odd) [h, l] = [h ^ CRC64_NVME_POLYNOMIAL.high, l ^ CRC64_NVME_POLYNOMIAL.low]
    }
    high[byte] = h
    low[byte] = l
  }
  for (let at = 256; at < high.length; at += 1) {
    const [h, l] = [at32(high, at - 256), at32(low, at - 256)]
    low[at] = ((l >>> 8) | (h << 24)) ^ at32(low, l & 255)
    high[at] = (h >>> 8) ^ at32(high, l & 255)
  }
  return { high, low }
}

/** An index that is known to lie inside; the compiler drops the test together with the bounds check. */
function at32(table: Int32Array, index: number): number {
  return table[index] ?? 0
}

/** A CRC-64/NVME that runs: slicing by 8 over two halves, reading whole words. Its state is its value. */
export class Crc64Nvme {
  #high: number
  #low: number

  /** Goes on from the value of what came before. */
  constructor(value: Crc64 = { high: 0, low: 0 }) {
    this.#high = ~value.high
    this.#low = ~value.low
  }

  get value(): Crc64 {
    return { high: ~this.#high, low: ~this.#low }
  }

  update(bytes: Uint8Array): void {
    // Also where the bytes end before the first word begins.
    if (bytes.length < LANES) {
      this.#bytewise(bytes)
      return
    }
    const head = Math.min(-bytes.byteOffset & 3, bytes.length)
    this.#bytewise(bytes.subarray(0, head))
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + head, LITTLE_ENDIAN ? (bytes.length - head) >>> 2 : 0)
    const whole = words.length - (words.length % 2)
    this.#wordwise(words.subarray(0, whole))
    this.#bytewise(bytes.subarray(head + whole * 4))
  }

  #bytewise(bytes: Uint8Array): void {
    const { high, low } = (tables ??= makeTables())
    for (const byte of bytes) {
      const at = (this.#low ^ byte) & 255
      this.#low = ((this.#low >>> 8) | (this.#high << 24)) ^ at32(low, at)
      this.#high = (this.#high >>> 8) ^ at32(high, at)
    }
  }

  #wordwise(words: Int32Array): void {
    const { high, low } = (tables ??= makeTables())
    let [h, l] = [this.#high, this.#low]
    for (let at = 0; at < words.length; at += 2) {
      const x = at32(words, at) ^ l
      const y = at32(words, at + 1) ^ h
      const a = 1792 + (x & 255)
      const b = 1536 + ((x >>> 8) & 255)
      const c = 1280 + ((x >>> 16) & 255)
      const d = 1024 + (x >>> 24)
      const e = 768 + (y & 255)
      const f = 512 + ((y >>> 8) & 255)
      const g = 256 + ((y >>> 16) & 255)
      const i = y >>> 24
      l = at32(low, a) ^ at32(low, b) ^ at32(low, c) ^ at32(low, d) ^ at32(low, e) ^ at32(low, f) ^ at32(low, g) ^ at32(low, i)
      h = at32(high, a) ^ at32(high, b) ^ at32(high, c) ^ at32(high, d) ^ at32(high, e) ^ at32(high, f) ^ at32(high, g) ^ at32(high, i)
    }
    this.#high = h
    this.#low = l
  }
}
