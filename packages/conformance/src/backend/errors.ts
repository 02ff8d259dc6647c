import assert from 'node:assert/strict'
import { isStorageError } from '@stowage/core/backend'
import { bytesOf, failureOf, getBytes, keyOf, listKeys, putBytes, sourceOf } from './support.ts'
import type { BackendCase } from './support.ts'

/** How a backend fails, and how it treats what it was given. */
export const errorCases: readonly BackendCase[] = [
  {
    name: 'errors: every failure is a storage error that names the blob, and no path or address',
    async run(backend) {
      await putBytes(backend, keyOf(1), bytesOf(10))
      const failures = [
        await failureOf(backend.get(keyOf(7), {})),
        await failureOf(backend.get(keyOf(1), { range: { start: 0, end: 11 } })),
        await failureOf(backend.put(keyOf(2), sourceOf(bytesOf(10)), { size: 11 })),
      ]
      for (const failure of failures) {
        assert.ok(isStorageError(failure), `a StorageError, not ${String(failure)}`)
        assert.ok(failure instanceof Error)
        assert.doesNotMatch(failure.message, /\/\w+\/|:\/\//)
        assert.equal(failure.retryable, false, 'the same call would fail again')
      }
    },
  },
  {
    name: 'errors: the caller’s options may be frozen, and stay as they are',
    async run(backend) {
      const put = Object.freeze({ size: 10 })
      const get = Object.freeze({ range: Object.freeze({ start: 2, end: 5 }) })
      const list = Object.freeze({ prefix: 'k', after: keyOf(0) })
      await backend.put(keyOf(1), sourceOf(bytesOf(10)), put)
      for await (const chunk of await backend.get(keyOf(1), get)) assert.equal(chunk.length, 3)
      for await (const entry of backend.list(list)) assert.equal(entry.key, keyOf(1))
      assert.deepEqual([put, get, list], [{ size: 10 }, { range: { start: 2, end: 5 } }, { prefix: 'k', after: keyOf(0) }])
    },
  },
  {
    name: 'errors: says what it was written against, and its limits',
    async run(backend) {
      assert.equal(backend.contract, 1)
      assert.ok(backend.name.length > 0)
      for (const limit of [backend.limits.blobSizeMax, backend.limits.deleteBatchMax]) assert.ok(Number.isSafeInteger(limit) && limit >= 1)
    },
  },
  {
    name: 'errors: close() may be called twice, and at once',
    async run(backend) {
      await putBytes(backend, keyOf(1), bytesOf(10))
      await Promise.all([backend.close(), backend.close()])
      await backend.close()
    },
  },
  {
    name: 'errors: a failure leaves the backend as able as before',
    async run(backend) {
      await failureOf(backend.get(keyOf(7), {}))
      await failureOf(backend.put(keyOf(2), sourceOf(bytesOf(10)), { size: 11 }))
      await putBytes(backend, keyOf(1), bytesOf(10))
      assert.equal((await getBytes(backend, keyOf(1))).length, 10)
      assert.deepEqual(await listKeys(backend), [keyOf(1)])
    },
  },
]
