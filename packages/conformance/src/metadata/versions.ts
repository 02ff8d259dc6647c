import assert from 'node:assert/strict'
import {
  ALWAYS,
  AT,
  BUCKET,
  collect,
  columnIs,
  content,
  info,
  listQuery,
  makeBucket,
  type MetadataCase,
  type MetadataSubject,
  NEVER,
  putBlobs,
  putText,
  remove,
  requirement,
} from './support.ts'

/** Keys, versions and what each row says of itself, as a listing of versions shows them. */
async function history({ store }: MetadataSubject): Promise<readonly string[]> {
  const { versions } = await store.listVersions({ ...listQuery(), position: null })
  return versions.map((each) => `${each.key} ${each.versionId}${each.deleteMarker ? ' marker' : ''}${each.latest ? ' latest' : ''}`)
}

const put = (subject: MetadataSubject, versionId: string, more: object = {}) =>
  putText(subject, 'k', { text: versionId, object: { versionId, ...more } })

/** Versions, delete markers, and what protects them. */
export const versionCases: readonly MetadataCase[] = [
  {
    name: 'versions: off: every version is the null version, and replaces it',
    async run(subject) {
      await makeBucket(subject)
      await put(subject, 'v1')
      await put(subject, 'v2')
      assert.deepEqual(await history(subject), ['k null latest'])
      assert.equal(await content(subject, 'k', 'null'), 'v2')
      assert.equal(await content(subject, 'k', 'v2'), null)
    },
  },
  {
    name: 'versions: enabled: a put keeps the former version, a delete leaves a marker',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      await put(subject, 'v1')
      await put(subject, 'v2')
      assert.deepEqual(await remove(subject, 'k', { markerVersionId: 'm1', ownerId: 'me' }), { outcome: 'marked', versionId: 'm1' })
      assert.deepEqual(await history(subject), ['k m1 marker latest', 'k v2', 'k v1'])
      assert.equal(await content(subject, 'k'), '(marker)')
      assert.equal(await content(subject, 'k', 'v1'), 'v1')
      const marker = await info(subject, 'k', 'm1')
      assert.deepEqual([marker?.deleteMarker, marker?.latest, marker?.size, marker?.ownerId, marker?.createdAt], [true, true, 0, 'me', AT])
      assert.deepEqual((await subject.store.listObjects(listQuery())).objects, [])
    },
  },
  {
    name: 'versions: deleting the current one, or its marker, brings the newest below it back',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      for (const version of ['v1', 'v2', 'v3']) await put(subject, version)
      await remove(subject, 'k', { markerVersionId: 'm1' })
      assert.deepEqual(await remove(subject, 'k', { versionId: 'm1' }), { outcome: 'deleted', versionId: 'm1', deleteMarker: true })
      assert.equal(await content(subject, 'k'), 'v3')
      assert.deepEqual(await remove(subject, 'k', { versionId: 'v3' }), { outcome: 'deleted', versionId: 'v3', deleteMarker: false })
      assert.deepEqual(await history(subject), ['k v2 latest', 'k v1'])
      assert.equal((await subject.store.listObjects(listQuery())).objects[0]?.versionId, 'v2')
    },
  },
  {
    name: 'versions: a marker on top of a marker, and what deleting them brings back',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      await put(subject, 'v1')
      await remove(subject, 'k', { markerVersionId: 'm1' })
      await remove(subject, 'k', { markerVersionId: 'm2' })
      await remove(subject, 'k', { versionId: 'm2' })
      assert.deepEqual(await history(subject), ['k m1 marker latest', 'k v1'])
      await remove(subject, 'k', { versionId: 'm1' })
      assert.deepEqual(await history(subject), ['k v1 latest'])
    },
  },
  {
    name: 'versions: deleting one below the current one leaves the current one',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      for (const version of ['v1', 'v2', 'v3']) await put(subject, version)
      await remove(subject, 'k', { versionId: 'v2' })
      assert.deepEqual(await history(subject), ['k v3 latest', 'k v1'])
      assert.deepEqual(await remove(subject, 'k', { versionId: 'v2' }), { outcome: 'deleted', versionId: 'v2', deleteMarker: false })
    },
  },
  {
    name: 'versions: a marker on a key that never was',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      assert.deepEqual(await remove(subject, 'k'), { outcome: 'marked', versionId: 'm-k' })
      assert.deepEqual(await history(subject), ['k m-k marker latest'])
    },
  },
  {
    name: 'versions: suspended: the null version is replaced, even below a marker',
    async run(subject) {
      await makeBucket(subject, 'suspended')
      await putBlobs(subject, 'k', ['one'])
      assert.deepEqual(await remove(subject, 'k'), { outcome: 'marked', versionId: 'null' })
      assert.deepEqual(await history(subject), ['k null marker latest'])
      assert.deepEqual(await collect(subject), ['one'])
      await put(subject, 'ignored')
      assert.deepEqual(await history(subject), ['k null latest'])
    },
  },
  {
    name: 'versions: their blobs live as long as one of them does',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      await putBlobs(subject, 'k', { names: ['one'], object: { versionId: 'v1' } })
      await putBlobs(subject, 'k', { names: ['two'], object: { versionId: 'v2' } })
      await remove(subject, 'k')
      assert.deepEqual(await collect(subject), [])
      await remove(subject, 'k', { versionId: 'v1' })
      assert.deepEqual(await collect(subject), ['one'])
      assert.equal(await content(subject, 'k', 'v2'), '<two>')
    },
  },
  {
    name: 'locks: governance yields to who may bypass it, compliance and legal holds to nobody',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      const until = new Date(AT.getTime() + 10_000)
      await put(subject, 'v1', { retention: { mode: 'governance', until }, ownerId: 'me' })
      await put(subject, 'v2', { retention: { mode: 'compliance', until } })
      await put(subject, 'v3', { legalHold: true })
      const drop = (versionId: string, bypassGovernance = NEVER as typeof NEVER | null) =>
        remove(subject, 'k', { versionId, bypassGovernance })
      for (const version of ['v1', 'v2', 'v3']) assert.deepEqual(await drop(version, null), { outcome: 'locked', versionId: version })
      for (const version of ['v2', 'v3']) assert.deepEqual(await drop(version, ALWAYS), { outcome: 'locked', versionId: version })
      assert.equal((await drop('v1', columnIs('owner_id', 'other')))?.outcome, 'locked')
      assert.equal((await drop('v1', columnIs('owner_id', 'me')))?.outcome, 'deleted')
    },
  },
  {
    name: "locks: end with their time, by the store's clock",
    async run(subject) {
      await makeBucket(subject, 'enabled')
      await put(subject, 'v1', { retention: { mode: 'compliance', until: new Date(AT.getTime() + 10_000) } })
      subject.advance(9000)
      assert.equal((await remove(subject, 'k', { versionId: 'v1' }))?.outcome, 'locked')
      subject.advance(1001)
      assert.equal((await remove(subject, 'k', { versionId: 'v1' }))?.outcome, 'deleted')
    },
  },
  {
    name: 'locks: a marker may hide what is locked, a put may cover it',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      await put(subject, 'v1', { legalHold: true })
      assert.equal((await put(subject, 'v2')).outcome, 'committed')
      assert.equal((await remove(subject, 'k'))?.outcome, 'marked')
      assert.equal(await content(subject, 'k', 'v1'), 'v1')
    },
  },
  {
    name: 'locks: a put that would destroy what is locked is refused',
    async run(subject) {
      await makeBucket(subject, 'suspended')
      await put(subject, 'null', { legalHold: true })
      assert.deepEqual(await put(subject, 'null'), { outcome: 'locked', versionId: 'null' })
      assert.deepEqual(await remove(subject, 'k'), { outcome: 'locked', versionId: 'null' })
      assert.equal(await content(subject, 'k'), 'null')
    },
  },
  {
    name: 'versions: none is found under another key, bucket or id',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      await put(subject, 'v1')
      assert.equal(await content(subject, 'k2', 'v1'), null)
      assert.equal(await content(subject, 'k', 'V1'), null)
      assert.equal(
        (await subject.store.findObject({ bucketId: `${BUCKET}x`, key: 'k', versionId: 'v1', require: requirement() })).outcome,
        'absent',
      )
    },
  },
]
