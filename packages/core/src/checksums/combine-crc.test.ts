import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { combineCrcs } from './combine-crc.ts'
import { checksumOf } from './running-checksum.ts'

describe.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)('%s', (algorithm) => {
  const piece = (bytes: Uint8Array): { digest: Buffer; length: number } => ({ digest: checksumOf(algorithm, bytes), length: bytes.length })

  test('of pieces is that of all bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }), (chunks) => {
        expect(combineCrcs(algorithm, chunks.map(piece))).toEqual(checksumOf(algorithm, Buffer.concat(chunks)))
      }),
    )
  })

  test('does not care how pieces are grouped, also beyond 4 GiB', () => {
    const length = fc.integer({ min: 0, max: 2 ** 45 })
    const digest = fc.uint8Array({ minLength: piece(Buffer.of()).digest.length, maxLength: piece(Buffer.of()).digest.length })
    const pieces = fc.tuple(fc.record({ digest, length }), fc.record({ digest, length }), fc.record({ digest, length }))
    fc.assert(
      fc.property(pieces, ([a, b, c]) => {
        const tail = { digest: combineCrcs(algorithm, [b, c]), length: b.length + c.length }
        expect(combineCrcs(algorithm, [a, tail])).toEqual(combineCrcs(algorithm, [a, b, c]))
      }),
    )
  })

  test('of large pieces of one length', () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 5, 'some bytes that do not repeat in step')
    const cuts = [0, 1, 2, 3].map((index) => bytes.subarray(index * 1024 * 1024, (index + 1) * 1024 * 1024))
    expect(combineCrcs(algorithm, cuts.map(piece))).toEqual(checksumOf(algorithm, bytes))
  })

  test('of nothing is that of no bytes', () => expect(combineCrcs(algorithm, [])).toEqual(checksumOf(algorithm, Buffer.of())))
})
