import { expect, test } from 'vitest'
import { isStorableTime, parseTimestamp } from './predicate-timestamp.ts'

test.each<[string, string]>([
  ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
  ['2026-01-31 12:00:00.5+02', '2026-01-31T10:00:00.500Z'],
  ['2026-01-31 12:00-0330', '2026-01-31T15:30:00.000Z'],
  ['2024-02-29T00:00:00+05:45', '2024-02-28T18:15:00.000Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
])('reads %s', (text, iso) => {
  expect(new Date(parseTimestamp(text) ?? 0).toISOString()).toBe(iso)
})

test.each([
  'now',
  'infinity',
  '2026-01-31',
  '2026-01-31T12:00:00',
  '2026-02-30T12:00:00Z',
  '2026-01-31T24:00:00Z',
  '2026-01-31T12:00:60Z',
  '2026-01-31T12:00:00.0001Z',
  '2026-01-31T12:00:00+16',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+01',
])('refuses %s, of which the time is not certain or cannot be kept', (text) => {
  expect(parseTimestamp(text)).toBe(null)
})

test('knows which milliseconds are a time', () => {
  expect([0, -62_135_596_800_000, 253_402_300_799_999].every(isStorableTime)).toBe(true)
  expect([0.5, NaN, -62_135_596_800_001, 253_402_300_800_000].some(isStorableTime)).toBe(false)
})
