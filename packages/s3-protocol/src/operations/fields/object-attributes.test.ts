import type { HttpHeader } from '@stowage/http'
import { describe, expect, test } from 'vitest'
import { S3Headers } from '../../s3-headers.ts'
import { readObjectAttributes, refuseAcl } from './object-attributes.ts'

const read = (...pairs: HttpHeader[]): ReturnType<typeof readObjectAttributes> => readObjectAttributes(new S3Headers(pairs))
const refused = (code: string): unknown => expect.objectContaining({ name: 'S3Error', code })

describe('readObjectAttributes', () => {
  test('keeps the content headers as they came; empty ones did not come', () => {
    expect(
      read(
        ['content-type', 'Text/Plain;  charset=x'],
        ['cache-control', ''],
        ['content-disposition', 'attachment'],
        ['content-language', 'de'],
        ['expires', 'soon'],
        ['x-amz-website-redirect-location', '/x'],
        ['x-amz-storage-class', 'GLACIER'],
        ['content-length', '5'],
        ['user-agent', 'x'],
      ).headers,
    ).toEqual({
      contentType: 'Text/Plain;  charset=x',
      contentDisposition: 'attachment',
      contentLanguage: 'de',
      expires: 'soon',
      websiteRedirectLocation: '/x',
      storageClass: 'GLACIER',
    })
    expect(read()).toEqual({ headers: {}, userMetadata: {} })
  })

  test.each<[readonly string[], string | undefined]>([
    [[], undefined],
    [['aws-chunked'], undefined],
    [['gzip,AWS-Chunked'], 'gzip'],
    [['aws-chunked', 'gzip, br'], 'gzip, br'],
    [['gzip,br'], 'gzip, br'],
    [['', ' , '], undefined],
  ])('of the codings %j, %s is the content’s', (values, kept) => {
    expect(read(...values.map((value) => ['content-encoding', value] as const)).headers?.contentEncoding).toBe(kept)
  })

  test('reads tags from a query', () => {
    expect(read(['x-amz-tagging', 'a=1&b%20c=d+e&f']).tags).toEqual({ a: '1', 'b c': 'd e', f: '' })
    expect(read(['x-amz-tagging', '']).tags).toEqual({})
    expect(Object.keys(read(['x-amz-tagging', '__proto__=x']).tags ?? {})).toEqual(['__proto__'])
  })

  test.each<[string, HttpHeader, string]>([
    ['a tag twice', ['x-amz-tagging', 'a=1&a=1'], 'InvalidTag'],
    ['a broken escape', ['x-amz-tagging', 'a=%'], 'InvalidArgument'],
    ['tags that are not UTF-8', ['x-amz-tagging', 'a=%ff'], 'InvalidArgument'],
    ['a storage class that there is not', ['x-amz-storage-class', 'ATTIC'], 'InvalidStorageClass'],
    ['a public ACL', ['x-amz-acl', 'public-read-write'], 'AccessControlListNotSupported'],
  ])('refuses %s', (_, header, code) => {
    expect(() => read(header)).toThrow(refused(code))
  })

  test('an ACL that says what is so anyway is fine', () => {
    for (const acl of ['private', 'bucket-owner-full-control']) expect(() => refuseAcl(new S3Headers([['x-amz-acl', acl]]))).not.toThrow()
  })
})

describe('user metadata', () => {
  test('means UTF-8 by its bytes, joins what came twice, and fears no name', () => {
    const { userMetadata = {} } = read(
      ['x-amz-meta-colour', 'gr\xc3\xbcn'],
      ['x-amz-meta-latin', 'gr\xfcn'],
      ['x-amz-meta-list', 'a'],
      ['x-amz-meta-list', 'b'],
      ['x-amz-meta-empty', ''],
      ['x-amz-meta-__proto__', 'p'],
      ['x-amz-metadata', 'not this'],
    )
    expect(Object.entries(userMetadata)).toEqual([
      ['colour', 'grün'],
      ['latin', 'grün'],
      ['list', 'a,b'],
      ['empty', ''],
      ['__proto__', 'p'],
    ])
  })
})
