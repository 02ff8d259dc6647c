import assert from 'node:assert/strict'
import {
  blob,
  blobExtent,
  BUCKET,
  collect,
  completion,
  content,
  listQuery,
  makeBucket,
  type MetadataCase,
  type MetadataSubject,
  newUpload,
  putBlobs,
  putText,
  remove,
  requirement,
  sendPart,
  shareBlobs,
  target,
  inlineExtent,
  inspected,
} from './support.ts'

/** Starts everything at once, and waits for all of it. */
function together<T>(count: number, start: (at: number) => Promise<T>): Promise<readonly T[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => start(at)))
}

/** Every blob that is held is named by an object, and the other way round; garbage holds the rest of `all`. */
async function assertExact(subject: MetadataSubject, all: readonly string[]): Promise<void> {
  const { inspection } = subject.store
  const manifests = await inspected((query) => inspection.manifests(query), 100)
  const held = new Set((await inspected((query) => inspection.references(query), 100)).map((each): string => each.blob))
  const named = new Set(
    manifests.flatMap(({ extents }) => extents.flatMap((extent): string[] => (extent.kind === 'blob' ? [extent.blob] : []))),
  )
  const garbage = new Set((await inspected((query) => inspection.garbage(query), 100)).map((each): string => each.blob))
  assert.deepEqual([...held].toSorted(), [...named].toSorted(), 'references are those of the rows')
  assert.deepEqual([...held, ...garbage].toSorted(), all.toSorted(), 'every blob is held or garbage, and none is both')
  assert.deepEqual(await inspection.contradictions(), [])
}

const ROUNDS = 12

