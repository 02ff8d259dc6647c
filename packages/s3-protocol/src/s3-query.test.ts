import { describe, expect, test } from 'vitest'
import { S3Query } from './s3-query.ts'

const refused = expect.objectContaining({ name: 'S3Error', code: 'InvalidArgument' })

describe('S3Query', () => {
  test('a name without a value is not one that did not come', () => {
    const query = new S3Query([
      ['acl', ''],
      ['prefix', 'a'],
    ])
    expect([query.get('acl'), query.get('prefix'), query.get('absent')]).toEqual(['', 'a', null])
    expect([query.text('acl'), query.text('prefix'), query.text('absent')]).toEqual([undefined, 'a', undefined])
    expect(query.names).toEqual(['acl', 'prefix'])
  })

  test('a name that came twice is refused when it is read', () => {
    const query = new S3Query([
      ['a', '1'],
      ['b', '2'],
      ['a', '1'],
    ])
    expect(() => query.get('a')).toThrow(refused)
    expect(query.get('b')).toBe('2')
    expect(query.names).toEqual(['a', 'b'])
  })

  test.each<[string, number | undefined]>([
    ['', undefined],
    ['1', 1],
    ['0007', 7],
    ['1000', 1000],
    ['1001', 1000],
    ['2147483647', 1000],
  ])('the integer %j is %s', (value, number) => {
    expect(new S3Query([['n', value]]).integer('n', { min: 1, max: 1000 })).toBe(number)
  })

  test.each(['0', '-1', '+1', '1.0', '1e3', '0x1', ' 1', 'one', '2147483648', '99999999999'])('the integer %j is refused', (value) => {
    expect(() => new S3Query([['n', value]]).integer('n', { min: 1, max: 1000 })).toThrow(refused)
  })
})
