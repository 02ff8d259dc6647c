import { describe, expect, test } from 'vitest'
import { digestLength, isCrc, multipartChecksumType, parseChecksumAlgorithm } from './checksum-algorithm.ts'

describe('parseChecksumAlgorithm', () => {
  test('takes the names of S3 in any case', () => {
    expect(parseChecksumAlgorithm('crc64nvme')).toBe('CRC64NVME')
    expect(parseChecksumAlgorithm('SHA256')).toBe('SHA256')
  })

  test.each(['', 'MD5', 'SHA512', 'toString', '__proto__', 'CRC32 '])('refuses %j', (name) => {
    expect(() => parseChecksumAlgorithm(name)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  })
})

describe('multipartChecksumType', () => {
  test.each([
    ['CRC32', 'COMPOSITE'],
    ['CRC32C', 'COMPOSITE'],
    ['CRC64NVME', 'FULL_OBJECT'],
    ['SHA1', 'COMPOSITE'],
    ['SHA256', 'COMPOSITE'],
  ] as const)('%s is %s where nothing was said', (algorithm, type) => expect(multipartChecksumType(algorithm)).toBe(type))

  test('takes what the algorithm can do and refuses the rest', () => {
    expect(multipartChecksumType('CRC32C', 'FULL_OBJECT')).toBe('FULL_OBJECT')
    expect(() => multipartChecksumType('SHA256', 'FULL_OBJECT')).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    expect(() => multipartChecksumType('CRC64NVME', 'COMPOSITE')).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  })
})

test('only CRCs are combined', () => {
  expect((['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const).filter(isCrc)).toEqual(['CRC32', 'CRC32C', 'CRC64NVME'])
})

test('knows the length of an MD5', () => expect(digestLength('MD5')).toBe(16))
