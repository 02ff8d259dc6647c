import { expect, test } from 'vitest'
import { parseBlobKey } from './blob-key.ts'
import { memoryBackend } from './memory-backend.ts'
import { FACET_NAMES, without } from './without-facets.ts'

test('removes the named facets, and only them', () => {
  const memory = memoryBackend()
  for (const removed of FACET_NAMES) {
    const rest = without(memory, removed)
    for (const name of FACET_NAMES) expect(rest[name]).toBe(name === removed ? undefined : memory[name])
  }
  expect(without(memory).joining).toBe(memory.joining)
})

test('is the same store', async () => {
  const memory = memoryBackend()
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(1, 2, 3)
  }
  await without(memory, 'copying').put(parseBlobKey('a'), body(), { size: 3 })
  expect((await memory.get(parseBlobKey('a'), {})).read()).toEqual(Buffer.of(1, 2, 3))
})
