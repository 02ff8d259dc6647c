import { describe, expect, test } from 'vitest'
import { S3Headers } from '../../s3-headers.ts'
import { readCopyRange, readCopySource } from './copy-source.ts'

const source = (value: string): S3Headers => new S3Headers([['x-amz-copy-source', value]])
const range = (value: string): S3Headers => new S3Headers([['x-amz-copy-source-range', value]])

describe('readCopySource', () => {
  test.each([
    ['b/k', 'b', 'k', undefined],
    ['/b/k', 'b', 'k', undefined],
    ['b%2Fk', 'b', 'k', undefined],
    ['%2Fb%2Fk', 'b', 'k', undefined],
    ['b/a/c/', 'b', 'a/c/', undefined],
    ['b//k', 'b', '/k', undefined],
    ['b/../k', 'b', '../k', undefined],
    ['b/a%20b', 'b', 'a b', undefined],
    ['b/a+b', 'b', 'a+b', undefined],
    ['b/a%2Bb', 'b', 'a+b', undefined],
    ['b/100%25', 'b', '100%', undefined],
    ['b/%252F', 'b', '%2F', undefined],
    ['b/\xc3\xbc', 'b', 'ü', undefined],
    ['b/%C3%BC', 'b', 'ü', undefined],
    ['b/k?versionId=v1', 'b', 'k', 'v1'],
    ['b/k?versionId=', 'b', 'k', undefined],
    ['b/k%3FversionId=v1', 'b', 'k?versionId=v1', undefined],
    ['b/k?versionId=a?versionId=b', 'b', 'k?versionId=a', 'b'],
    ['b/k?other=1', 'b', 'k?other=1', undefined],
    ['b/k?versionId=a%2Fb', 'b', 'k', 'a/b'],
  ])('%j', (value, bucket, key, versionId) => {
    expect(readCopySource(source(value), {})).toEqual({ bucket: { name: bucket }, key, ...(versionId === undefined ? {} : { versionId }) })
  })

  test.each(['', '/', '//', 'b', '/b', 'b/', '/b/', '//b/k', '?versionId=v', 'b/%', 'b/%f', 'b/%ff', 'b/\xff', 'b/k?versionId=%'])(
    '%j is refused',
    (value) => {
      expect(() => readCopySource(source(value), {})).toThrow(expect.objectContaining({ name: 'S3Error', code: 'InvalidArgument' }))
    },
  )
})

describe('readCopyRange', () => {
  test('is bytes from and to, both counted', () => {
    expect(readCopyRange(range('bytes=0-0'))).toEqual({ start: 0, end: 1 })
    expect(readCopyRange(range('bytes=5-9'))).toEqual({ start: 5, end: 10 })
    expect(readCopyRange(new S3Headers([]))).toBeUndefined()
  })

  test.each([
    '',
    '0-2',
    'bytes=0',
    'bytes=-5',
    'bytes=5-',
    'bytes=5-4',
    'bytes=0-2,3-5',
    'bytes= 0-2',
    'Bytes=0-2',
    'bytes=0-9999999999999999',
  ])('%j is refused', (value) => {
    expect(() => readCopyRange(range(value))).toThrow(expect.objectContaining({ name: 'S3Error', code: 'InvalidArgument' }))
  })
})
