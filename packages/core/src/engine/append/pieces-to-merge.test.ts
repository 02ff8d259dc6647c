import { describe, expect, test } from 'vitest'
import { piecesToMerge } from './pieces-to-merge.ts'

/** Appends pieces as the writer does: pieces merge, and a tail that would pass `tailSizeMax` goes into a blob. */
function simulate(sizes: Iterable<number>, tailSizeMax: number): { rowsMax: number; written: number; blobs: number; bytes: number } {
  const tail: number[] = []
  const result = { rowsMax: 0, written: 0, blobs: 0, bytes: 0 }
  for (const size of sizes) {
    result.bytes += size
    const total = tail.reduce((sum, length) => sum + length, size)
    if (total > tailSizeMax) {
      tail.length = 0
      result.written += total
      result.blobs += 1
      continue
    }
    const merged = piecesToMerge(tail, size)
    const piece = tail.splice(tail.length - merged).reduce((sum, length) => sum + length, size)
    tail.push(piece)
    result.written += piece
    result.rowsMax = Math.max(result.rowsMax, tail.length)
  }
  return result
}

function* repeat(size: number, times: number): Generator<number> {
  for (let i = 0; i < times; i += 1) yield size
}

const KIB = 1024

describe('piecesToMerge', () => {
  test('1 MiB in steps of 3 bytes: 349,526 appends keep 50 rows at the most and write each byte four to five times', () => {
    const { rowsMax, written, blobs, bytes } = simulate(repeat(3, 349_526), 64 * KIB)
    expect(bytes).toBe(1_048_578)
    expect(rowsMax).toBeLessThanOrEqual(50)
    expect(written / bytes).toBeGreaterThan(1)
    expect(written / bytes).toBeLessThan(5)
    expect(blobs).toBe(15)
  })

  test.each([1, 2, 5, 17, 100, 1_000, 5_000, 60_000])('rows are bounded for appends of %i bytes', (size) => {
    const { rowsMax, written, bytes } = simulate(repeat(size, 20_000), 64 * KIB)
    expect(rowsMax).toBeLessThanOrEqual(75)
    expect(written / bytes).toBeLessThan(6)
  })

  test('rows are bounded for sizes that come in the worst order', () => {
    const sizes = Array.from({ length: 30_000 }, (_, i) => [4_096, 256, 16, 1][Math.floor(i / 15) % 4] ?? 1)
    expect(simulate(sizes, 1024 * KIB).rowsMax).toBeLessThanOrEqual(90)
    const mixed = Array.from({ length: 30_000 }, (_, i) => 1 + (Math.imul(i, 2_654_435_761) >>> 18))
    expect(simulate(mixed, 64 * KIB).rowsMax).toBeLessThanOrEqual(75)
  })

  test('merges nothing before there are sixteen', () => {
    expect(piecesToMerge([], 3)).toBe(0)
    expect(
      piecesToMerge(
        Array.from({ length: 14 }, () => 3),
        3,
      ),
    ).toBe(0)
    expect(
      piecesToMerge(
        Array.from({ length: 15 }, () => 3),
        3,
      ),
    ).toBe(15)
    // What stands higher stays.
    expect(piecesToMerge([700, ...Array.from({ length: 15 }, () => 3)], 3)).toBe(15)
    // A large one takes sixteen lower ones with it.
    expect(
      piecesToMerge(
        Array.from({ length: 15 }, () => 3),
        700,
      ),
    ).toBe(15)
  })
})
