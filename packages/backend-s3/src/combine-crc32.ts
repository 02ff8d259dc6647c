/** The polynomial of CRC-32 (ISO 3309), the coefficient of the highest power in the lowest bit, as all of these. */
const POLYNOMIAL = 0xed_b8_83_20
/** The polynomials 1 and x^8, the latter being what one more byte multiplies by. */
const ONE = 0x80_00_00_00
const ONE_BYTE = 0x00_80_00_00

/** CRC-32 of two stretches of bytes in a row, of their own sums and the length of the second, in bytes. */
export function combineCrc32(first: number, second: number, secondLength: number): number {
  return (multiply(first, powerOf(secondLength)) ^ second) >>> 0
}

/** x^(8n) modulo the polynomial. */
function powerOf(bytes: number): number {
  let power = ONE
  let square = ONE_BYTE
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = multiply(power, square)
    square = multiply(square, square)
  }
  return power
}

/** The product of two polynomials, modulo that of CRC-32. */
function multiply(one: number, other: number): number {
  let product = 0
  let shifted = other
  for (let bit = 31; bit >= 0; bit -= 1) {
    if (((one >>> bit) & 1) === 1) product ^= shifted
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1
  }
  return product >>> 0
}
