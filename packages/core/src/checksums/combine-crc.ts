import { CRC32C_POLYNOMIAL } from './crc32c.ts'
import { CRC64_NVME_POLYNOMIAL } from './crc64-nvme.ts'
import type { Crc64 } from './crc64-nvme.ts'
import type { CrcAlgorithm } from './checksum-algorithm.ts'

/** The CRC of a piece, big-endian, and how many bytes it is of. */
export interface CrcPiece {
  readonly digest: Uint8Array
  readonly length: number
}

/**
 * The CRC of all pieces one behind the other, from those of each: no byte is read again.
 *
 * A CRC is a remainder of polynomials over GF(2): what stands before n bytes counts times x^(8n). 10,000 pieces take a
 * few milliseconds, less where neighbours have one length. Lengths are exact up to 2^53 - 1.
 */
export function combineCrcs(algorithm: CrcAlgorithm, pieces: readonly CrcPiece[]): Buffer {
  return algorithm === 'CRC64NVME' ? combine(FIELD64, pieces) : combine(algorithm === 'CRC32' ? FIELD32 : FIELD32C, pieces)
}

/** Polynomials modulo the one of a CRC, their bits reflected: the highest stands for x^0. */
interface Field<T> {
  readonly zero: T
  /** x^0: nothing moves. */
  readonly one: T
  /** x^8: one byte further. */
  readonly byte: T
  add(a: T, b: T): T
  multiply(a: T, b: T): T
  read(digest: Uint8Array): T
  write(value: T): Buffer
  /** x^(8 * 2^k) at k, as far as needed until now. */
  readonly powers: T[]
}

function combine<T>(field: Field<T>, pieces: readonly CrcPiece[]): Buffer {
  let sum = field.zero
  let length = -1
  let shift = field.zero
  for (const piece of pieces) {
    // Parts of an upload have one length, but for the last.
    if (piece.length !== length) {
      length = piece.length
      shift = bytesForward(field, length)
    }
    sum = field.add(field.multiply(shift, sum), field.read(piece.digest))
  }
  return field.write(sum)
}

/** x^(8 * length), by squaring: the bits of the length say which powers to multiply. */
function bytesForward<T>(field: Field<T>, length: number): T {
  let product: T | undefined
  let rest = length
  for (let k = 0; rest > 0; k += 1) {
    const power = powerOfTwo(field, k)
    // Not by shifting: lengths have up to 53 bits.
    if (rest % 2 === 1) product = product === undefined ? power : field.multiply(product, power)
    rest = Math.floor(rest / 2)
  }
  return product ?? field.one
}

function powerOfTwo<T>(field: Field<T>, k: number): T {
  const known = field.powers[k]
  if (known !== undefined) return known
  const before = k === 0 ? undefined : powerOfTwo(field, k - 1)
  const power = before === undefined ? field.byte : field.multiply(before, before)
  field.powers[k] = power
  return power
}

function field32(polynomial: number): Field<number> {
  return {
    zero: 0,
    one: 1 << 31,
    byte: 1 << 23,
    powers: [],
    add: (a, b) => a ^ b,
    multiply: (a, b) => {
      let product = 0
      let term = b
      for (let rest = a; rest !== 0; rest <<= 1) {
        // The highest bit of `rest` is its sign.
        if (rest < 0) product ^= term
        term = (term & 1) === 1 ? (term >>> 1) ^ polynomial : term >>> 1
      }
      return product
    },
    read: (digest) => bufferOf(digest).readInt32BE(),
    write: (value) => {
      const digest = Buffer.allocUnsafe(4)
      digest.writeInt32BE(value)
      return digest
    },
  }
}

const FIELD32 = field32(0xedb88320)
const FIELD32C = field32(CRC32C_POLYNOMIAL)

const FIELD64: Field<Crc64> = {
  zero: { high: 0, low: 0 },
  one: { high: 1 << 31, low: 0 },
  byte: { high: 1 << 23, low: 0 },
  powers: [],
  add: (a, b) => ({ high: a.high ^ b.high, low: a.low ^ b.low }),
  multiply: (a, b) => {
    const product = { high: 0, low: 0 }
    let { high, low } = b
    for (let bit = 63; bit >= 0; bit -= 1) {
      const word = bit > 31 ? a.high : a.low
      if (((word >>> (bit & 31)) & 1) === 1) {
        product.high ^= high
        product.low ^= low
      }
      const odd = (low & 1) === 1
      low = (low >>> 1) | (high << 31)
      high >>>= 1
      if (odd) {
        high ^= CRC64_NVME_POLYNOMIAL.high
        low ^= CRC64_NVME_POLYNOMIAL.low
      }
    }
    return product
  },
  read: (digest) => ({ high: bufferOf(digest).readInt32BE(0), low: bufferOf(digest).readInt32BE(4) }),
  write: (value) => {
    const digest = Buffer.allocUnsafe(8)
    digest.writeInt32BE(value.high, 0)
    digest.writeInt32BE(value.low, 4)
    return digest
  },
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
