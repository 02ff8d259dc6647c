import assert from 'node:assert/strict'
import {
  blob,
  blobExtent,
  BUCKET,
  collect,
  content,
  deletion,
  makeBucket,
  newObject,
  PROCESS,
  putBlobs,
  putText,
  remove,
  requirement,
  shareBlobs,
  AT,
} from './support.ts'
import type { MetadataCase, MetadataSubject } from './support.ts'

const GRACE = { graceSeconds: 10, leaseSeconds: 60, limit: 100 }

async function claim({ store }: MetadataSubject, more: object = {}): Promise<readonly string[]> {
  return (await store.claimGarbage({ ...GRACE, ...more })).map((each): string => each.blob).toSorted()
}
const beat = ({ store }: MetadataSubject, processId: string, oldestReadAgeMs: number | null = null) =>
  store.heartbeat({ processId, oldestReadAgeMs })

/** Every blob the store knows, and how: `held` or its state as garbage. */
async function known({ store }: MetadataSubject): Promise<Readonly<Record<string, string>>> {
  const all = { after: null, limit: 1000 }
  const held = (await store.inspection.references(all)).rows.map((each) => [each.blob, 'held'] as const)
  const garbage = (await store.inspection.garbage(all)).rows.map((each) => [each.blob, each.state] as const)
  const names = [...new Set(held.map(([name]) => name)), ...garbage.map(([name]) => name)]
  assert.equal(new Set(names).size, names.length, 'no blob is both held and garbage')
  return Object.fromEntries([...held, ...garbage])
}

