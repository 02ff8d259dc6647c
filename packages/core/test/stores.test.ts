import { expect, test } from 'vitest'
import { unconditional } from '../src/policy/requirement.ts'
import { STORES } from './stores.ts'

test.each(STORES)('$name opens empty, keeps an object, and goes', async (tested) => {
  const store = await tested.open()
  const require = unconditional(await store.policyVersion())
  const createdAt = new Date(1000)
  const bucket = { id: 'b1', jurisdiction: 'default', name: 'bucket', account: 'a', public: false, versioning: 'off', createdAt } as const
  expect(await store.createBucket({ bucket, require })).toEqual({ outcome: 'created' })
  expect(await store.createBucket({ bucket: { ...bucket, id: 'b2' }, require })).toEqual({ outcome: 'exists', account: 'a' })
  expect(await store.findBucket(bucket)).toEqual(bucket)
  const facts = { bucketId: 'b1', key: 'a/b.txt', size: 3, etag: 'e', partCount: null, checksum: null, ownerId: 'me', retention: null }
  const said = { headers: { contentType: 'text/plain', cacheControl: 'x' }, userMetadata: { a: 'b' }, tags: {}, legalHold: false }
  const extents = [{ kind: 'inline', length: 3, crc32c: 7, envelope: null, bytes: new Uint8Array([1, 2, 3]) }] as const
  const object = { ...facts, ...said, versionId: 'v', createdAt, extents }
  const committed = await store.commitObject({ object, conditions: {}, require, fresh: [] })
  expect(committed).toMatchObject({ outcome: 'committed', replaced: null, object: { versionId: 'null', sequence: 1, latest: true } })
  const found = await store.findRecord({ bucketId: 'b1', key: 'a/b.txt', require })
  expect(found).toMatchObject({ outcome: 'found', object: { ...facts, ...said, createdAt, sequence: 1 } })
  expect(found.outcome === 'found' && found.object.extents.map((extent) => (extent.kind === 'inline' ? [...extent.bytes] : null))).toEqual([
    [1, 2, 3],
  ])
  await store.close()
  await store.close()
})
