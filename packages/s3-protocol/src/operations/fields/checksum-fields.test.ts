import type { HttpHeader } from '@stowage/http'
import { describe, expect, test } from 'vitest'
import { S3Headers } from '../../s3-headers.ts'
import { readChecksumAlgorithm, readChecksumHeader, readChecksumType, readObjectChecksum } from './checksum-fields.ts'

const headers = (...pairs: HttpHeader[]): S3Headers => new S3Headers(pairs)
const refused = expect.objectContaining({ name: 'S3Error', code: 'InvalidRequest' })

describe('checksum fields', () => {
  test('algorithms are named in any case, and there are five', () => {
    expect(['crc32', 'CRC32C', 'Crc64Nvme', 'SHA1', 'sha256'].map((name) => readChecksumAlgorithm(name, 'h'))).toEqual([
      'CRC32',
      'CRC32C',
      'CRC64NVME',
      'SHA1',
      'SHA256',
    ])
    for (const name of ['', 'MD5', 'CRC', 'SHA512', '__proto__', 'constructor'])
      expect(() => readChecksumAlgorithm(name, 'h')).toThrow(refused)
  })

  test('the one header with a value, and those without are none', () => {
    const others: HttpHeader[] = [
      ['x-amz-checksum-algorithm', 'SHA1'],
      ['x-amz-checksum-type', 'COMPOSITE'],
      ['x-amz-checksum-mode', 'ENABLED'],
    ]
    expect(readChecksumHeader(headers(...others))).toBeUndefined()
    expect(readChecksumHeader(headers(...others, ['x-amz-checksum-crc64nvme', 'AAAAAAAAAAA=']))).toEqual({
      algorithm: 'CRC64NVME',
      value: 'AAAAAAAAAAA=',
    })
  })

  test.each([
    ['crc32', 'AAAA'],
    ['crc32', 'AAAAAA==\u00e9'],
    ['crc32', ''],
    ['sha256', 'AAAAAA=='],
  ])('x-amz-checksum-%s: %j is refused', (name, value) => {
    expect(() => readChecksumHeader(headers([`x-amz-checksum-${name}`, value]))).toThrow(refused)
  })

  test('the type is one of two', () => {
    expect(readChecksumType(headers())).toBeUndefined()
    expect(readChecksumType(headers(['x-amz-checksum-type', 'COMPOSITE']))).toBe('COMPOSITE')
    expect(readChecksumType(headers(['x-amz-checksum-type', 'FULL_OBJECT']))).toBe('FULL_OBJECT')
    expect(() => readChecksumType(headers(['x-amz-checksum-type', 'composite']))).toThrow(refused)
  })

  test('that of a whole object says by its form what it is made over', () => {
    expect(readObjectChecksum(headers())).toBeUndefined()
    expect(readObjectChecksum(headers(['x-amz-checksum-crc32', 'AAAAAA==-3']))).toEqual({
      algorithm: 'CRC32',
      type: 'COMPOSITE',
      value: 'AAAAAA==-3',
    })
    expect(readObjectChecksum(headers(['x-amz-checksum-crc32', 'AAAAAA==']))).toEqual({
      algorithm: 'CRC32',
      type: 'FULL_OBJECT',
      value: 'AAAAAA==',
    })
    expect(readObjectChecksum(headers(['x-amz-checksum-crc32', 'AAAAAA=='], ['x-amz-checksum-type', 'COMPOSITE']))?.type).toBe('COMPOSITE')
  })
})
