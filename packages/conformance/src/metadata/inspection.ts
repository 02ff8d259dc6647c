import assert from 'node:assert/strict'
import {
  blobExtent,
  inspected,
  BUCKET,
  completion,
  inlineExtent,
  makeBucket,
  type MetadataCase,
  type MetadataSubject,
  newObject,
  newUpload,
  putBlobs,
  putText,
  remove,
  requirement,
  sendPart,
} from './support.ts'

/** A bucket with some of everything. */
async function fill(subject: MetadataSubject): Promise<void> {
  const { store } = subject
  await makeBucket(subject, 'enabled')
  await putText(subject, 'inline', { object: { versionId: 'v1' } })
  await putBlobs(subject, 'blobs', { names: ['a', 'b'], object: { versionId: 'v1' } })
  await putText(subject, 'blobs', { object: { versionId: 'v2' } })
  await remove(subject, 'inline')
  await store.commitObject({
    object: newObject('mixed', [inlineExtent('1'), inlineExtent('2')], { versionId: 'v1' }),
    conditions: {},
    require: requirement(),
    fresh: [],
  })
  for (const uploadId of ['open', 'done']) {
    await store.createUpload({ upload: newUpload(uploadId), require: requirement() })
    await sendPart(subject, uploadId, { number: 1, extents: [blobExtent(`part-${uploadId}`)], fresh: [`part-${uploadId}`] })
    await sendPart(subject, uploadId, { number: 2, extents: [inlineExtent('second')] })
  }
  await store.completeUpload(completion('done', [1, 2]))
  await store.reserveBlobs({ processId: 'p', blobs: [{ backendId: 'main', blob: blobOf('c') }] })
}

function blobOf(name: string): Extract<ReturnType<typeof blobExtent>, { readonly kind: 'blob' }>['blob'] {
  const extent = blobExtent(name)
  assert.ok(extent.kind === 'blob')
  return extent.blob
}

/** What fsck reads. */
export const inspectionCases: readonly MetadataCase[] = [
  {
    name: 'inspection: counts',
    async run(subject) {
      const { inspection } = subject.store
      assert.deepEqual(await inspection.counts(), { buckets: 0, objects: 0, versions: 0, uploads: 0, bytes: 0 })
      await fill(subject)
      const { buckets, objects } = await inspection.counts()
      assert.deepEqual([buckets, objects], [1, 3])
    },
  },
  {
    name: 'inspection: every holder of extents, with its bytes',
    async run(subject) {
      await fill(subject)
      const manifests = await inspected((query) => subject.store.inspection.manifests(query))
      const sizes = manifests.map(({ size, extents }) => [size, extents.reduce((sum, { length }) => sum + length, 0)])
      for (const [size, length] of sizes) assert.equal(size, length)
      assert.ok(manifests.every(({ bucketId, extents }) => bucketId === BUCKET && extents.every(({ kind }) => kind !== 'missing-inline')))
      const objects = manifests.filter(({ kind }) => kind === 'object').map(({ key, versionId }) => `${key} ${versionId}`)
      for (const name of ['inline v1', 'blobs v1', 'blobs v2', 'mixed v1', 'k completed'])
        assert.ok(objects.includes(name), `${name} in ${objects.join(', ')}`)
      const parts = manifests.filter(({ kind, uploadId }) => kind === 'part' && uploadId === 'open').map(({ partNumber }) => partNumber)
      assert.deepEqual(
        parts.toSorted((a, b) => Number(a) - Number(b)),
        [1, 2],
      )
    },
  },
  {
    name: 'inspection: references and garbage are those of the rows',
    async run(subject) {
      await fill(subject)
      const { inspection } = subject.store
      const manifests = await inspected((query) => inspection.manifests(query))
      const references = await inspected((query) => inspection.references(query))
      const holders = new Set(manifests.map(({ manifestId }) => manifestId))
      assert.ok(references.every(({ manifestId }) => holders.has(manifestId)))
      assert.deepEqual(new Set(references.map((each): string => each.blob)), new Set(['a', 'b', 'part-open', 'part-done']))
      assert.deepEqual(
        (await inspected((query) => inspection.garbage(query))).map((each) => [each.blob, each.state]),
        [['c', 'reserved']],
      )
      assert.deepEqual(await inspected((query) => inspection.strayInline(query)), [])
    },
  },
  {
    name: 'inspection: a store that only its commands have touched contradicts itself in nothing',
    async run(subject) {
      await fill(subject)
      await remove(subject, 'blobs', { versionId: 'v2' })
      await remove(subject, 'k')
      assert.deepEqual(await subject.store.inspection.contradictions(), [])
      assert.deepEqual(await subject.store.inspection.integrity(), [])
    },
  },
  {
    name: 'close: twice is fine',
    async run({ store }) {
      await store.close()
      await store.close()
    },
  },
]
