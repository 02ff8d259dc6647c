import { expect, test } from 'vitest'
import { bytesOf } from '../../../test/engine-matrix.ts'
import { parseBlobKey } from '../../backend/blob-key.ts'
import { crc32c } from '../../checksums/crc32c.ts'
import type { StoredExtent } from './extent-codec.ts'
import { joinNeighbours } from './join-neighbours.ts'

const BYTES = bytesOf(1_000)

function stretch(start: number, end: number, more: object = {}): StoredExtent {
  const facts = { length: end - start, crc32c: crc32c(BYTES.subarray(start, end)), envelope: null }
  const place = { backendId: 'main', blob: parseBlobKey('joined'), storedOffset: start, storedLength: end - start }
  return { kind: 'blob', ...facts, ...place, ...more }
}

test('stretches that lie behind one another are one, with the sum of all its bytes', () => {
  expect(joinNeighbours([stretch(0, 300), stretch(300, 301), stretch(301, 1_000)])).toEqual([stretch(0, 1_000)])
  expect(joinNeighbours([stretch(100, 300), stretch(300, 500)])).toEqual([stretch(100, 500)])
  expect(joinNeighbours([])).toEqual([])
})

test('everything else stays as it is', () => {
  const inline: StoredExtent = { kind: 'inline', inlineId: 1, length: 5, crc32c: 7, envelope: null }
  const envelope = { scheme: 's', dataKeyId: 'k', salt: new Uint8Array(1), frameSize: 10, firstFrame: 0, skip: 0 }
  const lists: readonly StoredExtent[][] = [
    [stretch(0, 300), inline, stretch(300, 400)],
    [stretch(300, 400), stretch(0, 300)],
    [stretch(0, 300), stretch(301, 400)],
    [stretch(0, 300), stretch(0, 300)],
    [stretch(0, 300), stretch(300, 400, { blob: parseBlobKey('another') })],
    [stretch(0, 300), stretch(300, 400, { backendId: 'other' })],
    [stretch(0, 300), stretch(300, 400, { crc32c: null })],
    [stretch(0, 300, { crc32c: null }), stretch(300, 400)],
    [stretch(0, 300, { envelope, storedLength: 300 }), stretch(300, 400, { envelope })],
    [stretch(0, 300, { length: 290 }), stretch(300, 400)],
    [inline],
  ]
  for (const list of lists) expect(joinNeighbours(list)).toEqual(list)
})
