import { expect, test } from 'vitest'
import { formatListToken, laterOf, namesCommonPrefix, parseListToken, readToken } from './list-token.ts'

const contents = [
  { after: '', skipPrefix: false, sequence: null },
  { after: 'ä/\u{1f600}\n', skipPrefix: true, sequence: null },
  { after: 'a'.repeat(1024), skipPrefix: false, sequence: 0 },
  { after: 'k', skipPrefix: false, sequence: Number.MAX_SAFE_INTEGER },
]

test.each(contents)('comes back as it was: %j', (content) => {
  for (const kind of ['buckets', 'objects', 'versions'] as const) {
    const token = formatListToken(kind, content)
    expect(token).toMatch(/^[A-Za-z0-9_-]+$/)
    expect(parseListToken(kind, token)).toEqual(content)
  }
})

test('is refused in every listing but its own, cut, changed or made up', () => {
  const token = formatListToken('objects', { after: 'photos/2026', skipPrefix: false, sequence: null })
  expect(() => parseListToken('versions', token)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  const wrong = ['', 'nonsense', token.slice(1), token.slice(0, -1), `${token}A`, `${token}=`, ` ${token}`, token.toLowerCase()]
  const changed = Array.from(token, (character, index) => token.slice(0, index) + (character === 'A' ? 'B' : 'A') + token.slice(index + 1))
  for (const each of [...wrong, ...changed]) expect([each, readToken('objects', each)]).toEqual([each, null])
})

test.each([Number.NaN, Infinity, -Infinity, 0.5, 2 ** 53])('is refused with a sequence that nothing has: %d', (sequence) => {
  expect(readToken('versions', formatListToken('versions', { after: 'k', skipPrefix: false, sequence }))).toBe(null)
})

test('is refused with a position that no database can be asked about', () => {
  expect(readToken('objects', formatListToken('objects', { after: 'a\0b', skipPrefix: false, sequence: null }))).toBe(null)
})

test.each([
  ['photos/', '', '/', true],
  ['photos/2026', '', '/', false],
  ['photos/2026/', '', '/', false],
  ['photos/2026/', 'photos/', '/', true],
  ['photos/', 'photos/', '/', false],
  ['photos', '', '/', false],
  ['a--', '', '--', true],
  ['a', '', '--', false],
  ['--', '', '--', true],
  ['other/', 'photos/', '/', false],
  ['photos/', '', null, false],
])('a marker %j under the prefix %j with the delimiter %j names a common prefix: %j', (marker, prefix, delimiter, expected) => {
  expect(namesCommonPrefix(marker, prefix, delimiter)).toBe(expected)
})

test('the later of two names goes by bytes', () => {
  expect(laterOf('\uffff', '\u{10000}')).toBe('\u{10000}')
  expect(laterOf('a', undefined)).toBe('a')
  expect(laterOf(undefined, undefined)).toBe(null)
})
