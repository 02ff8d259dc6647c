import { expect, test } from 'vitest'
import { ChunkBuffer } from './chunk-buffer.ts'
import { ChunkPieces } from './chunk-pieces.ts'
import { CHUNK_UNIT } from './options.ts'

test('what one put has given back the next one gets, up to what is kept', () => {
  const pieces = new ChunkPieces(2)
  const given = [pieces.take(), pieces.take(), pieces.take()]
  expect(new Set(given).size).toBe(3)
  pieces.giveBack(given)
  pieces.giveBack([pieces.take()])
  const again = [pieces.take(), pieces.take(), pieces.take()]
  expect(again.filter((piece) => given.includes(piece))).toHaveLength(2)
  expect(again.every(({ length }) => length === CHUNK_UNIT)).toBe(true)
})

test('a chunk that was given back has nothing any more, and holds nothing of what the next put fills', () => {
  const pieces = new ChunkPieces(1)
  const chunk = new ChunkBuffer(CHUNK_UNIT, pieces)
  chunk.add(Buffer.of(1, 2))
  const [first] = chunk.pieces()
  chunk.giveBack()
  expect(chunk.pieces()).toEqual([])
  const next = new ChunkBuffer(CHUNK_UNIT, pieces)
  next.add(Buffer.of(3))
  expect(next.pieces()[0]?.buffer).toBe(first?.buffer)
  chunk.add(Buffer.of(4))
  expect(next.pieces()).toEqual([Buffer.of(3)])
})
