import * as fc from 'fast-check'
import { createCRC32, createCRC64 } from 'hash-wasm'
import { describe, expect, test } from 'vitest'
import { digestLength } from './checksum-algorithm.ts'
import type { DigestAlgorithm } from './checksum-algorithm.ts'
import { checksumOf, createCrc, createRunningChecksum } from './running-checksum.ts'

/** Of "123456789": the check values of the CRC catalogue, and of any implementation of the hashes. */
const CHECKS: readonly (readonly [DigestAlgorithm, string])[] = [
  ['CRC32', 'cbf43926'],
  ['CRC32C', 'e3069283'],
  ['CRC64NVME', 'ae8b14860a799888'],
  ['MD5', '25f9e794323b453885f5181f1b624d0b'],
  ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
]

describe.each(CHECKS)('%s', (algorithm, check) => {
  test('gives the published value', () => {
    expect(checksumOf(algorithm, Buffer.from('123456789')).toString('hex')).toBe(check)
    expect(check.length).toBe(2 * digestLength(algorithm))
  })

  test('does not care how the bytes are cut, nor where in memory they lie', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 8 }), fc.nat(7), (chunks, offset) => {
        const whole = Buffer.concat(chunks)
        const moved = Buffer.alloc(whole.length + offset)
        moved.set(whole, offset)
        const running = createRunningChecksum(algorithm)
        for (const chunk of chunks) running.update(chunk)
        expect(checksumOf(algorithm, moved.subarray(offset))).toEqual(running.digest())
      }),
    )
  })
})

/** RFC 3720 appendix B.4: 32 bytes of zeros, of ones, ascending, descending. */
test.each([
  ['8a9136aa', Buffer.alloc(32)],
  ['62a8ab43', Buffer.alloc(32, 0xff)],
  ['46dd794e', Buffer.from(Array.from({ length: 32 }, (_, index) => index))],
  ['113fdb5c', Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index))],
])('CRC-32C of the iSCSI vector %s', (check, bytes) => {
  expect(checksumOf('CRC32C', bytes).toString('hex')).toBe(check)
})

/** NVM Express NVM command set specification, figure of CRC-64 test cases: 4 KiB of zeros and of ones. */
test.each([
  ['6482d367eb22b64e', Buffer.alloc(4096)],
  ['c0ddba7302eca3ac', Buffer.alloc(4096, 0xff)],
])('CRC-64/NVME of the NVMe vector %s', (check, bytes) => {
  expect(checksumOf('CRC64NVME', bytes).toString('hex')).toBe(check)
})

test('agrees with another implementation on bytes of any length', async () => {
  const crc32c = await createCRC32(0x82f63b78)
  const crc64 = await createCRC64('9a6c9329ac4bc9b5')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => {
      expect(checksumOf('CRC32C', bytes).toString('hex')).toBe(crc32c.init().update(bytes).digest())
      expect(checksumOf('CRC64NVME', bytes).toString('hex')).toBe(crc64.init().update(bytes).digest())
    }),
  )
})

test.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)('%s goes on from its value', (algorithm) => {
  const crc = createCrc(algorithm, checksumOf(algorithm, Buffer.from('12345')))
  crc.update(Buffer.from('6789'))
  expect(crc.digest()).toEqual(checksumOf(algorithm, Buffer.from('123456789')))
})
