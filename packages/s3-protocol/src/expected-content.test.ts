import type { HttpHeader } from '@stowage/http'
import { describe, expect, test } from 'vitest'
import { readDocumentClaims, readExpectedContent } from './expected-content.ts'
import { S3Headers } from './s3-headers.ts'
import type { VerifiedBody } from './sigv4/verified-body.ts'

const MD5 = 'XrY7u+Ae7tCTyyK7j1rNww=='
const body = (trailerNames: readonly string[] = [], more: Partial<VerifiedBody> = {}): VerifiedBody => ({
  stream: (async function* () {})(),
  size: 5,
  sha256: null,
  trailerNames,
  trailers: () => new Map(trailerNames.map((name) => [name, 'value'])),
  ...more,
})
const headers = (...pairs: HttpHeader[]): S3Headers => new S3Headers(pairs)
const refused = (code: string, message: string): unknown =>
  expect.objectContaining({ name: 'S3Error', code, message: expect.stringContaining(message) })

describe('readExpectedContent', () => {
  test('says nothing but the size where nothing was said', () => {
    expect(readExpectedContent(headers(), body())).toEqual({ size: 5 })
  })

  test('takes every claim', () => {
    const given = headers(['content-md5', MD5], ['x-amz-checksum-crc32', 'AAAAAA=='], ['x-amz-sdk-checksum-algorithm', 'CRC32'])
    expect(readExpectedContent(given, body([], { sha256: 'ff' }))).toEqual({
      size: 5,
      md5: MD5,
      sha256: 'ff',
      checksum: { algorithm: 'CRC32', value: 'AAAAAA==' },
      checksumAlgorithm: 'CRC32',
    })
  })

  test('a trailing checksum is known at the end', () => {
    const { trailingChecksum } = readExpectedContent(headers(), body(['x-amz-checksum-sha256']))
    expect([trailingChecksum?.algorithm, trailingChecksum?.value()]).toEqual(['SHA256', 'value'])
  })

  test.each<[string, S3Headers, VerifiedBody, unknown]>([
    ['an MD5 that is none', headers(['content-md5', 'x']), body(), refused('InvalidDigest', 'Content-MD5')],
    ['an empty MD5', headers(['content-md5', '']), body(), refused('InvalidDigest', 'Content-MD5')],
    ['an MD5 in hex', headers(['content-md5', '5eb63bbbe01eeed093cb22bb8f5acdc3']), body(), refused('InvalidDigest', 'Content-MD5')],
    ['a trailer that is no checksum', headers(), body(['x-amz-meta-a']), refused('InvalidRequest', 'x-amz-meta-a')],
    [
      'a trailer that is none of S3’s, beside one',
      headers(),
      body(['x-amz-checksum-crc32', 'expires']),
      refused('InvalidRequest', 'expires'),
    ],
    ['two trailers', headers(), body(['x-amz-checksum-crc32', 'x-amz-checksum-sha1']), refused('InvalidRequest', 'single')],
    [
      'a header and a trailer',
      headers(['x-amz-checksum-crc32', 'AAAAAA==']),
      body(['x-amz-checksum-crc32']),
      refused('InvalidRequest', 'single'),
    ],
    [
      'two headers',
      headers(['x-amz-checksum-crc32', 'AAAAAA=='], ['x-amz-checksum-crc32c', 'AAAAAA==']),
      body(),
      refused('InvalidRequest', 'single'),
    ],
    ['an unknown trailer', headers(), body(['x-amz-checksum-rot13']), refused('InvalidRequest', 'unsupported')],
    ['an unknown algorithm', headers(['x-amz-sdk-checksum-algorithm', 'ROT13']), body(), refused('InvalidRequest', 'unsupported')],
    [
      'an algorithm that is not the one given',
      headers(['x-amz-sdk-checksum-algorithm', 'SHA1'], ['x-amz-checksum-crc32', 'AAAAAA==']),
      body(),
      refused('InvalidRequest', 'x-amz-sdk-checksum-algorithm'),
    ],
    ['a value that is too short', headers(['x-amz-checksum-sha1', 'AAAA']), body(), refused('InvalidRequest', 'x-amz-checksum-sha1')],
    ['a value that is no base64', headers(['x-amz-checksum-crc32', '!!!!!!!!']), body(), refused('InvalidRequest', 'x-amz-checksum-crc32')],
  ])('refuses %s', (_, given, bytes, error) => {
    expect(() => readExpectedContent(given, bytes)).toThrow(error)
  })
})

describe('readDocumentClaims', () => {
  test('leaves checksums out where they speak of an object', () => {
    const given = headers(['content-md5', MD5], ['x-amz-checksum-crc32', 'AAAAAA=='])
    expect(readDocumentClaims(given, { checksums: true })).toEqual({ md5: MD5, checksum: { algorithm: 'CRC32', value: 'AAAAAA==' } })
    expect(readDocumentClaims(given, { checksums: false })).toEqual({ md5: MD5 })
    expect(readDocumentClaims(headers(), { checksums: true })).toEqual({})
  })
})
