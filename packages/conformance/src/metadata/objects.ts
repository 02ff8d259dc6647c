import assert from 'node:assert/strict'
import type { ObjectSummary } from '@stowage/core'
import {
  ALWAYS,
  AT,
  blob,
  blobExtent,
  BUCKET,
  collect,
  columnIs,
  content,
  type Extent,
  info,
  inlineExtent,
  listQuery,
  makeBucket,
  md5,
  type MetadataCase,
  NEVER,
  newObject,
  putBlobs,
  putText,
  remove,
  requirement,
} from './support.ts'

const LATER = new Date(AT.getTime() + 60_000)
const EARLIER = new Date(AT.getTime() - 60_000)

/** What a listing must say of an object; it may say more. */
function summaryOf({
  bucketId,
  key,
  versionId,
  sequence,
  size,
  etag,
  checksum,
  headers,
  ownerId,
  createdAt,
}: ObjectSummary): ObjectSummary {
  const kind = checksum === null ? null : { algorithm: checksum.algorithm, type: checksum.type }
  return { bucketId, key, versionId, sequence, size, etag, checksum: kind, headers, ownerId, createdAt }
}

/** One key, without versions: what is committed is what is found. */
export const objectCases: readonly MetadataCase[] = [
  {
    name: 'objects: every attribute comes back as it was given',
    async run(subject) {
      await makeBucket(subject)
      const object = newObject('a/b c.txt', [inlineExtent('hello')], {
        etag: md5('hello'),
        checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value: 'AAAAAAAAAAA=' },
        headers: { contentType: 'text/plain; charset=utf-8', cacheControl: 'no-store', expires: 'never', storageClass: 'STANDARD' },
        userMetadata: { 'x"y': "it's", empty: '', emoji: '😀' },
        tags: { 'a b': 'c=d', π: '3' },
        ownerId: 'someone',
        retention: { mode: 'governance', until: LATER },
        legalHold: true,
      })
      const outcome = await subject.store.commitObject({ object, conditions: {}, require: requirement(), fresh: [] })
      assert.equal(outcome.outcome, 'committed')
      const { extents, ...facts } = object
      const found = await subject.store.findRecord({ bucketId: BUCKET, key: object.key, require: requirement() })
      assert.equal(found.outcome, 'found')
      assert.ok(found.outcome === 'found' && outcome.outcome === 'committed')
      const { manifestId, extents: stored, ...got } = found.object
      assert.ok(Number.isSafeInteger(manifestId))
      assert.deepEqual(got, { ...facts, versionId: 'null', latest: true, deleteMarker: false, sequence: got.sequence })
      assert.deepEqual(outcome.object, got)
      assert.deepEqual(await info(subject, object.key), got)
      // However it is looked for: an index that a listing reads may keep what it says beside the object.
      for (const visible of [ALWAYS, columnIs('owner_id', 'someone')]) {
        const { objects } = await subject.store.listObjects(listQuery({ visible }))
        assert.deepEqual(objects.map(summaryOf), [summaryOf(got)])
      }
      assert.deepEqual(
        stored.map((extent) => ({ ...extent, bytes: Buffer.from(extent.kind === 'inline' ? extent.bytes : []) })),
        extents,
      )
    },
  },
  ...[0, 1, 4096, 65_536, 1_048_576].map((size): MetadataCase => ({
    name: `objects: ${size} inline bytes come back whole`,
    async run(subject) {
      await makeBucket(subject)
      const bytes = Buffer.alloc(size, 'bytes of all kinds \0\x01ÿ')
      const object = newObject('k', [inlineExtent(bytes)])
      assert.equal((await subject.store.commitObject({ object, conditions: {}, require: requirement(), fresh: [] })).outcome, 'committed')
      const found = await subject.store.findRecord({ bucketId: BUCKET, key: 'k', require: requirement() })
      assert.ok(found.outcome === 'found' && found.object.extents[0]?.kind === 'inline')
      assert.ok(Buffer.from(found.object.extents[0].bytes).equals(bytes))
    },
  })),
  {
    name: 'objects: a list of extents keeps its order, inline runs, cuts, checksums and envelopes',
    async run(subject) {
      await makeBucket(subject)
      const envelope = { scheme: 's', dataKeyId: 'key-1', salt: Buffer.from([1, 2, 3]), frameSize: 65_536, firstFrame: 3, skip: 17 }
      const extents = [
        { ...blobExtent('x/1', 70_000), storedOffset: 5, storedLength: 70_016, crc32c: 4_294_967_295, envelope },
        { ...inlineExtent('sealed'), envelope: { ...envelope, frameSize: 4096, firstFrame: 0, skip: 0 } },
        { ...blobExtent('x/1', 3), storedOffset: 5_000_000_000, storedLength: 3, crc32c: null },
        inlineExtent('plain'),
        blobExtent('x/2', 5_497_558_138_880),
      ]
      const fresh = [blob('x/1'), blob('x/2')]
      await subject.store.reserveBlobs({ processId: 'p', blobs: fresh })
      const outcome = await subject.store.commitObject({ object: newObject('k', extents), conditions: {}, require: requirement(), fresh })
      assert.equal(outcome.outcome, 'committed')
      const found = await subject.store.findRecord({ bucketId: BUCKET, key: 'k', require: requirement() })
      assert.ok(found.outcome === 'found')
      const plain = (list: readonly Extent[]): unknown =>
        list.map((extent) => ({
          ...extent,
          bytes: extent.kind === 'inline' ? Buffer.from(extent.bytes).toString() : null,
          envelope: extent.envelope === null ? null : { ...extent.envelope, salt: Buffer.from(extent.envelope.salt).toString('hex') },
        }))
      assert.deepEqual(plain(found.object.extents), plain(extents))
    },
  },
  {
    name: 'objects: a put replaces, says what it replaced, and orders itself behind it',
    async run(subject) {
      await makeBucket(subject)
      const first = await putBlobs(subject, 'k', ['one', 'two'])
      const second = await putText(subject, 'k', { text: 'new' })
      assert.ok(first.outcome === 'committed' && second.outcome === 'committed')
      assert.equal(first.replaced, null)
      assert.deepEqual(second.replaced, first.object)
      assert.ok(second.object.sequence > first.object.sequence)
      assert.equal(await content(subject, 'k'), 'new')
      assert.deepEqual(await collect(subject), ['one', 'two'])
    },
  },
  {
    name: 'objects: what is not there is absent, or forbidden where absence is a secret',
    async run(subject) {
      await makeBucket(subject)
      const find = (whenAbsent: 'absent' | 'forbidden') =>
        subject.store.findObject({ bucketId: BUCKET, key: 'k', require: requirement({ whenAbsent }) })
      assert.deepEqual(await find('absent'), { outcome: 'absent' })
      assert.deepEqual(await find('forbidden'), { outcome: 'forbidden' })
    },
  },
  {
    name: 'objects: a delete removes the key; deleting what is not there is no mistake',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['one'])
      const gone = { outcome: 'deleted', versionId: null, deleteMarker: false }
      assert.deepEqual(await remove(subject, 'k'), gone)
      assert.deepEqual(await remove(subject, 'k'), gone)
      assert.equal(await content(subject, 'k'), null)
      assert.deepEqual(await collect(subject), ['one'])
    },
  },
  {
    name: 'objects: each key of a bulk delete has its own outcome, in the order asked',
    async run(subject) {
      await makeBucket(subject)
      for (const key of ['a', 'b', 'c']) await putText(subject, key)
      const base = { markerVersionId: 'm', bypassGovernance: null, ownerId: null, conditions: {}, require: requirement() }
      const outcomes = await subject.store.deleteObjects({
        bucketId: BUCKET,
        at: AT,
        keys: [
          { ...base, key: 'c' },
          { ...base, key: 'a', require: requirement({ existing: NEVER }) },
          { ...base, key: 'missing' },
          { ...base, key: 'b', conditions: { ifMatch: ['other'] } },
          { ...base, key: 'c' },
        ],
      })
      assert.deepEqual(
        outcomes.map(({ outcome }) => outcome),
        ['deleted', 'denied', 'deleted', 'precondition', 'deleted'],
      )
      assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((key) => content(subject, key))), ['a', 'b', null])
    },
  },
  {
    name: 'objects: a thousand keys are deleted in one call',
    async run(subject) {
      await makeBucket(subject)
      const keys = Array.from({ length: 1000 }, (_, at) => `k${at}`)
      await Promise.all(keys.slice(0, 60).map((key) => putText(subject, key)))
      const base = { markerVersionId: 'm', bypassGovernance: null, ownerId: null, conditions: {}, require: requirement() }
      const outcomes = await subject.store.deleteObjects({ bucketId: BUCKET, at: AT, keys: keys.map((key) => ({ ...base, key })) })
      assert.equal(outcomes.filter(({ outcome }) => outcome === 'deleted').length, 1000)
      assert.equal((await subject.store.inspection.counts()).objects, 0)
    },
  },
]

