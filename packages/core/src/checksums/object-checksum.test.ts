import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { multipartEtag, plainEtag } from './etag.ts'
import { multipartChecksum, parseChecksumValue, parseDigest, wholeChecksum } from './object-checksum.ts'
import { checksumOf } from './running-checksum.ts'

const PARTS = [Buffer.from('12345'), Buffer.from('6789')]
const invalid: unknown = expect.objectContaining({ code: 'InvalidArgument' })
const partsOf = (algorithm: 'CRC32' | 'CRC64NVME' | 'SHA256'): { digest: Buffer; length: number }[] =>
  PARTS.map((bytes) => ({ digest: checksumOf(algorithm, bytes), length: bytes.length }))

describe('parseDigest', () => {
  test('reads what S3 prints', () => expect(parseDigest('CRC32', 'y/Q5Jg==').toString('hex')).toBe('cbf43926'))

  test.each(['', 'y/Q5Jg', 'y/Q5Jg=', 'y_Q5Jg==', ' y/Q5Jg==', 'y/Q5Jh==', 'y/Q5', 'y/Q5Jj==', 'y/Q5JgAA', 'y/Q5Jg==\n', 'cbf43926'])(
    'refuses %j for a CRC32',
    (text) => expect(() => parseDigest('CRC32', text)).toThrow(invalid),
  )
})

describe('parseChecksumValue', () => {
  test('takes the number of parts off', () => {
    expect(parseChecksumValue('CRC32', 'y/Q5Jg==-10000')).toEqual({ digest: Buffer.from('cbf43926', 'hex'), partCount: 10_000 })
    expect(parseChecksumValue('CRC32', 'y/Q5Jg==').partCount).toBeNull()
  })

  test.each(['y/Q5Jg==-', 'y/Q5Jg==-0', 'y/Q5Jg==-01', 'y/Q5Jg==-1-1', 'y/Q5Jg==--1', 'y/Q5Jg==-1e3', 'y/Q5Jg==-100000', '-1'])(
    'refuses %j',
    (text) => expect(() => parseChecksumValue('CRC32', text)).toThrow(invalid),
  )
})

test('the checksum of a whole object is in base64', () => {
  expect(wholeChecksum('CRC32', checksumOf('CRC32', Buffer.concat(PARTS)))).toEqual({
    algorithm: 'CRC32',
    type: 'FULL_OBJECT',
    value: 'y/Q5Jg==',
  })
})

describe('multipartChecksum', () => {
  test('FULL_OBJECT is that of all bytes', () => {
    expect(multipartChecksum('CRC32', 'FULL_OBJECT', partsOf('CRC32')).value).toBe('y/Q5Jg==')
    expect(multipartChecksum('CRC64NVME', 'FULL_OBJECT', partsOf('CRC64NVME')).value).toBe(
      Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
    )
  })

  test('COMPOSITE is that of the digests, with their number', () => {
    const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()
    expect(multipartChecksum('SHA256', 'COMPOSITE', partsOf('SHA256'))).toEqual({
      algorithm: 'SHA256',
      type: 'COMPOSITE',
      value: `${sha256(Buffer.concat(PARTS.map(sha256))).toString('base64')}-2`,
    })
    const composite = multipartChecksum('CRC32', 'COMPOSITE', partsOf('CRC32'))
    expect(parseChecksumValue('CRC32', composite.value).partCount).toBe(2)
  })

  test('no hash of a whole follows from hashes of parts', () => {
    expect(() => multipartChecksum('SHA256', 'FULL_OBJECT', partsOf('SHA256'))).toThrow(invalid)
  })
})

test('ETags are hex, of the bytes or of the MD5s of parts', () => {
  const md5 = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest()
  expect(plainEtag(md5(Buffer.of()))).toBe('d41d8cd98f00b204e9800998ecf8427e')
  expect(multipartEtag(PARTS.map(md5))).toBe(`${md5(Buffer.concat(PARTS.map(md5))).toString('hex')}-2`)
  // One part is still a multipart object.
  expect(multipartEtag([md5(Buffer.of())])).toBe('59adb24ef3cdbe0297f05b395827453f-1')
})
