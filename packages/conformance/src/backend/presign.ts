import assert from 'node:assert/strict'
import type { Backend, PresignFacet } from '@stowage/core/backend'
import { assertSameBytes, bytesOf, keyOf, putBytes } from './support.ts'
import type { BackendCase } from './support.ts'

/** The facet `presigning`: its URLs are really fetched. */
export const presignCases: readonly BackendCase[] = [
  {
    name: 'presign: the URL gives the bytes of its blob',
    facet: 'presigning',
    async run(backend) {
      const bytes = bytesOf(100_000)
      await putBytes(backend, keyOf(1), bytes)
      const response = await fetch(await presigningOf(backend).presignGet(keyOf(1), { expiresInSeconds: 60 }))
      assert.equal(response.status, 200)
      assertSameBytes(new Uint8Array(await response.arrayBuffer()), bytes)
    },
  },
  {
    name: 'presign: the type that was asked for is the type that comes',
    facet: 'presigning',
    async run(backend) {
      await putBytes(backend, keyOf(1), bytesOf(10))
      const url = await presigningOf(backend).presignGet(keyOf(1), { expiresInSeconds: 60, contentType: 'text/x-stowage' })
      const response = await fetch(url)
      await response.arrayBuffer()
      assert.equal(response.headers.get('content-type'), 'text/x-stowage')
    },
  },
  {
    name: 'presign: the URL of one blob does not open another',
    facet: 'presigning',
    async run(backend) {
      await putBytes(backend, keyOf(1), bytesOf(10, 1))
      await putBytes(backend, keyOf(2), bytesOf(10, 2))
      const url = await presigningOf(backend).presignGet(keyOf(1), { expiresInSeconds: 60 })
      const response = await fetch(url.href.replaceAll(keyOf(1), keyOf(2)))
      await response.arrayBuffer()
      assert.ok(response.status >= 400, `status ${response.status}`)
    },
  },
]

function presigningOf(backend: Backend): PresignFacet {
  assert.ok(backend.presigning)
  return backend.presigning
}