/** Blobs: what holds them, when they are garbage, and who may delete them when. */
export const blobCases: readonly MetadataCase[] = [
  {
    name: 'blobs: reserved, then held, then queued, then claimed, then forgotten',
    async run(subject) {
      await makeBucket(subject)
      await subject.store.reserveBlobs({ processId: PROCESS, blobs: [blob('x')] })
      assert.deepEqual(await known(subject), { x: 'reserved' })
      const object = newObject('k', [blobExtent('x')])
      await subject.store.commitObject({ object, conditions: {}, require: requirement(), fresh: [blob('x')] })
      assert.deepEqual(await known(subject), { x: 'held' })
      await remove(subject, 'k')
      assert.deepEqual(await known(subject), { x: 'queued' })
      assert.deepEqual(await collect(subject), ['x'])
      assert.deepEqual(await known(subject), { x: 'claimed' })
      await subject.store.forgetGarbage([blob('x')])
      assert.deepEqual(await known(subject), {})
    },
  },
  {
    name: 'blobs: what was never reserved cannot be committed as fresh, nor what another took',
    async run(subject) {
      await makeBucket(subject)
      const put = (name: string) =>
        subject.store.commitObject({
          object: newObject('k', [blobExtent(name)]),
          conditions: {},
          require: requirement(),
          fresh: [blob(name)],
        })
      assert.deepEqual(await put('unheard-of'), { outcome: 'blob-gone', fresh: true })
      await subject.store.reserveBlobs({ processId: PROCESS, blobs: [blob('x')] })
      await subject.store.abandonBlobs([blob('x')])
      assert.deepEqual(await put('x'), { outcome: 'blob-gone', fresh: true })
      assert.equal(await content(subject, 'k'), null)
      assert.deepEqual(await known(subject), { x: 'queued' })
    },
  },
  {
    name: 'blobs: those that are reserved are found among others',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['held'])
      await store.reserveBlobs({ processId: PROCESS, blobs: ['a', 'b', 'c'].map(blob) })
      const wanted = ['held', 'b', 'never-heard-of', 'c'].map(blob)
      const found = await store.reservedAmong([...wanted, { ...blob('a'), backendId: 'another' }])
      assert.deepEqual(found.map((each): string => each.blob).toSorted(), ['b', 'c'])
      assert.deepEqual(await store.reservedAmong([]), [])
    },
  },
  {
    name: 'blobs: abandoning turns what is reserved over to the collector, and nothing else',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['held'])
      await subject.store.reserveBlobs({ processId: PROCESS, blobs: [blob('reserved')] })
      const abandoned = await subject.store.abandonBlobs([blob('held'), blob('reserved'), blob('unheard-of')])
      assert.deepEqual(abandoned, [blob('reserved')])
      assert.deepEqual(await known(subject), { held: 'held', reserved: 'queued' })
      assert.deepEqual(await subject.store.abandonBlobs([blob('reserved')]), [])
    },
  },
  {
    name: 'blobs: a copy shares them; the last holder to go makes them garbage',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'a', ['x', 'y'])
      assert.equal((await shareBlobs(subject, 'b', ['y', 'x', 'y'])).outcome, 'committed')
      await remove(subject, 'a')
      assert.deepEqual(await collect(subject), [])
      await putText(subject, 'b')
      assert.deepEqual(await collect(subject), ['x', 'y'])
    },
  },
  {
    name: 'blobs: an object that takes its own blobs over keeps them',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['x', 'y'])
      assert.equal((await shareBlobs(subject, 'k', ['y'])).outcome, 'committed')
      assert.equal(await content(subject, 'k'), '<y>')
      assert.deepEqual(await collect(subject), ['x'])
    },
  },
  {
    name: 'blobs: what has lost its last reference gains none any more',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['x'])
      await remove(subject, 'k')
      const gone = { outcome: 'blob-gone', fresh: false }
      assert.deepEqual(await shareBlobs(subject, 'copy', ['x']), gone)
      await collect(subject)
      assert.deepEqual(await shareBlobs(subject, 'copy', ['x']), gone)
      assert.equal(await content(subject, 'copy'), null)
    },
  },
  {
    name: 'blobs: one fresh beside one shared, and none of them where one is gone',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'a', ['shared'])
      await subject.store.reserveBlobs({ processId: PROCESS, blobs: [blob('fresh')] })
      const put = (name: string) =>
        subject.store.commitObject({
          object: newObject('b', [blobExtent(name), blobExtent('fresh')]),
          conditions: {},
          require: requirement(),
          fresh: [blob('fresh')],
        })
      assert.deepEqual(await put('gone'), { outcome: 'blob-gone', fresh: false })
      assert.deepEqual(await known(subject), { shared: 'held', fresh: 'reserved' })
      assert.equal((await put('shared')).outcome, 'committed')
      assert.deepEqual(await known(subject), { shared: 'held', fresh: 'held' })
    },
  },
  {
    name: 'garbage: waits for its grace',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['x'])
      await remove(subject, 'k')
      subject.advance(9_999)
      assert.deepEqual(await claim(subject), [])
      subject.advance(2)
      assert.deepEqual(await claim(subject), ['x'])
      assert.deepEqual(await claim(subject), [])
    },
  },
  {
    name: 'garbage: waits for a heartbeat of every live process, made after it was queued',
    async run(subject) {
      await makeBucket(subject)
      for (const process of ['p1', 'p2']) await beat(subject, process)
      await putBlobs(subject, 'k', ['x'])
      await remove(subject, 'k')
      subject.advance(10_001)
      await beat(subject, 'p1')
      assert.deepEqual(await claim(subject), [])
      await beat(subject, 'p2')
      assert.deepEqual(await claim(subject), ['x'])
    },
  },
  {
    name: 'garbage: waits for the reads that may still need it, of live processes only',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['x'])
      await remove(subject, 'k')
      subject.advance(30_000)
      // Began before the blob was queued, then long behind it.
      await beat(subject, 'p1', 30_001)
      assert.deepEqual(await claim(subject), [])
      await beat(subject, 'p1', 21_000)
      assert.deepEqual(await claim(subject), [], 'a read within the grace may have looked before')
      await beat(subject, 'p1', 19_000)
      assert.deepEqual(await claim(subject), ['x'])
      await subject.store.forgetGarbage([blob('x')])
      await putBlobs(subject, 'k', ['y'])
      await remove(subject, 'k')
      await beat(subject, 'p1', 5_000)
      subject.advance(60_001)
      assert.deepEqual(await claim(subject), ['y'], 'a dead process reads nothing')
    },
  },
  {
    name: 'garbage: claims of a collector that died are given out again',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['x'])
      await remove(subject, 'k')
      subject.advance(10_001)
      assert.deepEqual(await claim(subject), ['x'])
      subject.advance(59_000)
      assert.deepEqual(await claim(subject), [])
      subject.advance(1_001)
      assert.deepEqual(await claim(subject), ['x'])
    },
  },
  {
    name: 'garbage: no more than asked for, and all of it in the end',
    async run(subject) {
      await makeBucket(subject)
      const names = Array.from({ length: 25 }, (_, at) => `x${String(at).padStart(2, '0')}`)
      await putBlobs(subject, 'k', names)
      await remove(subject, 'k')
      subject.advance(10_001)
      const found: string[] = []
      for (;;) {
        const some = await claim(subject, { limit: 10 })
        assert.ok(some.length <= 10)
        if (some.length === 0) break
        found.push(...some)
      }
      assert.deepEqual(found.toSorted(), names)
    },
  },
  {
    name: 'processes: what a dead one had reserved is garbage, and it is told when it wakes',
    async run(subject) {
      await makeBucket(subject)
      assert.deepEqual(await beat(subject, 'p1'), { lapsed: false })
      await subject.store.reserveBlobs({ processId: 'p1', blobs: [blob('x')] })
      subject.advance(59_000)
      assert.deepEqual(await claim(subject), [])
      subject.advance(1_001)
      assert.deepEqual(await claim(subject), ['x'])
      assert.deepEqual(await beat(subject, 'p1'), { lapsed: true })
      assert.deepEqual(await beat(subject, 'p1'), { lapsed: false })
      const object = newObject('k', [blobExtent('x')])
      const late = await subject.store.commitObject({ object, conditions: {}, require: requirement(), fresh: [blob('x')] })
      assert.deepEqual(late, { outcome: 'blob-gone', fresh: true })
    },
  },
  {
    name: 'processes: a live one keeps what it has reserved, however long it takes',
    async run(subject) {
      await makeBucket(subject)
      await beat(subject, 'p1')
      await subject.store.reserveBlobs({ processId: 'p1', blobs: [blob('x')] })
      for (let at = 0; at < 10; at += 1) {
        subject.advance(50_000)
        assert.deepEqual(await beat(subject, 'p1'), { lapsed: false })
        assert.deepEqual(await claim(subject), [])
      }
      const object = newObject('k', [blobExtent('x')])
      assert.equal(
        (await subject.store.commitObject({ object, conditions: {}, require: requirement(), fresh: [blob('x')] })).outcome,
        'committed',
      )
    },
  },
  {
    name: 'processes: one that says goodbye leaves its reservations to the collector at once',
    async run(subject) {
      await makeBucket(subject)
      for (const process of ['p1', 'p2']) {
        await beat(subject, process)
        await subject.store.reserveBlobs({ processId: process, blobs: [blob(`of-${process}`)] })
      }
      await subject.store.endProcess('p1')
      assert.deepEqual(await known(subject), { 'of-p1': 'queued', 'of-p2': 'reserved' })
      subject.advance(10_001)
      await beat(subject, 'p2')
      assert.deepEqual(await claim(subject), ['of-p1'])
    },
  },
  {
    name: 'blobs: a bulk delete frees those of every key, and those that two keys share',
    async run(subject) {
      await makeBucket(subject)
      const keys = Array.from({ length: 60 }, (_, at) => `k${at}`)
      await putBlobs(subject, 'k0', ['shared'])
      for (const key of keys.slice(1)) await shareBlobs(subject, key, ['shared'])
      const outcomes = await subject.store.deleteObjects({ bucketId: BUCKET, at: AT, keys: keys.map((key) => deletion(key)) })
      assert.ok(outcomes.every(({ outcome }) => outcome === 'deleted'))
      assert.deepEqual(await collect(subject), ['shared'])
    },
  },
]
