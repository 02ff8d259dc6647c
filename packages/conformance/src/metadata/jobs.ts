import assert from 'node:assert/strict'
import type { FinishJobCommand, TakeJobCommand, TakeJobOutcome } from '@stowage/core/metadata'
import { makeBucket, type MetadataCase, type MetadataSubject, putBlobs } from './support.ts'

const ID = 'sweep'
const TAKEN = { outcome: 'taken', attempt: 1, takenFrom: null }

const take = ({ store }: MetadataSubject, owner: string, more: Partial<TakeJobCommand> = {}): Promise<TakeJobOutcome> =>
  store.takeJob({ id: ID, kind: 'sweep', owner, leaseSeconds: 60, ...more })
const renew = ({ store }: MetadataSubject, owner: string) => store.renewJob({ id: ID, owner, leaseSeconds: 60 })
const finish = ({ store }: MetadataSubject, owner: string, more: Partial<FinishJobCommand> = {}) =>
  store.finishJob({ id: ID, owner, againInSeconds: 30, done: true, ...more })

/** Jobs: who may do them, and when. */
export const jobCases: readonly MetadataCase[] = [
  {
    name: 'jobs: due when first asked for, then busy, then early, then due again',
    async run(subject) {
      assert.deepEqual(await take(subject, 'a'), TAKEN)
      subject.advance(1_000)
      assert.deepEqual(await take(subject, 'b'), { outcome: 'busy', waitMs: 59_000 })
      assert.deepEqual(await take(subject, 'a'), { outcome: 'busy', waitMs: 59_000 }, 'also for whoever has it')
      assert.deepEqual(await finish(subject, 'a'), { outcome: 'finished' })
      subject.advance(10_000)
      assert.deepEqual(await take(subject, 'b'), { outcome: 'early', waitMs: 20_000 })
      subject.advance(19_999)
      assert.deepEqual(await take(subject, 'b'), { outcome: 'early', waitMs: 1 })
      subject.advance(1)
      assert.deepEqual(await take(subject, 'b'), TAKEN)
    },
  },
  {
    name: 'jobs: taken over when the lease runs out, by the time of the store, and the former owner is told',
    async run(subject) {
      await take(subject, 'a')
      subject.advance(59_999)
      assert.deepEqual(await take(subject, 'b'), { outcome: 'busy', waitMs: 1 })
      subject.advance(1)
      assert.deepEqual(await take(subject, 'b'), { outcome: 'taken', attempt: 2, takenFrom: 'a' })
      assert.deepEqual(await renew(subject, 'a'), { outcome: 'lost' })
      assert.deepEqual(await finish(subject, 'a'), { outcome: 'lost' })
      assert.deepEqual(await take(subject, 'c'), { outcome: 'busy', waitMs: 60_000 })
      assert.deepEqual(await finish(subject, 'b'), { outcome: 'finished' })
      assert.deepEqual(await finish(subject, 'b'), { outcome: 'lost' }, 'given back once')
      subject.advance(30_000)
      assert.deepEqual(await take(subject, 'a'), TAKEN)
    },
  },
  {
    name: 'jobs: kept for as long as they are renewed; a lease that ran out is renewed where nobody took the job',
    async run(subject) {
      await take(subject, 'a')
      for (let at = 0; at < 5; at += 1) {
        subject.advance(50_000)
        assert.deepEqual(await renew(subject, 'a'), { outcome: 'renewed' })
        assert.deepEqual(await take(subject, 'b'), { outcome: 'busy', waitMs: 60_000 })
      }
      subject.advance(100_000)
      assert.deepEqual(await renew(subject, 'a'), { outcome: 'renewed' })
      assert.deepEqual(await take(subject, 'b'), { outcome: 'busy', waitMs: 60_000 })
      assert.deepEqual(await renew(subject, 'b'), { outcome: 'lost' })
    },
  },
  {
    name: 'jobs: attempts count until one is done',
    async run(subject) {
      for (const attempt of [1, 2, 3]) {
        assert.deepEqual(await take(subject, 'a'), { outcome: 'taken', attempt, takenFrom: null })
        assert.deepEqual(await finish(subject, 'a', { done: false, againInSeconds: 0 }), { outcome: 'finished' })
      }
      assert.deepEqual(await take(subject, 'a'), { outcome: 'taken', attempt: 4, takenFrom: null })
      await finish(subject, 'a', { againInSeconds: 0 })
      assert.deepEqual(await take(subject, 'a'), TAKEN)
    },
  },
  {
    name: 'jobs: one does not keep another one waiting, and nothing that is inspected knows of them',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['x'])
      await take(subject, 'a')
      assert.deepEqual(await take(subject, 'a', { id: `${ID} too` }), TAKEN)
      await subject.store.holdGarbage({ holder: ID, seconds: 60 })
      assert.deepEqual(await take(subject, 'a', { id: `hold-garbage ${ID}` }), TAKEN)
      const { inspection } = subject.store
      const all = { after: null, limit: 100 }
      assert.deepEqual(await inspection.counts(), { buckets: 1, objects: 1, versions: 0, uploads: 0, bytes: 100 })
      assert.deepEqual(await inspection.contradictions(), [])
      assert.deepEqual(await inspection.integrity(), [])
      assert.deepEqual((await inspection.garbage(all)).rows, [])
      assert.equal((await inspection.references(all)).rows.length, 1)
      assert.equal((await inspection.manifests(all)).rows.length, 1)
    },
  },
  {
    name: 'concurrency: of many who want a job one gets it, new, due or lapsed',
    async run(subject) {
      const race = async (): Promise<readonly TakeJobOutcome[]> => {
        const outcomes = await Promise.all(Array.from({ length: 12 }, (_, at) => take(subject, `p${at}`)))
        const winners = outcomes.flatMap((each, at) => (each.outcome === 'taken' ? [at] : []))
        assert.equal(winners.length, 1, JSON.stringify(outcomes))
        assert.ok(outcomes.every((each) => each.outcome !== 'early'))
        assert.deepEqual(await renew(subject, `p${winners[0]}`), { outcome: 'renewed' }, 'it is theirs')
        return outcomes
      }
      for (let round = 0; round < 4; round += 1) {
        await race()
        subject.advance(60_001)
      }
      const outcomes = await race()
      const winner = outcomes.findIndex(({ outcome }) => outcome === 'taken')
      await finish(subject, `p${winner}`)
      subject.advance(30_000)
      assert.deepEqual(
        (await race()).filter(({ outcome }) => outcome === 'taken'),
        [TAKEN],
      )
    },
  },
  {
    name: 'jobs: what is none is refused',
    async run(subject) {
      const { store } = subject
      const long = 'x'.repeat(501)
      for (const more of [{ id: '' }, { id: 'a\u0000' }, { owner: '' }, { owner: '\ud800' }, { kind: '' }, { leaseSeconds: 0 }]) {
        await assert.rejects(take(subject, 'a', more), { code: 'InvalidArgument' })
      }
      for (const more of [{ id: long }, { owner: long }, { kind: 'x'.repeat(65) }, { leaseSeconds: 86_401 }]) {
        await assert.rejects(take(subject, 'a', more), { code: 'LimitExceeded' })
      }
      await assert.rejects(store.renewJob({ id: ID, owner: 'a', leaseSeconds: Number.NaN }), { code: 'InvalidArgument' })
      await assert.rejects(finish(subject, 'a', { againInSeconds: -1 }), { code: 'InvalidArgument' })
      await assert.rejects(finish(subject, 'a', { againInSeconds: 31_622_401 }), { code: 'LimitExceeded' })
      assert.deepEqual(await finish(subject, 'a'), { outcome: 'lost' }, 'a job that nobody knows')
      assert.deepEqual(await renew(subject, 'a'), { outcome: 'lost' })
      assert.deepEqual(await take(subject, 'a'), TAKEN)
    },
  },
]
