/**
 * Compares by UTF-8 bytes, which is by code points: the order of keys everywhere. The order of JavaScript's `<` is
 * another one above U+FFFF, whose UTF-16 surrogates are smaller than U+E000.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at)
    const right = b.charCodeAt(at)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** Moves surrogates behind U+FFFF, keeping the order of both groups. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}
