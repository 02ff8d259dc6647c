import { describe, expect, test } from 'vitest'
import { AuthorizationReader, parseAuthorization } from './authorization.ts'

const BEGINNING = 'AWS4-HMAC-SHA256 Credential=AK/20150830/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature='
const one = 'a'.repeat(64)
const other = 'b'.repeat(64)

describe('AuthorizationReader', () => {
  test('reads a header that it has seen with another signature as if it had not', () => {
    const reader = new AuthorizationReader()
    for (const signature of [one, other, one]) {
      expect(reader.read(BEGINNING + signature)).toEqual(parseAuthorization(BEGINNING + signature))
      expect(reader.read(BEGINNING + signature).signature).toBe(signature)
    }
  })

  test.each([
    ['capitals', BEGINNING + 'A'.repeat(64)],
    ['too few digits', BEGINNING + 'a'.repeat(63)],
    ['too many digits', `${BEGINNING}${one}a`],
    ['a line feed behind it', `${BEGINNING}${one}\n`],
    ['a second one', `${BEGINNING}${one}, Signature=${other}`],
  ])('refuses a signature with %s behind a beginning that it knows', (_, header) => {
    const reader = new AuthorizationReader()
    reader.read(BEGINNING + one)
    expect(() => reader.read(header)).toThrow(expect.objectContaining({ code: 'AuthorizationHeaderMalformed' }))
  })

  test('takes nothing for the signature that only stands at the end', () => {
    const reader = new AuthorizationReader()
    const header = (last: string): string =>
      `AWS4-HMAC-SHA256 Credential=AK/20150830/us-east-1/s3/aws4_request, Signature=${one}, SignedHeaders=0;host;${last}`
    const [first, second] = ['x'.repeat(64), 'y'.repeat(64)]
    reader.read(header(first))
    expect(reader.read(header(second))).toMatchObject({ signature: one, signedHeaders: ['0', 'host', second] })
  })

  test('keeps on reading however many it has seen', () => {
    const reader = new AuthorizationReader()
    for (let index = 0; index < 600; index++) {
      const header = BEGINNING.replace('=AK/', `=AK${index}/`) + one
      expect(reader.read(header).accessKeyId).toBe(`AK${index}`)
    }
  })
})
