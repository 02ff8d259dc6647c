import { expect, test } from 'vitest'
import { formatAmzDate, parseAmzDate } from './clock-skew.ts'

test('dates in ISO 8601 basic form', () => {
  expect(parseAmzDate('20130524T000000Z')).toEqual(new Date('2013-05-24T00:00:00Z'))
  expect(formatAmzDate(new Date('2024-02-29T23:59:59.999Z'))).toBe('20240229T235959Z')
  for (const text of [
    '',
    '20130524T000000',
    '20130524t000000z',
    '20130230T000000Z',
    '20131301T000000Z',
    '20130524T240000Z',
    '2013-05-24T00:00:00Z',
    ' 20130524T000000Z',
    '20130524T000060Z',
  ]) {
    expect(parseAmzDate(text), text).toBeNull()
  }
})
