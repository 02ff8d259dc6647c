import { describe, expect, test } from 'vitest'
import { S3Headers } from '../../s3-headers.ts'
import { S3Query } from '../../s3-query.ts'
import { readPartNumber } from './part-number.ts'
import { readRequestedRange } from './range-field.ts'

const asked = (range: string | null, part: string | null): unknown =>
  readRequestedRange(new S3Headers(range === null ? [] : [['range', range]]), new S3Query(part === null ? [] : [['partNumber', part]]))

describe('readRequestedRange', () => {
  test.each<[string | null, string | null, unknown]>([
    [null, null, undefined],
    ['bytes=0-', null, { start: 0 }],
    ['bytes=0-0', null, { start: 0, end: 1 }],
    ['bytes=2-5', null, { start: 2, end: 6 }],
    ['bytes=-5', null, { suffix: 5 }],
    ['bytes=-0', null, { suffix: 0 }],
    ['BYTES=1-2', null, { start: 1, end: 3 }],
    ['bytes=5-2', null, undefined],
    ['bytes=a-b', null, undefined],
    ['bytes=0-1,2-3', null, undefined],
    ['lines=0-1', null, undefined],
    ['', null, undefined],
    [null, '1', { part: 1 }],
    [null, '10000', { part: 10_000 }],
    [null, '', undefined],
  ])('Range %j, part %j', (range, part, expected) => {
    expect(asked(range, part)).toEqual(expected)
  })

  test.each<[string | null, string, string]>([
    ['bytes=0-1', '1', 'InvalidRequest'],
    [null, '0', 'InvalidArgument'],
    [null, '10001', 'InvalidArgument'],
    [null, '2147483647', 'InvalidArgument'],
    [null, 'x', 'InvalidArgument'],
  ])('Range %j, part %j is refused', (range, part, code) => {
    expect(() => asked(range, part)).toThrow(expect.objectContaining({ name: 'S3Error', code }))
  })
})

describe('readPartNumber', () => {
  test('is 1 to 10,000', () => {
    const read = (value: string): number => readPartNumber(new S3Query([['partNumber', value]]))
    expect([read('1'), read('10000'), read('00001')]).toEqual([1, 10_000, 1])
    for (const value of ['', '0', '10001', '-1', '1.0', '1e3', '000001', 'x']) {
      expect(() => read(value), value).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    }
  })
})
