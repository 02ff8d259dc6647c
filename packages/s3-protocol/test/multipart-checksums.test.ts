import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openDoor } from './door.ts'
import type { Door } from './door.ts'
import { FIRST, hex, LIST, listOf, multipartClient, SECOND } from './multipart-client.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor({ limits: { partSizeMin: 5 } })
})
afterAll(() => door.close())
afterEach(() => {
  expect(door.faults).toEqual([])
})

const { begin, complete, part, send } = multipartClient(() => door)

const sum = (name: string, bytes: Uint8Array | string): string => createHash(name).update(bytes).digest('base64')
const crc = (body: string): string => {
  const word = Buffer.alloc(4)
  word.writeUInt32BE(crc32(body))
  return word.toString('base64')
}

describe('checksums of the whole', () => {
  test('composite: of the checksums of the parts', async () => {
    const uploadId = await begin('composite', [['x-amz-checksum-algorithm', 'SHA256']])
    for (const [number, body] of [
      [1, FIRST],
      [2, SECOND],
    ] as const) {
      expect(
        (await part('composite', uploadId, number, body, [['x-amz-checksum-sha256', sum('sha256', body)]])).header('x-amz-checksum-sha256'),
      ).toBe(sum('sha256', body))
    }
    expect((await part('composite', uploadId, 3, FIRST, [['x-amz-checksum-crc32', crc(FIRST)]])).status).toBe(400)
    expect((await part('composite', uploadId, 3, FIRST, [['x-amz-checksum-sha256', sum('sha256', SECOND)]])).outcome).toBe('400 BadDigest')
    const listed = await send('GET', `composite?uploadId=${uploadId}`)
    expect([listed.all('ChecksumSHA256'), listed.one('ChecksumType')]).toEqual([[sum('sha256', FIRST), sum('sha256', SECOND)], 'COMPOSITE'])
    const digests = Buffer.concat([FIRST, SECOND].map((body) => createHash('sha256').update(body).digest()))
    const whole = `${sum('sha256', digests)}-2`
    const named = listOf([
      [1, hex(FIRST), `<ChecksumSHA256>${sum('sha256', FIRST)}</ChecksumSHA256>`],
      [2, hex(SECOND), `<ChecksumSHA256>${sum('sha256', SECOND)}</ChecksumSHA256>`],
    ])
    expect((await complete('composite', uploadId, named, [['x-amz-checksum-sha256', `${sum('sha256', 'x')}-2`]])).outcome).toBe(
      '400 BadDigest',
    )
    const done = await complete('composite', uploadId, named, [['x-amz-checksum-sha256', whole]])
    expect([done.outcome, done.one('ChecksumSHA256'), done.one('ChecksumType')]).toEqual(['200', whole, 'COMPOSITE'])
    const head = await send('HEAD', 'composite', [['x-amz-checksum-mode', 'ENABLED']])
    expect([head.header('x-amz-checksum-sha256'), head.header('x-amz-checksum-type')]).toEqual([whole, 'COMPOSITE'])
  })

  test('full object: as if it had been sent in one piece', async () => {
    const uploadId = await begin('full', [
      ['x-amz-checksum-algorithm', 'CRC32'],
      ['x-amz-checksum-type', 'FULL_OBJECT'],
    ])
    await part('full', uploadId, 1, FIRST)
    await part('full', uploadId, 2, SECOND)
    const whole = crc(FIRST + SECOND)
    expect(
      (
        await complete('full', uploadId, LIST, [
          ['x-amz-checksum-crc32', crc(FIRST)],
          ['x-amz-checksum-type', 'FULL_OBJECT'],
        ])
      ).outcome,
    ).toBe('400 BadDigest')
    const done = await complete('full', uploadId, LIST, [
      ['x-amz-checksum-crc32', whole],
      ['x-amz-checksum-type', 'FULL_OBJECT'],
    ])
    expect([done.outcome, done.one('ChecksumCRC32'), done.one('ChecksumType')]).toEqual(['200', whole, 'FULL_OBJECT'])
  })

  test('what there is not cannot be asked for', async () => {
    for (const headers of [
      [
        ['x-amz-checksum-algorithm', 'SHA1'],
        ['x-amz-checksum-type', 'FULL_OBJECT'],
      ],
      [
        ['x-amz-checksum-algorithm', 'CRC64NVME'],
        ['x-amz-checksum-type', 'COMPOSITE'],
      ],
      [
        ['x-amz-checksum-algorithm', 'CRC32'],
        ['x-amz-checksum-type', 'HALF'],
      ],
      [['x-amz-checksum-algorithm', 'MD6']],
    ] as const) {
      expect((await send('POST', 'never?uploads', headers)).status).toBe(400)
    }
  })
})

test('parts asked for by number show their own checksum', async () => {
  const begun = await send('POST', 'summed?uploads', [
    ['x-amz-checksum-algorithm', 'CRC32'],
    ['x-amz-checksum-type', 'FULL_OBJECT'],
  ])
  const uploadId = begun.one('UploadId') ?? ''
  const sums = [FIRST, SECOND].map(crc)
  for (const [index, body] of [FIRST, SECOND].entries()) {
    await part('summed', uploadId, index + 1, body, [['x-amz-checksum-crc32', sums[index] ?? '']])
  }
  expect((await complete('summed', uploadId, LIST)).outcome).toBe('200')
  for (const method of ['GET', 'HEAD']) {
    for (const [index, sum] of sums.entries()) {
      const shown = await send(method, `summed?partNumber=${index + 1}`, [['x-amz-checksum-mode', 'ENABLED']])
      expect([shown.header('x-amz-checksum-crc32'), shown.header('x-amz-checksum-type')]).toEqual([sum, 'FULL_OBJECT'])
      expect((await send(method, `summed?partNumber=${index + 1}`)).header('x-amz-checksum-crc32')).toBeUndefined()
    }
    const stretch = await send(method, 'summed', [['x-amz-checksum-mode', 'ENABLED'], ['range', 'bytes=0-1']]) // prettier-ignore
    expect([stretch.status, stretch.header('x-amz-checksum-crc32')]).toEqual([206, undefined])
  }
})
