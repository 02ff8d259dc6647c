import { expect, test } from 'vitest'
import { ChunkBuffer } from './chunk-buffer.ts'
import { ChunkPieces } from './chunk-pieces.ts'
import { CHUNK_UNIT } from './options.ts'

test('takes what fits, in pieces, and gives it back as it came', () => {
  const chunk = new ChunkBuffer(2 * CHUNK_UNIT, new ChunkPieces(0))
  const bytes = Buffer.from(Array.from({ length: 2 * CHUNK_UNIT + 10 }, (_, index) => index % 251))
  let taken = 0
  for (const length of [0, 1, CHUNK_UNIT, 5, CHUNK_UNIT + 4]) taken += chunk.add(bytes.subarray(taken, taken + length))
  expect(taken).toBe(2 * CHUNK_UNIT)
  expect(chunk.isFull).toBe(true)
  expect(chunk.add(bytes)).toBe(0)
  expect(Buffer.concat(chunk.pieces())).toEqual(bytes.subarray(0, 2 * CHUNK_UNIT))
  expect(chunk.pieces().map(({ length }) => length)).toEqual([CHUNK_UNIT, CHUNK_UNIT])
})

test('uses its memory again after it was cleared', () => {
  const chunk = new ChunkBuffer(CHUNK_UNIT, new ChunkPieces(0))
  chunk.add(Buffer.alloc(CHUNK_UNIT, 1))
  const [first] = chunk.pieces()
  chunk.clear()
  expect(chunk.pieces()).toEqual([])
  chunk.add(Buffer.of(2, 3))
  expect(chunk.pieces()).toEqual([Buffer.of(2, 3)])
  expect(chunk.pieces()[0]?.buffer).toBe(first?.buffer)
})
