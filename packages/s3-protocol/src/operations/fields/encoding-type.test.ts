import { describe, expect, test } from 'vitest'
import { S3Query } from '../../s3-query.ts'
import { readKeyWriter } from './encoding-type.ts'

describe('readKeyWriter', () => {
  test.each([
    ['abcXYZ019', 'abcXYZ019'],
    ['-._~*', '-._~*'],
    ['a/b//c/', 'a/b//c/'],
    ['a b', 'a%20b'],
    ['a+b', 'a%2Bb'],
    ['100%', '100%25'],
    ['%2F', '%252F'],
    ['test_file(3).png', 'test_file%283%29.png'],
    ["it's!", 'it%27s%21'],
    ['?#&=;:@$,', '%3F%23%26%3D%3B%3A%40%24%2C'],
    ['\0\u0001\n\r\t\u007f', '%00%01%0A%0D%09%7F'],
    ['ü😀\uffff', '%C3%BC%F0%9F%98%80%EF%BF%BF'],
    ['', ''],
  ])('%j is written %j, and reads back', (key, written) => {
    const { write, encodingType } = readKeyWriter(new S3Query([['encoding-type', 'url']]))
    expect([write(key), encodingType]).toEqual([written, 'url'])
    expect(decodeURIComponent(write(key))).toBe(key)
  })

  test('without it keys stay as they are; another one is refused', () => {
    const { write, encodingType } = readKeyWriter(new S3Query([]))
    expect([write('a b+%'), encodingType]).toEqual(['a b+%', undefined])
    for (const type of ['URL', 'base64']) {
      expect(() => readKeyWriter(new S3Query([['encoding-type', type]]))).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    }
  })
})
