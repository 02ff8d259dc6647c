import { expect, test } from 'vitest'
import { ChunkDecoder } from './chunk-decoder.ts'
import { ChunkedBody } from './chunked-body.ts'

const TEXT = '3\r\nabc\r\n4\r\ndefg\r\n2\r\nhi\r\n0\r\n\r\n'

function body(pieces: readonly Uint8Array[]): { readonly body: ChunkedBody; readonly back: Uint8Array[] } {
  const back: Uint8Array[] = []
  const decoder = new ChunkDecoder({ seed: null, decodedLength: 9, hasTrailer: false, trailerNames: new Set() })
  const source = {
    async *[Symbol.asyncIterator]() {
      yield* pieces
    },
    releaseChunk: (chunk: Uint8Array) => void back.push(chunk),
  }
  return { body: new ChunkedBody(source, decoder), back }
}

test('a piece goes back when all chunks that were cut out of it have come back, once', async () => {
  // The first piece holds three chunks, the last of them in part; the second its rest.
  const pieces = [Buffer.from(TEXT.slice(0, 21)), Buffer.from(TEXT.slice(21))]
  const { body: chunked, back } = body(pieces)
  const chunks: Uint8Array[] = []
  for await (const chunk of chunked) chunks.push(chunk)
  expect(chunks.map(String)).toEqual(['abc', 'defg', 'h', 'i'])
  const [first, second, third, fourth] = chunks
  chunked.releaseChunk(second ?? Buffer.alloc(0))
  chunked.releaseChunk(first ?? Buffer.alloc(0))
  chunked.releaseChunk(first ?? Buffer.alloc(0))
  expect(back).toEqual([])
  chunked.releaseChunk(third ?? Buffer.alloc(0))
  expect(back).toEqual([pieces[0]])
  chunked.releaseChunk(fourth ?? Buffer.alloc(0))
  chunked.releaseChunk(Buffer.from('of others'))
  expect(back).toEqual(pieces)
})