/** If-Match and its kin, against the row that is there in the commit. */
export const conditionCases: readonly MetadataCase[] = [
  {
    name: 'conditions: If-None-Match * creates once',
    async run(subject) {
      await makeBucket(subject)
      const create = () => putText(subject, 'k', { conditions: { ifNoneMatch: '*' } })
      assert.equal((await create()).outcome, 'committed')
      assert.deepEqual(await create(), { outcome: 'precondition', condition: 'ifNoneMatch' })
    },
  },
  ...(
    [
      ['If-Match with the ETag', { ifMatch: [md5('k')] }, 'committed'],
      ['If-Match with another', { ifMatch: ['other'] }, 'ifMatch'],
      ['If-Match with one of several', { ifMatch: ['other', md5('k')] }, 'committed'],
      ['If-Match *', { ifMatch: '*' }, 'committed'],
      ['If-Match with a weak tag', { ifMatch: [`W/${md5('k')}`] }, 'ifMatch'],
      ['If-None-Match with another', { ifNoneMatch: ['other'] }, 'committed'],
      ['If-None-Match with the ETag', { ifNoneMatch: [md5('k')] }, 'ifNoneMatch'],
      ['If-Unmodified-Since later', { ifUnmodifiedSince: LATER }, 'committed'],
      ['If-Unmodified-Since earlier', { ifUnmodifiedSince: EARLIER }, 'ifUnmodifiedSince'],
      ['If-Unmodified-Since in the same second', { ifUnmodifiedSince: new Date(Math.floor(AT.getTime() / 1000) * 1000) }, 'committed'],
      ['If-Match before If-Unmodified-Since', { ifMatch: [md5('k')], ifUnmodifiedSince: EARLIER }, 'committed'],
      ['If-Match before If-None-Match', { ifMatch: ['other'], ifNoneMatch: '*' }, 'ifMatch'],
    ] as const
  ).map(([name, conditions, expected]): MetadataCase => ({
    name: `conditions: ${name}`,
    async run(subject) {
      await makeBucket(subject)
      await putText(subject, 'k')
      const outcome = await putText(subject, 'k', { text: 'new', conditions })
      assert.equal(outcome.outcome === 'precondition' ? outcome.condition : outcome.outcome, expected)
      assert.equal(await content(subject, 'k'), expected === 'committed' ? 'new' : 'k')
    },
  })),
  {
    name: 'conditions: If-Match on a key that holds nothing, and on a delete',
    async run(subject) {
      await makeBucket(subject)
      const conditions = { ifMatch: ['x'] }
      assert.deepEqual(await putText(subject, 'k', { conditions }), { outcome: 'absent' })
      assert.deepEqual(await remove(subject, 'k', { conditions }), { outcome: 'absent' })
      const secret = requirement({ whenAbsent: 'forbidden' })
      assert.deepEqual(await putText(subject, 'k', { conditions, require: secret }), { outcome: 'denied', looks: 'forbidden' })
      await putText(subject, 'k')
      assert.deepEqual(await remove(subject, 'k', { conditions }), { outcome: 'precondition', condition: 'ifMatch' })
      assert.deepEqual(await remove(subject, 'k', { conditions: { ifMatch: [md5('k')] } }), {
        outcome: 'deleted',
        versionId: null,
        deleteMarker: false,
      })
    },
  },
  {
    name: 'conditions: over a delete marker they see nothing',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      await putText(subject, 'k')
      await remove(subject, 'k')
      assert.deepEqual(await putText(subject, 'k', { conditions: { ifMatch: '*' } }), { outcome: 'absent' })
      assert.equal((await putText(subject, 'k', { conditions: { ifNoneMatch: '*' }, object: { versionId: 'v2' } })).outcome, 'committed')
    },
  },
  {
    name: 'conditions: a refused put touches nothing, its blobs stay reserved',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['old'])
      const outcome = await putBlobs(subject, 'k', { names: ['new'], conditions: { ifNoneMatch: '*' } })
      assert.equal(outcome.outcome, 'precondition')
      assert.deepEqual(await collect(subject), [])
      assert.deepEqual(await subject.store.abandonBlobs([blob('new'), blob('old')]), [blob('new')])
      assert.equal(await content(subject, 'k'), '<old>')
    },
  },
  {
    name: 'conditions: a put that may not see what it replaces is refused before its conditions',
    async run(subject) {
      await makeBucket(subject)
      await putText(subject, 'k', { object: { ownerId: 'other' } })
      const require = requirement({ existing: columnIs('owner_id', 'me') })
      assert.deepEqual(await putText(subject, 'k', { require, conditions: { ifNoneMatch: '*' } }), {
        outcome: 'denied',
        looks: 'forbidden',
      })
    },
  },
]
