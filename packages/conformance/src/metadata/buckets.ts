import assert from 'node:assert/strict'
import type { BucketRequirement } from '@stowage/core/metadata'
import {
  ALWAYS,
  AT,
  blobExtent,
  bucket,
  BUCKET,
  columnIs,
  completion,
  content,
  makeBucket,
  type MetadataCase,
  newUpload,
  NEVER,
  putText,
  remove,
  requirement,
  collect,
  sendPart,
  inlineExtent,
  target,
} from './support.ts'

/** Buckets: named by jurisdiction and name, known by id. */
export const bucketCases: readonly MetadataCase[] = [
  {
    name: 'buckets: what is created is found, whole',
    async run({ store }) {
      const made = bucket({ public: true, versioning: 'suspended' })
      assert.deepEqual(await store.createBucket({ bucket: made, require: requirement() }), { outcome: 'created' })
      assert.deepEqual(await store.findBucket({ jurisdiction: 'default', name: BUCKET }), made)
      assert.equal(await store.findBucket({ jurisdiction: 'default', name: 'bucket' }), null)
      assert.equal(await store.findBucket({ jurisdiction: 'eu', name: BUCKET }), null)
    },
  },
  {
    name: 'buckets: a name is taken once in a jurisdiction, and who has it is told',
    async run(subject) {
      await makeBucket(subject)
      const { store } = subject
      const again = await store.createBucket({ bucket: bucket({ id: 'other', account: 'rival' }), require: requirement() })
      assert.deepEqual(again, { outcome: 'exists', account: 'acme' })
      const elsewhere = await store.createBucket({ bucket: bucket({ id: 'other', jurisdiction: 'eu' }), require: requirement() })
      assert.deepEqual(elsewhere, { outcome: 'created' })
    },
  },
  {
    name: 'buckets: a bucket that is refused is not created',
    async run({ store }) {
      for (const require of [requirement({ proposed: NEVER }), requirement({ proposed: columnIs('account', 'rival') })]) {
        assert.deepEqual(await store.createBucket({ bucket: bucket(), require }), { outcome: 'denied', looks: 'forbidden' })
      }
      assert.equal(await store.findBucket({ jurisdiction: 'default', name: BUCKET }), null)
      const own = requirement({ proposed: columnIs('account', 'acme') })
      assert.deepEqual(await store.createBucket({ bucket: bucket(), require: own }), { outcome: 'created' })
    },
  },
  {
    name: 'buckets: only an empty one is deleted; versions and markers keep it',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject, 'enabled')
      await putText(subject, 'k')
      const drop = () => store.deleteBucket({ bucketId: BUCKET, require: requirement() })
      assert.deepEqual(await drop(), { outcome: 'not-empty' })
      await remove(subject, 'k')
      assert.deepEqual(await drop(), { outcome: 'not-empty' })
      await remove(subject, 'k', { versionId: 'v1' })
      assert.deepEqual(await drop(), { outcome: 'not-empty' })
      await remove(subject, 'k', { versionId: 'm-k' })
      assert.deepEqual(await drop(), { outcome: 'deleted' })
      assert.deepEqual(await drop(), { outcome: 'bucket-gone' })
      assert.equal(await store.findBucket({ jurisdiction: 'default', name: BUCKET }), null)
    },
  },
  {
    name: 'buckets: open uploads go with their bucket, and their blobs are garbage',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      await store.createUpload({ upload: newUpload('u1'), require: requirement() })
      await sendPart(subject, 'u1', { number: 1, extents: [inlineExtent('inline')] })
      await sendPart(subject, 'u1', { number: 2, extents: [blobExtent('of-part')], fresh: ['of-part'] })
      assert.deepEqual(await store.deleteBucket({ bucketId: BUCKET, require: requirement() }), { outcome: 'deleted' })
      assert.equal((await store.inspection.counts()).uploads, 0)
      assert.deepEqual(await collect(subject), ['of-part'])
    },
  },
  {
    name: 'buckets: one that was deleted and made again is another one',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      await store.deleteBucket({ bucketId: BUCKET, require: requirement() })
      await store.createBucket({ bucket: bucket({ id: 'again' }), require: requirement() })
      assert.deepEqual(await putText(subject, 'k'), { outcome: 'bucket-gone' })
      assert.deepEqual(await remove(subject, 'k'), { outcome: 'bucket-gone' })
      assert.deepEqual(await store.createUpload({ upload: newUpload('u'), require: requirement() }), { outcome: 'bucket-gone' })
    },
  },
  {
    name: 'buckets: versioning is set, and what was decided under the former one is decided again, in this bucket only',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      await store.createBucket({ bucket: bucket({ id: 'other', name: 'other' }), require: requirement() })
      await putText(subject, 'k')
      const off: BucketRequirement = { ...requirement(), versioning: 'off' }
      const enabled: BucketRequirement = { ...requirement(), versioning: 'enabled' }
      await store.createUpload({ upload: newUpload('u'), require: off })
      assert.deepEqual(await store.setVersioning({ bucketId: BUCKET, versioning: 'enabled', require: off }), { outcome: 'set' })
      assert.equal(await store.policyVersion(), 1)
      assert.equal((await store.findBucket({ jurisdiction: 'default', name: BUCKET }))?.versioning, 'enabled')
      const changed = { outcome: 'bucket-changed' }
      assert.deepEqual(await store.setVersioning({ bucketId: BUCKET, versioning: 'suspended', require: off }), changed)
      assert.deepEqual(await putText(subject, 'k', { require: off }), changed)
      assert.deepEqual(await remove(subject, 'k', { require: off }), changed)
      assert.deepEqual(await store.createUpload({ upload: newUpload('late'), require: off }), changed)
      assert.deepEqual(await store.completeUpload(completion('u', [1], { require: off })), changed)
      assert.deepEqual(await store.abortUpload(target('u', { require: off })), changed)
      assert.deepEqual(await store.deleteBucket({ bucketId: BUCKET, require: off }), changed)
      assert.equal(await content(subject, 'k'), 'k')
      assert.equal((await putText(subject, 'k', { require: off, object: { bucketId: 'other' } })).outcome, 'committed')
      assert.equal((await putText(subject, 'k', { require: enabled, text: 'second' })).outcome, 'committed')
      assert.equal((await remove(subject, 'k', { require: enabled }))?.outcome, 'marked')
      assert.deepEqual(await store.abortUpload(target('u', { require: enabled })), { outcome: 'aborted' })
    },
  },
  {
    name: 'buckets: versioning is set again as it is; of a bucket that is gone, or may not be changed, it is not set',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject, 'enabled')
      const require = requirement()
      assert.deepEqual(await store.setVersioning({ bucketId: BUCKET, versioning: 'enabled', require }), { outcome: 'set' })
      assert.deepEqual(await store.setVersioning({ bucketId: 'nowhere', versioning: 'enabled', require }), { outcome: 'bucket-gone' })
      const denied = { ...require, existing: columnIs('account', 'rival'), deniedExisting: 'forbidden' as const }
      assert.deepEqual(await store.setVersioning({ bucketId: BUCKET, versioning: 'suspended', require: denied }), {
        outcome: 'denied',
        looks: 'forbidden',
      })
      assert.equal((await store.findBucket({ jurisdiction: 'default', name: BUCKET }))?.versioning, 'enabled')
    },
  },
  {
    name: 'buckets: deleting one that may not be deleted changes nothing, and looks as it should',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      for (const looks of ['absent', 'forbidden'] as const) {
        const require = requirement({ existing: columnIs('account', 'rival'), deniedExisting: looks })
        assert.deepEqual(await store.deleteBucket({ bucketId: BUCKET, require }), { outcome: 'denied', looks })
      }
      assert.ok(await store.findBucket({ jurisdiction: 'default', name: BUCKET }))
    },
  },
  {
    name: 'buckets: listed by name, by account, by prefix, as far as they are visible, page by page',
    async run({ store }) {
      const names = ['a', 'b', 'b-1', 'b-2', 'c']
      for (const [at, name] of names.entries()) {
        await store.createBucket({
          bucket: bucket({ id: `id${at}`, name, account: at % 2 === 0 ? 'even' : 'odd', jurisdiction: name === 'c' ? 'eu' : 'default' }),
          require: requirement(),
        })
      }
      const list = async (more: object): Promise<readonly string[]> => {
        const found: string[] = []
        let after: string | null = null
        do {
          const page: Awaited<ReturnType<typeof store.listBuckets>> = await store.listBuckets({
            jurisdiction: null,
            account: null,
            visible: ALWAYS,
            prefix: '',
            limit: 2,
            after,
            ...more,
          })
          found.push(...page.buckets.map(({ name }) => name))
          after = page.next
        } while (after !== null)
        return found
      }
      assert.deepEqual(await list({}), names)
      assert.deepEqual(await list({ account: 'even' }), ['a', 'b-1', 'c'])
      assert.deepEqual(await list({ jurisdiction: 'eu' }), ['c'])
      assert.deepEqual(await list({ jurisdiction: 'default', account: 'even' }), ['a', 'b-1'])
      assert.deepEqual(await list({ prefix: 'b' }), ['b', 'b-1', 'b-2'])
      assert.deepEqual(await list({ visible: columnIs('account', 'odd') }), ['b', 'b-2'])
      assert.deepEqual(await list({ visible: NEVER }), [])
      assert.deepEqual(
        (await store.listBuckets({ jurisdiction: null, account: null, visible: ALWAYS, prefix: '', limit: 9, after: 'b' })).next,
        null,
      )
    },
  },
  {
    name: 'policy: raised only from what it is, and commits under another version are turned back',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      assert.equal(await store.policyVersion(), 1)
      assert.equal(await store.raisePolicyVersion(1), 2)
      assert.equal(await store.raisePolicyVersion(1), 2)
      assert.equal(await store.policyVersion(), 2)
      const changed = { outcome: 'policy-changed', policyVersion: 2 }
      assert.deepEqual(await putText(subject, 'k'), changed)
      assert.deepEqual(await remove(subject, 'k'), changed)
      assert.deepEqual(await store.createUpload({ upload: newUpload('u'), require: requirement() }), changed)
      assert.deepEqual(
        await store.createBucket({ bucket: bucket({ id: 'x', name: 'x-1', createdAt: AT }), require: requirement() }),
        changed,
      )
      assert.deepEqual(await store.deleteBucket({ bucketId: BUCKET, require: requirement() }), changed)
      assert.equal((await putText(subject, 'k', { require: requirement({ policyVersion: 2 }) })).outcome, 'committed')
    },
  },
]
