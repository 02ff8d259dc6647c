import { describe, expect, test } from 'vitest'
import { formatHttpDate, parseHttpDate } from './http-date.ts'

const now = new Date('2026-11-22T00:00:00Z')

describe('http dates', () => {
  test('the three forms of RFC 9110 §5.6.7', () => {
    const instant = new Date('1994-11-06T08:49:37Z')
    expect(formatHttpDate(instant)).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
    expect(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT', now)).toEqual(instant)
    expect(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', now)).toEqual(instant)
    expect(parseHttpDate('Sun Nov  6 08:49:37 1994', now)).toEqual(instant)
  })

  test('a two-digit year more than 50 years ahead lies in the past', () => {
    expect(parseHttpDate('Sunday, 22-Nov-76 00:00:00 GMT', now)?.getUTCFullYear()).toBe(2076)
    expect(parseHttpDate('Sunday, 23-Nov-76 00:00:00 GMT', now)?.getUTCFullYear()).toBe(1976)
    expect(parseHttpDate('Sunday, 01-Jan-00 00:00:00 GMT', now)?.getUTCFullYear()).toBe(2000)
  })

  test('round trip, without the parts of a second', () => {
    for (const text of ['1970-01-01T00:00:00Z', '2024-02-29T23:59:59Z', '0099-01-01T00:00:00Z', '9999-12-31T23:59:59Z']) {
      expect(parseHttpDate(formatHttpDate(new Date(text)), now)).toEqual(new Date(text))
    }
    expect(formatHttpDate(new Date('2024-02-29T23:59:59.999Z'))).toBe('Thu, 29 Feb 2024 23:59:59 GMT')
  })

  test('refuses anything else', () => {
    for (const text of [
      '',
      '0',
      '2024-02-29T23:59:59Z',
      'Sun, 31 Feb 2024 00:00:00 GMT',
      'Sun, 06 Nov 1994 24:00:00 GMT',
      'Sun, 06 Nov 1994 08:60:00 GMT',
      'Sun, 06 Nov 1994 08:49:37 UTC',
      'Sun, 06 Nov 1994 08:49:37 +0100',
      'Sun, 6 Nov 1994 08:49:37 GMT',
      'Sun, 06 nov 1994 08:49:37 GMT',
      'Sun, 00 Nov 1994 08:49:37 GMT',
      ' Sun, 06 Nov 1994 08:49:37 GMT',
    ]) {
      expect(parseHttpDate(text, now), text).toBeNull()
    }
    expect(parseHttpDate('Sun, 31 Dec 2023 23:59:60 GMT', now)).toEqual(new Date('2024-01-01T00:00:00Z'))
  })
})
