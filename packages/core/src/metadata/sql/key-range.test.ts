import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBytes } from '../../model/byte-order.ts'
import { prefixSuccessor, seekOf } from './key-range.ts'

/** Every code point at an edge: of the encodings' lengths, of the surrogates, of the planes. */
const EDGES = [
  0, 1, 0x2f, 0x7e, 0x7f, 0x80, 0x7fe, 0x7ff, 0x800, 0xfff, 0x1000, 0xd7fe, 0xd7ff, 0xe000, 0xe001, 0xfffd, 0xfffe, 0xffff, 0x10000, 0x10001,
  0x1ffff, 0x20000, 0x10fffe, 0x10ffff,
].map((point) => String.fromCodePoint(point)) // prettier-ignore
const TEXTS = ['', ...EDGES, ...EDGES.flatMap((a) => EDGES.map((b) => a + b))]

test('has exactly the texts with the prefix between it and its successor, at every edge', () => {
  for (const prefix of TEXTS) {
    const successor = prefixSuccessor(prefix)
    for (const text of TEXTS) {
      const between = compareBytes(text, prefix) >= 0 && (successor === null || compareBytes(text, successor) < 0)
      if (between !== text.startsWith(prefix)) expect.fail(`${JSON.stringify(text)} and the prefix ${JSON.stringify(prefix)}`)
    }
  }
})

test('is the next code point, over the gap of the surrogates', () => {
  for (const edge of EDGES) {
    const point = edge.codePointAt(0)!
    const next = point === 0xd7ff ? 0xe000 : point + 1
    expect(prefixSuccessor(`a${edge}`)).toBe(point === 0x10ffff ? 'b' : `a${String.fromCodePoint(next)}`)
  }
  expect(prefixSuccessor('')).toBe(null)
  expect(prefixSuccessor('\u{10ffff}\u{10ffff}')).toBe(null)
  expect(prefixSuccessor('a\u{10ffff}\u{10ffff}')).toBe('b')
})

test('is greater than every text with the prefix, whatever they hold', () => {
  const text = fc.array(fc.constantFrom(...EDGES, 'a', '/'), { maxLength: 6 }).map((points) => points.join(''))
  fc.assert(
    fc.property(text, text, (prefix, rest) => {
      const successor = prefixSuccessor(prefix)
      expect(successor === null || compareBytes(prefix + rest, successor) < 0).toBe(true)
    }),
  )
})

describe('a page', () => {
  test.each([
    ['begins at the prefix', null, 'p/', { kind: 'at', key: 'p/' }],
    ['goes on behind a key', { after: 'p/a', skipPrefix: false, tie: null }, 'p/', { kind: 'behind', key: 'p/a' }],
    ['goes on behind a common prefix', { after: 'p/a/', skipPrefix: true, tie: null }, 'p/', { kind: 'at', key: 'p/a0' }],
    ['goes on in the middle of a key', { after: 'p/a', skipPrefix: false, tie: 7 }, 'p/', { kind: 'rest', key: 'p/a', tie: 7 }],
    ['begins at the prefix for a position before it', { after: 'a', skipPrefix: false, tie: null }, 'p/', { kind: 'at', key: 'p/' }],
    ['and for one in the middle of a key before it', { after: 'a', skipPrefix: false, tie: 7 }, 'p/', { kind: 'at', key: 'p/' }],
    ['ends behind the last of all prefixes', { after: '\u{10ffff}', skipPrefix: true, tie: null }, '', null],
  ])('%s', (_, position, prefix, expected) => {
    expect(seekOf(position, prefix)).toEqual(expected)
  })
})
