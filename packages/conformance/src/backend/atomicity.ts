import assert from 'node:assert/strict'
import type { Backend } from '@stowage/core/backend'
import {
  assertFails,
  assertNothingThere,
  assertSameBytes,
  bytesOf,
  failingSource,
  failureOf,
  getBytes,
  keyOf,
  listKeys,
  pausingSource,
  putBytes,
  sourceOf,
} from './support.ts'
import type { BackendCase } from './support.ts'

const MIB = 1024 * 1024

/** A put happens whole or not at all. */
export const atomicityCases: readonly BackendCase[] = [
  ...[0, 1, 65_536, 3 * MIB + 7].map((size): BackendCase => ({
    name: `atomicity: a body that throws after ${size} bytes leaves nothing, and its error comes out as it is`,
    async run(backend) {
      const thrown = Object.assign(new Error('the client went away'), { code: 'ECONNRESET', syscall: 'read' })
      assert.equal(await failureOf(backend.put(keyOf(1), failingSource(bytesOf(size), thrown), { size: size + 1 })), thrown)
      assert.equal(await failureOf(backend.put(keyOf(2), failingSource(bytesOf(size), thrown), {})), thrown)
      await assertNothingThere(backend, keyOf(1))
      await assertNothingThere(backend, keyOf(2))
    },
  })),
  {
    name: 'atomicity: the key of a failed put is free',
    async run(backend) {
      const bytes = bytesOf(100_000, 2)
      await failureOf(backend.put(keyOf(1), failingSource(bytesOf(2 * MIB), new Error('gone')), {}))
      await putBytes(backend, keyOf(1), bytes)
      assertSameBytes(await getBytes(backend, keyOf(1)), bytes)
    },
  },
  ...[10, 3 * MIB].map((size): BackendCase => ({
    name: `atomicity: while a put of ${size} bytes waits for its last one, nobody sees the blob`,
    async run(backend) {
      const source = pausingSource(bytesOf(size))
      const put = backend.put(keyOf(1), source.body, { size })
      await source.paused
      try {
        await assertFails(backend.get(keyOf(1), {}), 'BlobNotFound')
        assert.deepEqual(await listKeys(backend), [])
      } finally {
        source.resume()
      }
      await put
      assertSameBytes(await getBytes(backend, keyOf(1)), bytesOf(size))
    },
  })),
  {
    name: 'atomicity: a second put of a key, which the engine never makes, leaves one of the two whole',
    async run(backend) {
      const first = bytesOf(200_000, 1)
      const second = bytesOf(150_000, 2)
      await putBytes(backend, keyOf(1), first)
      await putQuietly(backend, second)
      assertOneOf(await getBytes(backend, keyOf(1)), [first, second])
    },
  },
  {
    name: 'atomicity: two puts of a key at once leave one of the two whole',
    async run(backend) {
      const first = bytesOf(2 * MIB, 1)
      const second = bytesOf(2 * MIB - 5, 2)
      await Promise.all([putQuietly(backend, first), putQuietly(backend, second)])
      assertOneOf(await getBytes(backend, keyOf(1)), [first, second])
      assert.deepEqual(await listKeys(backend), [keyOf(1)])
    },
  },
]

/** A put that may be refused, but then with a storage error of the right kind. */
async function putQuietly(backend: Backend, bytes: Uint8Array): Promise<void> {
  let refused: unknown = null
  await backend.put(keyOf(1), sourceOf(bytes), { size: bytes.length }).catch((error: unknown) => (refused = error))
  if (refused !== null) await assertFails(Promise.reject(refused), 'Conflict')
}

function assertOneOf(bytes: Uint8Array, candidates: readonly Uint8Array[]): void {
  const whole = candidates.find((candidate) => candidate.length === bytes.length)
  assert.ok(whole !== undefined, `${bytes.length} bytes are those of neither put`)
  assertSameBytes(bytes, whole)
}
