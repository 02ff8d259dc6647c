import { describe, expect, test } from 'vitest'
import { formatContentRange, formatUnsatisfiedRange, parseRange, resolveRange } from './range.ts'

describe('parseRange', () => {
  test('reads one range', () => {
    expect(parseRange('bytes=0-0')).toEqual({ start: 0, end: 0 })
    expect(parseRange('bytes=0-')).toEqual({ start: 0 })
    expect(parseRange('bytes=5-9')).toEqual({ start: 5, end: 9 })
    expect(parseRange('bytes=-5')).toEqual({ suffix: 5 })
    expect(parseRange('bytes=-0')).toEqual({ suffix: 0 })
    expect(parseRange('BYTES=1-2')).toEqual({ start: 1, end: 2 })
    expect(parseRange('bytes=, 1-2 ,')).toEqual({ start: 1, end: 2 })
  })

  test('ignores what is malformed, of another unit, or several', () => {
    for (const header of [
      '',
      'bytes',
      'bytes=',
      'bytes=-',
      'bytes=a-b',
      'bytes=5',
      'bytes=5-4',
      'bytes=1-2,3-4',
      'bytes=1 -2',
      'bytes= =1-2',
      'items=0-1',
      'bytes=-1-2',
      'bytes=0x1-2',
      'bytes=+1-2',
      'bytes=1.0-2',
      'bytes=1152921504606846976-18014398509481984',
    ]) {
      expect(parseRange(header), header).toBeNull()
    }
  })

  test('positions above 2^53 are past the end, not nonsense', () => {
    const max = Number.MAX_SAFE_INTEGER
    expect(parseRange('bytes=0-99999999999999999999999')).toEqual({ start: 0, end: max })
    expect(parseRange('bytes=99999999999999999999-')).toEqual({ start: max })
    expect(parseRange('bytes=9007199254740993-9007199254740992')).toBeNull()
    expect(parseRange('bytes=-99999999999999999999')).toEqual({ suffix: max })
    expect(parseRange(`bytes=0-${'9'.repeat(400)}`)).toEqual({ start: 0, end: max })
  })
})

test('resolveRange agrees with a slice for every small range', () => {
  for (let size = 0; size <= 4; size++) {
    const bytes = Buffer.from('abcd').subarray(0, size)
    for (let start = 0; start <= 5; start++) {
      for (let end = start; end <= 6; end++) {
        const range = resolveRange({ start, end }, size)
        expect(range === null ? '' : bytes.subarray(range.start, range.end).toString()).toBe(bytes.subarray(start, end + 1).toString())
        expect(range === null).toBe(start >= size)
      }
      expect(resolveRange({ start }, size)).toEqual(start >= size ? null : { start, end: size })
      const suffix = resolveRange({ suffix: start }, size)
      expect(suffix).toEqual(start === 0 || size === 0 ? null : { start: Math.max(0, size - start), end: size })
    }
  }
  expect(resolveRange({ start: 0, end: Number.MAX_SAFE_INTEGER }, 3)).toEqual({ start: 0, end: 3 })
})

test('Content-Range', () => {
  expect(formatContentRange({ start: 0, end: 1 }, 10)).toBe('bytes 0-0/10')
  expect(formatUnsatisfiedRange(0)).toBe('bytes */0')
})
