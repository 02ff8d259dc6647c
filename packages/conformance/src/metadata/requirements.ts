import assert from 'node:assert/strict'
import {
  BUCKET,
  columnIs,
  content,
  inlineExtent,
  makeBucket,
  type MetadataCase,
  NEVER,
  newObject,
  putText,
  remove,
  requirement,
} from './support.ts'

const MINE = columnIs('owner_id', 'me')
const SMALL = { k: 'cmp', op: '<=', a: { k: 'col', n: 'size' }, b: { k: 'lit', t: 'num', v: 4 } } as const
const FORBIDDEN = { outcome: 'denied', looks: 'forbidden' } as const

/** The policy's answer, held against the rows in the commit. */
export const requirementCases: readonly MetadataCase[] = [
  {
    name: 'requirements: the proposed row has no size yet, the final one has',
    async run(subject) {
      await makeBucket(subject)
      assert.deepEqual(await putText(subject, 'k', { require: requirement({ proposed: SMALL }) }), FORBIDDEN)
      const require = requirement({ finalCreated: SMALL })
      assert.deepEqual(await putText(subject, 'k', { text: '12345', require }), FORBIDDEN)
      assert.equal((await putText(subject, 'k', { text: '1234', require })).outcome, 'committed')
    },
  },
  {
    name: 'requirements: created and replaced are asked different questions',
    async run(subject) {
      await makeBucket(subject)
      assert.deepEqual(await putText(subject, 'k', { require: requirement({ finalCreated: NEVER }) }), FORBIDDEN)
      assert.equal((await putText(subject, 'k', { require: requirement({ finalReplaced: NEVER }) })).outcome, 'committed')
      assert.deepEqual(await putText(subject, 'k', { text: 'new', require: requirement({ finalReplaced: NEVER }) }), FORBIDDEN)
      assert.equal((await putText(subject, 'k', { text: 'new', require: requirement({ finalCreated: NEVER }) })).outcome, 'committed')
      assert.equal(await content(subject, 'k'), 'new')
    },
  },
  {
    name: "requirements: of what is replaced, by the bucket's name, the key, and what is unknown",
    async run(subject) {
      await makeBucket(subject)
      await putText(subject, 'a/k', { object: { ownerId: null } })
      assert.deepEqual(await putText(subject, 'a/k', { require: requirement({ existing: MINE }) }), FORBIDDEN)
      const folder = { k: 'idx', a: { k: 'call', f: 'foldername', a: [{ k: 'col', n: 'name' }] }, i: 1 } as const
      const inA = { k: 'cmp', op: '=', a: folder, b: { k: 'lit', t: 'text', v: 'a' } } as const
      const existing = { k: 'and', a: [columnIs('bucket_id', BUCKET), inA] } as const
      assert.equal((await putText(subject, 'a/k', { require: requirement({ existing }) })).outcome, 'committed')
    },
  },
  {
    name: 'requirements: a read that is refused looks as the requirement says',
    async run(subject) {
      await makeBucket(subject)
      await putText(subject, 'k', { object: { ownerId: 'other' } })
      for (const deniedExisting of ['absent', 'forbidden'] as const) {
        const query = { bucketId: BUCKET, key: 'k', require: requirement({ existing: MINE, deniedExisting }) }
        assert.deepEqual(await subject.store.findObject(query), { outcome: deniedExisting })
        assert.deepEqual(await subject.store.findRecord(query), { outcome: deniedExisting })
        assert.deepEqual(await subject.store.listObjectParts({ ...query, after: 0, limit: 10 }), { parts: [], next: null })
      }
      const own = await subject.store.findObject({
        bucketId: BUCKET,
        key: 'k',
        require: requirement({ existing: columnIs('owner_id', 'other') }),
      })
      assert.equal(own.outcome, 'found')
    },
  },
  {
    name: 'requirements: a delete that is refused deletes nothing, and looks as the requirement says',
    async run(subject) {
      await makeBucket(subject)
      await putText(subject, 'k', { object: { ownerId: 'other' } })
      for (const looks of ['absent', 'forbidden'] as const) {
        assert.deepEqual(await remove(subject, 'k', { require: requirement({ existing: MINE, deniedExisting: looks }) }), {
          outcome: 'denied',
          looks,
        })
      }
      assert.equal(await content(subject, 'k'), 'k')
    },
  },
  {
    name: 'requirements: a delete marker is held against proposed, on an absent key too',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      await putText(subject, 'k')
      const require = requirement({ proposed: MINE })
      assert.deepEqual(await remove(subject, 'k', { require, ownerId: 'other' }), FORBIDDEN)
      assert.deepEqual(await remove(subject, 'absent', { require, ownerId: null }), FORBIDDEN)
      assert.deepEqual(await remove(subject, 'absent', { require, ownerId: 'me' }), { outcome: 'marked', versionId: 'm-absent' })
      assert.equal(await content(subject, 'k'), 'k')
    },
  },
  {
    name: 'requirements: a named version is its own existing row, a delete marker included',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      await putText(subject, 'k', { object: { versionId: 'v1', ownerId: 'me' } })
      await putText(subject, 'k', { object: { versionId: 'v2', ownerId: 'other' } })
      await remove(subject, 'k', { ownerId: 'other' })
      const require = requirement({ existing: MINE })
      assert.deepEqual(await remove(subject, 'k', { versionId: 'v2', require }), FORBIDDEN)
      // Who may not touch the marker must not bring back what it hides.
      assert.deepEqual(await remove(subject, 'k', { versionId: 'm-k', require }), FORBIDDEN)
      assert.equal((await remove(subject, 'k', { versionId: 'v1', require }))?.outcome, 'deleted')
      assert.equal(await content(subject, 'k'), '(marker)')
    },
  },
  {
    name: 'requirements: in a suspended bucket the null version that is destroyed is asked about, wherever it is',
    async run(subject) {
      await makeBucket(subject, 'suspended')
      await putText(subject, 'k', { object: { ownerId: 'other' } })
      const require = requirement({ existing: MINE })
      assert.deepEqual(await putText(subject, 'k', { text: 'new', require }), FORBIDDEN)
      assert.deepEqual(await remove(subject, 'k', { require }), FORBIDDEN)
      assert.equal(await content(subject, 'k'), 'k')
    },
  },
  {
    name: 'requirements: a refusal that looks absent answers If-Match as an absent key does',
    async run(subject) {
      await makeBucket(subject)
      await putText(subject, 'k', { object: { ownerId: 'other' } })
      const require = requirement({ existing: MINE, deniedExisting: 'absent' })
      const object = newObject('k', [inlineExtent('new')])
      const put = (conditions: object) => subject.store.commitObject({ object, conditions, require, fresh: [] })
      assert.deepEqual(await put({ ifMatch: '*' }), { outcome: 'absent' })
      assert.deepEqual(await put({}), { outcome: 'denied', looks: 'absent' })
    },
  },
]
