import assert from 'node:assert/strict'
import type { BlobKey } from '@stowage/core/backend'
import { assertFails, assertSameBytes, bytesOf, getBytes, keyOf, listKeys, putBytes, sourceOf } from './support.ts'
import type { BackendCase } from './support.ts'

/** Deleting. */
export const deleteCases: readonly BackendCase[] = [
  {
    name: 'delete: what is deleted is gone, and nothing else',
    async run(backend) {
      for (const number of [1, 2, 3]) await putBytes(backend, keyOf(number), bytesOf(100, number))
      await backend.delete([keyOf(1), keyOf(3)])
      await assertFails(backend.get(keyOf(1), {}), 'BlobNotFound')
      await assertFails(backend.get(keyOf(3), {}), 'BlobNotFound')
      assertSameBytes(await getBytes(backend, keyOf(2)), bytesOf(100, 2))
      assert.deepEqual(await listKeys(backend), [keyOf(2)])
    },
  },
  {
    name: 'delete: missing keys, the same key twice and no keys at all are fine',
    async run(backend) {
      await putBytes(backend, keyOf(1), bytesOf(100))
      await backend.delete([])
      await backend.delete([keyOf(7)])
      await backend.delete([keyOf(7), keyOf(1), keyOf(1)])
      await backend.delete([keyOf(1)])
      assert.deepEqual(await listKeys(backend), [])
    },
  },
  {
    name: 'delete: takes deleteBatchMax keys at once',
    async run(backend) {
      const { deleteBatchMax } = backend.limits
      assert.ok(deleteBatchMax >= 1)
      await putBytes(backend, keyOf(0), bytesOf(10))
      await putBytes(backend, keyOf(deleteBatchMax - 1), bytesOf(10))
      await putBytes(backend, keyOf(deleteBatchMax), bytesOf(10))
      const keys: BlobKey[] = Array.from({ length: Math.min(deleteBatchMax, 10_000) }, (_, index) => keyOf(index))
      await backend.delete(keys)
      assert.deepEqual(await listKeys(backend), [keyOf(deleteBatchMax)])
    },
  },
  {
    name: 'delete: a reader that is under way gets the blob whole, or an error, never less',
    async run(backend) {
      const bytes = bytesOf(3_000_000)
      await putBytes(backend, keyOf(1), bytes)
      const stream = await backend.get(keyOf(1), {})
      await backend.delete([keyOf(1)])
      const chunks: Uint8Array[] = []
      let failed = false
      try {
        for await (const chunk of stream) chunks.push(chunk)
      } catch {
        failed = true
      }
      if (!failed) assertSameBytes(Buffer.concat(chunks), bytes)
    },
  },
  {
    name: 'delete: leaves the caller’s list alone',
    async run(backend) {
      const keys = Object.freeze([keyOf(1), keyOf(2)])
      await backend.put(keyOf(1), sourceOf(bytesOf(1)), {})
      await backend.delete(keys, Object.freeze({}))
      assert.deepEqual(keys, [keyOf(1), keyOf(2)])
    },
  },
]
