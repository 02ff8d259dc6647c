import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import type { Readable } from 'node:stream'
import type { Backend } from '@stowage/core/backend'
import { assertFails, assertSameBytes, bytesOf, getBytes, key, keyOf, putBytes, readAll } from './support.ts'
import type { BackendCase } from './support.ts'

const DESTROYED = 200

/** Reading: errors before bytes, and nothing held after the end. */
export const getCases: readonly BackendCase[] = [
  {
    name: 'get: a missing key fails with BlobNotFound before the first byte',
    async run(backend) {
      await assertFails(backend.get(keyOf(1), {}), 'BlobNotFound')
      await assertFails(backend.get(keyOf(1), { range: { start: 0, end: 1 } }), 'BlobNotFound')
    },
  },
  {
    name: 'get: what only begins like a key, or goes on after one, is missing',
    async run(backend) {
      await putBytes(backend, key('some/blob'), bytesOf(10))
      for (const name of ['some', 'some/blo', 'some/blob/x', 'some/blob2']) await assertFails(backend.get(key(name), {}), 'BlobNotFound')
    },
  },
  {
    name: 'get: many readers of one blob do not disturb each other',
    async run(backend) {
      const bytes = bytesOf(2_500_000)
      await putBytes(backend, keyOf(1), bytes)
      for (const read of await Promise.all(Array.from({ length: 20 }, () => getBytes(backend, keyOf(1))))) assertSameBytes(read, bytes)
    },
  },
  {
    name: 'get: what a consumer does to its chunks does not reach the blob',
    async run(backend) {
      const bytes = bytesOf(200_000)
      await putBytes(backend, keyOf(1), bytes)
      for await (const chunk of await backend.get(keyOf(1), {})) if (chunk instanceof Uint8Array) chunk.fill(0)
      assertSameBytes(await getBytes(backend, keyOf(1)), bytes)
    },
  },
  {
    name: 'get: chunks stay as they are while later ones are read',
    async run(backend) {
      const bytes = bytesOf(5_000_000)
      await putBytes(backend, keyOf(1), bytes)
      await putBytes(backend, keyOf(2), bytesOf(5_000_000, 2))
      // All chunks are kept until the end, while other reads go on beside them.
      const [first] = await Promise.all([getBytes(backend, keyOf(1)), getBytes(backend, keyOf(2))])
      assertSameBytes(first, bytes)
    },
  },
  {
    name: 'get: a slow reader gets everything',
    async run(backend) {
      const bytes = bytesOf(3_000_000)
      await putBytes(backend, keyOf(1), bytes)
      const chunks: Uint8Array[] = []
      for await (const chunk of await backend.get(keyOf(1), {})) {
        chunks.push(chunk)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      assertSameBytes(Buffer.concat(chunks), bytes)
    },
  },
  {
    name: `get: ${DESTROYED} streams destroyed at their beginning hold no descriptor`,
    async run(backend) {
      await putBytes(backend, keyOf(1), bytesOf(3_000_000))
      await destroyOne(backend, 0)
      const before = await descriptorCount()
      for (let number = 0; number < DESTROYED; number++) await destroyOne(backend, number % 3)
      const after = await descriptorCount()
      // A vendor's client may keep some connections; one for each stream is a leak.
      assert.ok(after - before < DESTROYED / 4, `${after - before} more descriptors than before`)
      assert.equal((await readAll(await backend.get(keyOf(1), { range: { start: 0, end: 5 } }))).length, 5)
    },
  },
]

/** Destroys a stream before anything was read, while a read is under way, or after the first chunk. */
async function destroyOne(backend: Backend, moment: number): Promise<void> {
  const stream = await backend.get(keyOf(1), {})
  if (moment === 1) stream.read(0)
  if (moment === 2) await firstChunk(stream)
  stream.destroy()
  await finished(stream).catch(() => {})
}

function firstChunk(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('error', reject)
    stream.once('readable', () => {
      stream.read()
      resolve()
    })
  })
}

/** Open descriptors of this process, where the system tells (Linux); elsewhere 0. */
async function descriptorCount(): Promise<number> {
  return (await readdir('/proc/self/fd').catch(() => [])).length
}
