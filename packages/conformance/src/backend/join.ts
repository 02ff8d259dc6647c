import assert from 'node:assert/strict'
import type { Backend, BlobKey, JoinFacet } from '@stowage/core/backend'
import { assertFails, assertSameBytes, bytesOf, getBytes, keyOf, listKeys, putBytes } from './support.ts'
import type { BackendCase } from './support.ts'

const SOURCES = 4

/** The facet `joining`. */
export const joinCases: readonly BackendCase[] = [
  {
    name: 'join: the sources, in their order, whole; and they stay',
    facet: 'joining',
    async run(backend) {
      const facet = joiningOf(backend)
      // The least that every store takes: vendors want 5 MiB a source.
      const size = Math.max(facet.sourceSizeMin, 100_000)
      const sources = await putSources(backend, size)
      const { names, temporary } = temporaryNames()
      const expected = Buffer.concat(sources.map((_, index) => bytesOf(size, index)))
      assert.deepEqual(await facet.join(keyOf(100), sources, { temporary }), { size: expected.length })
      assertSameBytes(await getBytes(backend, keyOf(100)), expected)
      for (const [index, source] of sources.entries()) assertSameBytes(await getBytes(backend, source), bytesOf(size, index))
      const known = new Set<string>([...sources, keyOf(100), ...names])
      for (const name of await listKeys(backend)) assert.ok(known.has(name), `${name} was made without asking for a name`)
      await backend.delete(sources)
      assertSameBytes(await getBytes(backend, keyOf(100)), expected)
    },
  },
  {
    name: 'join: the last source may be small',
    facet: 'joining',
    async run(backend) {
      const facet = joiningOf(backend)
      const size = Math.max(facet.sourceSizeMin, 1_000)
      await putBytes(backend, keyOf(1), bytesOf(size, 1))
      await putBytes(backend, keyOf(2), bytesOf(1, 2))
      await facet.join(keyOf(100), [keyOf(1), keyOf(2)], { temporary: temporaryNames().temporary })
      assertSameBytes(await getBytes(backend, keyOf(100)), Buffer.concat([bytesOf(size, 1), bytesOf(1, 2)]))
    },
  },
  {
    name: 'join: with a missing source fails with BlobNotFound, and leaves no blob',
    facet: 'joining',
    async run(backend) {
      const facet = joiningOf(backend)
      await putBytes(backend, keyOf(1), bytesOf(Math.max(facet.sourceSizeMin, 1_000)))
      await assertFails(facet.join(keyOf(100), [keyOf(1), keyOf(2)], { temporary: temporaryNames().temporary }), 'BlobNotFound')
      await assertFails(backend.get(keyOf(100), {}), 'BlobNotFound')
    },
  },
  {
    name: 'join: its limits are numbers that a caller can work with',
    facet: 'joining',
    async run(backend) {
      const facet = joiningOf(backend)
      assert.ok(facet.sourceCountMax >= 2)
      assert.ok(facet.sourceSizeMin >= 0 && facet.sourceSizeMin <= facet.sourceSizeMax)
    },
  },
]

function joiningOf(backend: Backend): JoinFacet {
  assert.ok(backend.joining)
  return backend.joining
}

async function putSources(backend: Backend, size: number): Promise<BlobKey[]> {
  const sources = Array.from({ length: SOURCES }, (_, index) => keyOf(index))
  for (const [index, source] of sources.entries()) await putBytes(backend, source, bytesOf(size, index))
  return sources
}

function temporaryNames(): { readonly names: BlobKey[]; readonly temporary: () => Promise<BlobKey> } {
  const names: BlobKey[] = []
  const temporary = async (): Promise<BlobKey> => {
    const name = keyOf(1_000 + names.length)
    names.push(name)
    return name
  }
  return { names, temporary }
}
