import { describe, expect, test } from 'vitest'
import { digestBytes } from './body-digests.ts'
import { checksumOf } from './running-checksum.ts'

const BODY = Buffer.from('123456789')
const errorWith = (code: string, details: object): unknown => expect.objectContaining({ code, details })

describe('digestBytes', () => {
  test('computes what is wanted and what is expected', () => {
    const expected = [{ algorithm: 'SHA256', digest: checksumOf('SHA256', BODY) }] as const
    const body = digestBytes(BODY, { digests: ['MD5', 'CRC32C'], expected, size: 9, sizeMax: 9 })
    expect(body.size).toBe(9)
    expect(body.of('MD5').toString('hex')).toBe('25f9e794323b453885f5181f1b624d0b')
    expect(body.of('CRC32C').readUInt32BE()).toBe(0xe3069283)
    expect(body.of('SHA256')).toEqual(expected[0].digest)
    expect(() => body.of('SHA1')).toThrow('SHA1 was not asked for')
  })

  test('refuses a body that is not what was said', () => {
    const expected = [{ algorithm: 'CRC32', digest: Buffer.alloc(4) }] as const
    expect(() => digestBytes(BODY, { digests: [], expected })).toThrow(
      errorWith('ChecksumMismatch', { algorithm: 'CRC32', expected: 'AAAAAA==', actual: 'y/Q5Jg==' }),
    )
    expect(() => digestBytes(BODY, { digests: [], size: 8 })).toThrow(errorWith('IncompleteBody', { expected: 8, actual: 9 }))
    expect(() => digestBytes(BODY, { digests: [], size: 10 })).toThrow(errorWith('IncompleteBody', { expected: 10, actual: 9 }))
    expect(() => digestBytes(BODY, { digests: [], sizeMax: 8 })).toThrow(errorWith('ObjectTooLarge', { size: 9, max: 8 }))
  })
})
