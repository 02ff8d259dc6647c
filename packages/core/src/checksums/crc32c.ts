import { createRequire } from 'node:module'
import { endianness } from 'node:os'

/** The reflected polynomial of CRC-32C (Castagnoli), RFC 3720 appendix B.4. */
export const CRC32C_POLYNOMIAL = 0x82f63b78

const LANES = 16

/** Words are read in the machine's order. Of the machines Node.js is built for only s390x is another; it goes byte by byte. */
const LITTLE_ENDIAN = endianness() === 'LE'

/** Sixteen tables of 256, one behind the other: the CRC of a byte followed by n zero bytes. Made at first use: importing costs nothing. */
let tables: Int32Array | undefined

function makeTables(): Int32Array {
  const made = new Int32Array(LANES * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let value = byte
    for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ CRC32C_POLYNOMIAL : value >>> 1
    made[byte] = value
  }
  for (let at = 256; at < made.length; at += 1) {
    const before = at32(made, at - 256)
    made[at] = (before >>> 8) ^ at32(made, before & 255)
  }
  return made
}

/** An index that is known to lie inside; the compiler drops the test together with the bounds check. */
function at32(table: Int32Array, index: number): number {
  return table[index] ?? 0
}

type Crc32c = (bytes: Uint8Array, value?: number) => number

let native: Crc32c | null | undefined

/** The library's, where it has a binary for this platform; null where it has none. Loaded at first use: importing costs nothing. */
function loadNative(): Crc32c | null {
  try {
    // CRC-32C runs over every byte that comes in: the processor's own instruction costs a third of what JS does.
    const library: unknown = createRequire(import.meta.url)('@node-rs/crc32')
    const isLibrary = typeof library === 'object' && library !== null && 'crc32c' in library && typeof library.crc32c === 'function'
    return isLibrary ? (library.crc32c as Crc32c) : null
  } catch {
    return null
  }
}

/** The CRC-32C of the bytes, or, given the value of what came before, of both together: the shape of `zlib.crc32`. */
export function crc32c(bytes: Uint8Array, value: number = 0): number {
  if (native === undefined) native = loadNative()
  return native === null ? crc32cInJs(bytes, value) : native(bytes, value)
}

/** `crc32c` for platforms without a binary: slicing by 16 (Kounavis and Berry), reading whole words, as fast as WebAssembly. */
export function crc32cInJs(bytes: Uint8Array, value: number = 0): number {
  tables ??= makeTables()
  // Also where the bytes end before the first word begins.
  if (bytes.length < LANES) return ~bytewise(tables, bytes, ~value) >>> 0
  const head = Math.min(-bytes.byteOffset & 3, bytes.length)
  let crc = bytewise(tables, bytes.subarray(0, head), ~value)
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + head, LITTLE_ENDIAN ? (bytes.length - head) >>> 2 : 0)
  const whole = words.length - (words.length % 4)
  crc = wordwise(tables, words.subarray(0, whole), crc)
  return ~bytewise(tables, bytes.subarray(head + whole * 4), crc) >>> 0
}

function bytewise(t: Int32Array, bytes: Uint8Array, start: number): number {
  let crc = start
  for (const byte of bytes) crc = (crc >>> 8) ^ at32(t, (crc ^ byte) & 255)
  return crc
}

function wordwise(t: Int32Array, words: Int32Array, start: number): number {
  let crc = start
  for (let at = 0; at < words.length; at += 4) {
    const a = at32(words, at) ^ crc
    const b = at32(words, at + 1)
    const c = at32(words, at + 2)
    const d = at32(words, at + 3)
    crc =
      at32(t, 3840 + (a & 255)) ^
      at32(t, 3584 + ((a >>> 8) & 255)) ^
      at32(t, 3328 + ((a >>> 16) & 255)) ^
      at32(t, 3072 + (a >>> 24)) ^
      at32(t, 2816 + (b & 255)) ^
      at32(t, 2560 + ((b >>> 8) & 255)) ^
      at32(t, 2304 + ((b >>> 16) & 255)) ^
      at32(t, 2048 + (b >>> 24)) ^
      at32(t, 1792 + (c & 255)) ^
      at32(t, 1536 + ((c >>> 8) & 255)) ^
      at32(t, 1280 + ((c >>> 16) & 255)) ^
      at32(t, 1024 + (c >>> 24)) ^
      at32(t, 768 + (d & 255)) ^
      at32(t, 512 + ((d >>> 8) & 255)) ^
      at32(t, 256 + ((d >>> 16) & 255)) ^
      at32(t, d >>> 24)
  }
  return crc
}
