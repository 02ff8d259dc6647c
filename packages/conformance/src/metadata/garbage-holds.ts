import assert from 'node:assert/strict'
import { blob, collect, content, makeBucket, type MetadataCase, type MetadataSubject, putBlobs, remove, shareBlobs } from './support.ts'

/** One object of one blob, and gone: the blob is garbage whose grace is over. */
async function leave(subject: MetadataSubject, name: string): Promise<void> {
  await putBlobs(subject, 'left', [name])
  await remove(subject, 'left')
  subject.advance(1)
}
/** Without a move of the clock. */
async function claimNow({ store }: MetadataSubject): Promise<readonly string[]> {
  const claimed = await store.claimGarbage({ graceSeconds: 0, leaseSeconds: 1_000_000, limit: 10_000 })
  return claimed.map((each): string => each.blob).toSorted()
}

/** The pause of all collectors. */
export const garbageHoldCases: readonly MetadataCase[] = [
  {
    name: 'garbage held back: nothing is claimed until it is given back',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      await leave(subject, 'before')
      assert.deepEqual(await store.holdGarbage({ holder: 'backup', seconds: 60 }), { outcome: 'begun' })
      await leave(subject, 'after')
      assert.deepEqual(await collect(subject), [])
      assert.deepEqual(await store.releaseGarbage('backup'), { outcome: 'released' })
      assert.deepEqual(await collect(subject), ['after', 'before'])
      assert.deepEqual(await store.releaseGarbage('backup'), { outcome: 'lapsed' })
    },
  },
  {
    name: 'garbage held back: until the lease runs out, by the time of the store',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      await leave(subject, 'x')
      await store.holdGarbage({ holder: 'backup', seconds: 60 })
      subject.advance(59_999)
      assert.deepEqual(await claimNow(subject), [])
      assert.deepEqual(await store.holdGarbage({ holder: 'backup', seconds: 60 }), { outcome: 'renewed' })
      subject.advance(59_999)
      assert.deepEqual(await claimNow(subject), [])
      subject.advance(1)
      assert.deepEqual(await claimNow(subject), ['x'])
      assert.deepEqual(await store.holdGarbage({ holder: 'backup', seconds: 60 }), { outcome: 'begun' }, 'too late to renew')
      subject.advance(60_000)
      assert.deepEqual(await store.releaseGarbage('backup'), { outcome: 'lapsed' })
    },
  },
  {
    name: 'garbage held back: by several, until the last one lets go',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      await leave(subject, 'x')
      await store.holdGarbage({ holder: 'one', seconds: 60 })
      await store.holdGarbage({ holder: 'two', seconds: 10 })
      assert.deepEqual(await store.releaseGarbage('one'), { outcome: 'released' })
      assert.deepEqual(await claimNow(subject), [])
      await store.holdGarbage({ holder: 'three', seconds: 30 })
      subject.advance(10_000)
      assert.deepEqual(await claimNow(subject), [])
      assert.deepEqual(await store.holdGarbage({ holder: 'two', seconds: 10 }), { outcome: 'begun' })
      await store.releaseGarbage('two')
      await store.releaseGarbage('three')
      assert.deepEqual(await claimNow(subject), ['x'])
    },
  },
  {
    name: 'garbage held back: reservations of the dead and claims of the dead wait as well, and what is claimed may be forgotten',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      const claim = (): Promise<readonly { readonly blob: string }[]> =>
        store.claimGarbage({ graceSeconds: 0, leaseSeconds: 60, limit: 10 })
      await leave(subject, 'claimed')
      await leave(subject, 'claimed-and-deleted')
      assert.equal((await claim()).length, 2)
      await store.reserveBlobs({ processId: 'never-heard-of', blobs: [blob('reserved')] })
      await store.holdGarbage({ holder: 'backup', seconds: 1000 })
      await store.forgetGarbage([blob('claimed-and-deleted')])
      subject.advance(60_001)
      assert.deepEqual(await claim(), [])
      await store.releaseGarbage('backup')
      assert.deepEqual((await claim()).map((each) => each.blob).toSorted(), ['claimed', 'reserved'])
    },
  },
  {
    name: 'garbage held back: what was claimed before is in no row that is read afterwards, and comes into none',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      const names = Array.from({ length: 24 }, (_, at) => `x${at}`)
      for (const name of names) await putBlobs(subject, name, [name])
      // Copies, deletions, collectors and the hold, all at once.
      const claims = names.map(async (name, at): Promise<readonly string[]> => {
        subject.advance(1)
        if (at % 3 === 0) await shareBlobs(subject, `copy-${name}`, [name])
        await remove(subject, name)
        return claimNow(subject)
      })
      const hold = store.holdGarbage({ holder: 'backup', seconds: 1000 }).then(async () => {
        const claimed = (await store.inspection.garbage({ after: null, limit: 1000 })).rows.filter(({ state }) => state === 'claimed')
        const referred = (await store.inspection.references({ after: null, limit: 1000 })).rows.map((each): string => each.blob)
        const then = new Set(claimed.map((each): string => each.blob))
        assert.deepEqual(
          referred.filter((name) => then.has(name)),
          [],
        )
        return then
      })
      const [then, all] = await Promise.all([hold, Promise.all(claims)])
      assert.deepEqual(all.flat().toSorted(), [...then].toSorted(), 'claimed while it was held')
      for (const name of then) {
        assert.deepEqual(await shareBlobs(subject, 'again', [name]), { outcome: 'blob-gone', fresh: false })
      }
      assert.equal(await content(subject, 'again'), null)
    },
  },
  {
    name: 'garbage held back: what is no lease is refused',
    async run({ store }) {
      const refused = (holder: string, seconds: number, code: string): Promise<void> =>
        assert.rejects(store.holdGarbage({ holder, seconds }), { code })
      await refused('', 60, 'InvalidArgument')
      await refused('a\u0000b', 60, 'InvalidArgument')
      for (const seconds of [0, -1, Number.NaN, Infinity]) await refused('backup', seconds, 'InvalidArgument')
      await refused('backup', 86_401, 'LimitExceeded')
      await refused('x'.repeat(501), 60, 'LimitExceeded')
      await assert.rejects(store.releaseGarbage(''), { code: 'InvalidArgument' })
      assert.deepEqual(await store.holdGarbage({ holder: 'ü'.repeat(250), seconds: 0.001 }), { outcome: 'begun' })
    },
  },
]
