import assert from 'node:assert/strict'
import type { Backend, CopyFacet } from '@stowage/core/backend'
import { assertFails, assertSameBytes, bytesOf, getBytes, keyOf, listKeys, putBytes } from './support.ts'
import type { BackendCase } from './support.ts'

/** The facet `copying`. */
export const copyCases: readonly BackendCase[] = [
  ...[0, 1, 2_000_000].map((size): BackendCase => ({
    name: `copy: a copy of ${size} bytes is a blob of its own`,
    facet: 'copying',
    async run(backend) {
      const bytes = bytesOf(size)
      await putBytes(backend, keyOf(1), bytes)
      assert.deepEqual(await copyingOf(backend).copy(keyOf(1), keyOf(2)), { size })
      assertSameBytes(await getBytes(backend, keyOf(2)), bytes)
      await backend.delete([keyOf(1)])
      assertSameBytes(await getBytes(backend, keyOf(2)), bytes)
    },
  })),
  {
    name: 'copy: of a missing blob fails with BlobNotFound and leaves nothing',
    facet: 'copying',
    async run(backend) {
      await assertFails(copyingOf(backend).copy(keyOf(1), keyOf(2)), 'BlobNotFound')
      assert.deepEqual(await listKeys(backend), [])
    },
  },
]

function copyingOf(backend: Backend): CopyFacet {
  assert.ok(backend.copying)
  return backend.copying
}
