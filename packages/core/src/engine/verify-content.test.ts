import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { CONTENT_SHA256 } from './content-options.ts'
import type { ExpectedContent } from './inputs.ts'
import { verifyContent } from './verify-content.ts'

const BODY = Buffer.from('<Delete/>')
const digest = (name: string, encoding: 'hex' | 'base64'): string => createHash(name).update(BODY).digest(encoding)
const crc = Buffer.alloc(4)
crc.writeUInt32BE(crc32(BODY))

const RIGHT: ExpectedContent = {
  size: BODY.length,
  md5: digest('md5', 'base64'),
  sha256: digest('sha256', 'hex'),
  checksum: { algorithm: 'CRC32', value: crc.toString('base64') },
}

describe('verifyContent', () => {
  test('takes bytes that are what was said', () => {
    expect(verifyContent(BODY, RIGHT)).toBeUndefined()
    expect(verifyContent(BODY, {})).toBeUndefined()
  })

  test.each<[string, ExpectedContent, string, object]>([
    ['another length', { size: 8 }, 'IncompleteBody', { expected: 8, actual: 9 }],
    ['another MD5', { md5: `${'A'.repeat(22)}==` }, 'ChecksumMismatch', { algorithm: 'MD5' }],
    ['another checksum', { checksum: { algorithm: 'CRC32', value: 'AAAAAA==' } }, 'ChecksumMismatch', { algorithm: 'CRC32' }],
    ['another signed SHA-256', { sha256: '0'.repeat(64) }, 'ChecksumMismatch', { algorithm: CONTENT_SHA256 }],
    [
      'another SHA-256 as checksum, beside the right signed one',
      { sha256: RIGHT.sha256 ?? '', checksum: { algorithm: 'SHA256', value: Buffer.alloc(32).toString('base64') } },
      'ChecksumMismatch',
      { algorithm: 'SHA256' },
    ],
    ['a malformed checksum', { checksum: { algorithm: 'CRC32', value: 'AAAA' } }, 'InvalidArgument', { argument: 'CRC32' }],
  ])('refuses %s', (_, expected, code, details) => {
    expect(() => verifyContent(BODY, expected)).toThrow(expect.objectContaining({ code, details: expect.objectContaining(details) }))
  })
})