/** What many callers at once must not break. */
export const concurrencyCases: readonly MetadataCase[] = [
  {
    name: 'concurrency: of many that create one key, exactly one does',
    async run(subject) {
      await makeBucket(subject)
      for (let round = 0; round < ROUNDS; round += 1) {
        const outcomes = await together(6, (at) => putText(subject, `k${round}`, { text: `${at}`, conditions: { ifNoneMatch: '*' } }))
        assert.deepEqual(outcomes.map(({ outcome }) => outcome).toSorted(), [
          'committed',
          ...Array.from({ length: 5 }, () => 'precondition'),
        ])
        const winner = outcomes.findIndex(({ outcome }) => outcome === 'committed')
        assert.equal(await content(subject, `k${round}`), String(winner))
      }
    },
  },
  {
    name: 'concurrency: of many that replace one version, exactly one does',
    async run(subject) {
      await makeBucket(subject)
      let current = await putText(subject, 'k', { text: 'first' })
      for (let round = 0; round < ROUNDS; round += 1) {
        assert.ok(current.outcome === 'committed')
        const conditions = { ifMatch: [current.object.etag] }
        const outcomes = await together(5, (at) => putText(subject, 'k', { text: `${round} ${at}`, conditions }))
        const won = outcomes.filter(({ outcome }) => outcome === 'committed')
        assert.equal(won.length, 1)
        current = won[0] ?? current
      }
    },
  },
  {
    name: 'concurrency: puts and deletes of one key leave no blob lost and none held for nothing',
    async run(subject) {
      await makeBucket(subject)
      const names = Array.from({ length: ROUNDS * 4 }, (_, at) => `x${at}`)
      await together(names.length, async (at) => {
        if (at % 4 === 3) await remove(subject, 'k')
        return putBlobs(subject, 'k', [names[at] ?? ''])
      })
      await assertExact(subject, names)
      const left = (await subject.store.listObjects(listQuery())).objects.length
      assert.equal((await collect(subject)).length, names.length - left)
    },
  },
  {
    name: 'concurrency: a copy and the delete of its source: the blob lives, or the copy is turned back',
    async run(subject) {
      await makeBucket(subject)
      const names: string[] = []
      for (let round = 0; round < ROUNDS; round += 1) {
        const name = `x${round}`
        names.push(name)
        await putBlobs(subject, 'source', [name])
        const [copied] = await Promise.all([shareBlobs(subject, `copy${round}`, [name]), remove(subject, 'source')])
        assert.ok(copied.outcome === 'committed' || copied.outcome === 'blob-gone', copied.outcome)
        assert.equal(await content(subject, `copy${round}`), copied.outcome === 'committed' ? `<${name}>` : null)
      }
      await assertExact(subject, names)
    },
  },
  {
    name: 'concurrency: two holders that go at once leave one piece of garbage',
    async run(subject) {
      await makeBucket(subject)
      const names: string[] = []
      for (let round = 0; round < ROUNDS; round += 1) {
        names.push(`x${round}`)
        await putBlobs(subject, 'a', [`x${round}`])
        await shareBlobs(subject, 'b', [`x${round}`])
        await Promise.all([remove(subject, 'a'), remove(subject, 'b')])
      }
      await assertExact(subject, names)
      assert.deepEqual(await collect(subject), names.toSorted())
    },
  },
  {
    name: 'concurrency: versions of one key are in one order, and one is the latest',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      await together<unknown>(30, (at) =>
        at % 5 === 4 ? remove(subject, 'k', { markerVersionId: `m${at}` }) : putText(subject, 'k', { object: { versionId: `v${at}` } }),
      )
      const { versions } = await subject.store.listVersions({ ...listQuery(), position: null })
      assert.equal(versions.length, 30)
      assert.equal(new Set(versions.map(({ sequence }) => sequence)).size, 30)
      assert.deepEqual(
        versions.map(({ latest }) => latest),
        versions.map((_, at) => at === 0),
      )
      assert.deepEqual(await subject.store.inspection.contradictions(), [])
    },
  },
  {
    name: 'concurrency: many buckets of one name: one is made',
    async run({ store }) {
      const bucket = {
        jurisdiction: 'default',
        name: 'same',
        account: 'acme',
        public: false,
        versioning: 'off',
        createdAt: new Date(0),
      } as const
      const outcomes = await together(8, (at) => store.createBucket({ bucket: { ...bucket, id: `id${at}` }, require: requirement() }))
      assert.equal(outcomes.filter(({ outcome }) => outcome === 'created').length, 1)
      assert.equal(outcomes.filter(({ outcome }) => outcome === 'exists').length, 7)
    },
  },
  {
    name: 'concurrency: a bucket is deleted, or something is put into it, never both',
    async run(subject) {
      for (let round = 0; round < ROUNDS; round += 1) {
        await makeBucket(subject)
        const [dropped, put] = await Promise.all([
          subject.store.deleteBucket({ bucketId: BUCKET, require: requirement() }),
          putText(subject, 'k'),
        ])
        const expected = dropped.outcome === 'deleted' ? 'bucket-gone' : 'committed'
        assert.equal(put.outcome, expected)
        await remove(subject, 'k')
        await subject.store.deleteBucket({ bucketId: BUCKET, require: requirement() })
      }
      assert.deepEqual(await subject.store.inspection.contradictions(), [])
    },
  },
  {
    name: 'concurrency: of completes and aborts of one upload one wins, and all completes agree',
    async run(subject) {
      await makeBucket(subject)
      for (let round = 0; round < ROUNDS; round += 1) {
        const uploadId = `u${round}`
        await subject.store.createUpload({ upload: newUpload(uploadId), require: requirement() })
        await sendPart(subject, uploadId, { number: 1, extents: [blobExtent(`x${round}`)], fresh: [`x${round}`] })
        const [first, aborted, second] = await Promise.all([
          subject.store.completeUpload(completion(uploadId, [1])),
          subject.store.abortUpload(target(uploadId)),
          subject.store.completeUpload(completion(uploadId, [1])),
        ])
        if (aborted.outcome === 'aborted') assert.deepEqual([first.outcome, second.outcome], ['upload-gone', 'upload-gone'])
        else {
          assert.ok(first.outcome === 'completed' && second.outcome === 'completed')
          assert.deepEqual(new Set([first.replayed, second.replayed]), new Set([false, true]))
          assert.deepEqual(first.object, second.object)
        }
      }
      await assertExact(
        subject,
        Array.from({ length: ROUNDS }, (_, at) => `x${at}`),
      )
    },
  },
  {
    name: 'concurrency: a part sent many times at once is there once',
    async run(subject) {
      await makeBucket(subject)
      await subject.store.createUpload({ upload: newUpload('u1'), require: requirement() })
      const names = Array.from({ length: 10 }, (_, at) => `x${at}`)
      await together(10, (at) =>
        sendPart(subject, 'u1', { number: 1, extents: [blobExtent(names[at] ?? ''), inlineExtent('tail')], fresh: [names[at] ?? ''] }),
      )
      await assertExact(subject, names)
      assert.equal((await collect(subject)).length, 9)
    },
  },
  {
    name: 'concurrency: commits and a raise of the policy version: none is made under the old one afterwards',
    async run(subject) {
      await makeBucket(subject)
      const raised = { done: false }
      const put = async (at: number): Promise<void> => {
        const before = raised.done
        const { outcome } = await putText(subject, `k${at}`)
        assert.ok(outcome === 'policy-changed' || (outcome === 'committed' && !before), `${outcome}, raised before: ${before}`)
      }
      await Promise.all([
        together(20, put),
        subject.store.raisePolicyVersion(1).then(() => {
          raised.done = true
        }),
      ])
      await put(99)
    },
  },
  {
    name: 'concurrency: collectors do not claim the same blob twice',
    async run(subject) {
      await makeBucket(subject)
      const names = Array.from({ length: 40 }, (_, at) => `x${at}`)
      await putBlobs(subject, 'k', names)
      await remove(subject, 'k')
      subject.advance(1000)
      const claimed = await together(4, () => subject.store.claimGarbage({ graceSeconds: 0, leaseSeconds: 1000, limit: 15 }))
      const all = claimed.flat().map((each): string => each.blob)
      assert.equal(new Set(all).size, all.length)
      const rest = await subject.store.claimGarbage({ graceSeconds: 0, leaseSeconds: 1000, limit: 100 })
      assert.deepEqual([...all, ...rest.map((each): string => each.blob)].toSorted(), names.toSorted())
      await subject.store.forgetGarbage(names.map(blob))
      assert.deepEqual((await subject.store.inspection.garbage({ after: null, limit: 10 })).rows, [])
    },
  },
]
