import { describe, expect, test } from 'vitest'
import { S3Headers } from '../../s3-headers.ts'
import { readConditions, readEntityTags } from './conditions.ts'

const NOW = new Date('2026-01-01T00:00:00Z')

describe('readEntityTags', () => {
  test.each<[string, '*' | readonly string[]]>([
    ['*', '*'],
    [' * ', '*'],
    ['"a"', ['a']],
    ['a', ['a']],
    ['W/"a"', ['W/a']],
    ['"a", "b"', ['a', 'b']],
    ['"a","b"', ['a', 'b']],
    ['"a",\t"b" , c', ['a', 'b', 'c']],
    [', "a",,', ['a']],
    ['"a,b"', ['a,b']],
    ['""', ['']],
    ['"*"', ['*']],
  ])('%j', (value, tags) => {
    expect(readEntityTags(value, 'If-Match')).toEqual(tags)
  })

  test.each(['', ' ', ',', '"a', 'a"', '"a" "b"', '"a" b', 'a b', '*, "a"', '"a", *', 'W/ "a"', '"a"x', '"a", "b'])(
    '%j is none',
    (value) => {
      expect(() => readEntityTags(value, 'If-Match')).toThrow(
        expect.objectContaining({ code: 'InvalidArgument', fields: { ArgumentName: 'If-Match' } }),
      )
    },
  )
})

describe('readConditions', () => {
  test('reads the four of them, bare or of a copy’s source', () => {
    const values = {
      'if-match': '"a"',
      'if-none-match': '*',
      'if-modified-since': 'Fri, 02 Jan 2026 03:04:05 GMT',
      'if-unmodified-since': 'Friday, 02-Jan-26 03:04:05 GMT',
    }
    const conditions = {
      ifMatch: ['a'],
      ifNoneMatch: '*',
      ifModifiedSince: new Date('2026-01-02T03:04:05Z'),
      ifUnmodifiedSince: new Date('2026-01-02T03:04:05Z'),
    }
    const bare = new S3Headers(Object.entries(values))
    const prefixed = new S3Headers(Object.entries(values).map(([name, value]) => [`x-amz-copy-source-${name}`, value]))
    expect(readConditions(bare, NOW)).toEqual(conditions)
    expect(readConditions(prefixed, NOW, 'x-amz-copy-source-')).toEqual(conditions)
    expect(readConditions(prefixed, NOW)).toBeUndefined()
    expect(readConditions(bare, NOW, 'x-amz-copy-source-')).toBeUndefined()
  })

  test('a date that is none is as if it had not come', () => {
    expect(readConditions(new S3Headers([['if-modified-since', 'yesterday']]), NOW)).toEqual({})
  })

  test('what came twice is refused', () => {
    const twice = new S3Headers([
      ['if-match', '"a"'],
      ['if-match', '"b"'],
    ])
    expect(() => readConditions(twice, NOW)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  })
})
