import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { describeOnEachStore, overriding } from '../../../test/engine-matrix.ts'
import { testClock } from '../../../test/support/test-clock.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { BackgroundJobs } from './background-jobs.ts'
import type { RecurringJobOptions, RecurringWork } from './recurring-job.ts'

const ID = 'sweep'
const HOUR_SECONDS = 3600

interface Heard {
  readonly name: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** One process: what it heard, and the jobs that it does. */
function processOn(metadata: MetadataStore, owner: string, work: Partial<RecurringWork>, more: Partial<RecurringJobOptions> = {}) {
  const heard: Heard[] = []
  const observer = { event: (name: string, fields: Heard['fields']) => void heard.push({ name, fields }) }
  const jobs = new BackgroundJobs([{ id: ID, everySeconds: HOUR_SECONDS, run: () => Promise.resolve({}), ...work }], {
    metadata,
    observer,
    owner,
    leaseSeconds: 60,
    renewEverySeconds: 0.005,
    ...more,
  })
  const names = () => heard.map(({ name }) => name)
  const until = async (name: string, times = 1): Promise<Heard['fields'] | undefined> => {
    for (;;) {
      const found = heard.filter((each) => each.name === name)
      if (found.length >= times) return found[times - 1]?.fields
      await delay(1)
    }
  }
  return { jobs, names, until }
}

/** Work that goes on until it is stopped, and says when it has begun. */
function endless(): { readonly run: RecurringWork['run']; readonly begun: Promise<void>; readonly reasons: unknown[] } {
  const reasons: unknown[] = []
  let begin = (): void => undefined
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const run = (signal: AbortSignal): Promise<never> => {
    begin()
    return new Promise((_, reject) => {
      const stop = (): void => {
        reasons.push(signal.reason)
        reject(new Error('stopped'))
      }
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop)
    })
  }
  return { run, begun, reasons }
}

describeOnEachStore('background jobs', (store) => {
  test('a job is done, and again when it is due; what was done is told', async () => {
    const metadata = await store.open()
    let runs = 0
    const run = () => Promise.resolve({ runs: (runs += 1) })
    const { jobs, until, names } = processOn(metadata, 'a', { everySeconds: 0.01, run })
    jobs.start()
    expect(await until('job.ended', 3)).toEqual({ job: ID, attempt: 1, runs: 3 })
    await jobs.close()
    expect(new Set(names())).toEqual(new Set(['job.ended']))
    await metadata.close()
  })

  test('of two processes one does it, and renews its lease for as long as that takes', async () => {
    const time = testClock()
    const metadata = await store.open({ clock: time.clock })
    const work = endless()
    const renewals = { left: 0 }
    const counting = overriding(metadata, {
      renewJob: async (command) => {
        const renewed = await metadata.renewJob(command)
        renewals.left -= 1
        return renewed
      },
    })
    const one = processOn(counting, 'one', work)
    const other = processOn(metadata, 'other', { everySeconds: 0.005 })
    one.jobs.start()
    await work.begun
    other.jobs.start()
    for (let step = 0; step < 4; step += 1) {
      time.advance(40_000)
      renewals.left = 2
      while (renewals.left > 0) await delay(1)
    }
    expect(other.names()).toEqual([])
    expect(work.reasons).toEqual([])
    await one.jobs.close()
    expect(work.reasons).toEqual([expect.objectContaining({ message: 'the engine is closing' })])
    // Given back: the other one does it at once, without waiting for the lease.
    expect(await other.until('job.ended')).toEqual({ job: ID, attempt: 2 })
    expect(other.names()).not.toContain('job.taken-over')
    await other.jobs.close()
    await metadata.close()
  })

  test('a process that dies is succeeded by another one when its lease runs out', async () => {
    const time = testClock()
    const metadata = await store.open({ clock: time.clock })
    await metadata.takeJob({ id: ID, kind: ID, owner: 'dead', leaseSeconds: 60 })
    const heir = processOn(metadata, 'heir', { everySeconds: 0.01 })
    heir.jobs.start()
    time.advance(60_000)
    expect(await heir.until('job.taken-over')).toEqual({ job: ID, attempt: 2, from: 'dead' })
    expect(await heir.until('job.ended')).toEqual({ job: ID, attempt: 2 })
    await heir.jobs.close()
    await metadata.close()
  })

  test('a process that finds its lease lost stops, and leaves the job to the one that has it', async () => {
    const time = testClock()
    const metadata = await store.open({ clock: time.clock })
    const work = endless()
    // A renewal that comes before somebody takes the job over is no loss: here it comes afterwards.
    let goOn = (): void => undefined
    const takenOver = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const late = overriding(metadata, { renewJob: (command) => takenOver.then(() => metadata.renewJob(command)) })
    const slow = processOn(late, 'slow', work)
    slow.jobs.start()
    await work.begun
    time.advance(60_000)
    expect((await metadata.takeJob({ id: ID, kind: ID, owner: 'heir', leaseSeconds: 60 })).outcome).toBe('taken')
    goOn()
    expect(await slow.until('job.lost')).toEqual({ job: ID, attempt: 1 })
    expect(work.reasons).toEqual([expect.objectContaining({ message: 'the lease of the job sweep is lost' })])
    expect(slow.names()).toEqual(['job.lost'])
    expect(await metadata.renewJob({ id: ID, owner: 'heir', leaseSeconds: 60 })).toEqual({ outcome: 'renewed' })
    await slow.jobs.close()
    await metadata.close()
  })

  test('a process whose renewals fail stops when its lease has run out', async () => {
    const metadata = await store.open()
    const error = new StorageError('StoreUnavailable', { store: 'test', reason: 'is away' })
    const away = overriding(metadata, { renewJob: () => Promise.reject(error) })
    const work = endless()
    const cut = processOn(away, 'cut off', work, { leaseSeconds: 0.1, renewEverySeconds: 0.02 })
    cut.jobs.start()
    expect(await cut.until('job.lost')).toEqual({ job: ID, attempt: 1 })
    expect(await cut.until('job.failed')).toEqual({ job: ID, attempt: 1, error })
    expect(work.reasons).toHaveLength(1)
    await cut.jobs.close()
    await metadata.close()
  })

  test('what fails is tried again, and its attempts are counted until it is done', async () => {
    const metadata = await store.open()
    const error = new Error('not now')
    let runs = 0
    const run = () => ((runs += 1) < 3 ? Promise.reject(error) : Promise.resolve({}))
    const { jobs, until } = processOn(metadata, 'a', { everySeconds: 0.01, run })
    jobs.start()
    expect(await until('job.failed', 2)).toEqual({ job: ID, attempt: 2, error })
    expect(await until('job.ended')).toEqual({ job: ID, attempt: 3 })
    expect(await until('job.ended', 2)).toEqual({ job: ID, attempt: 1 })
    await jobs.close()
    await metadata.close()
  })

  test('a store that is away is asked again', async () => {
    const metadata = await store.open()
    const error = new StorageError('StoreUnavailable', { store: 'test', reason: 'is away' })
    let asked = 0
    const flaky = overriding(metadata, {
      takeJob: (command) => ((asked += 1) === 1 ? Promise.reject(error) : metadata.takeJob(command)),
    })
    const { jobs, until, names } = processOn(flaky, 'a', { everySeconds: 0.01 })
    jobs.start()
    await until('job.ended')
    await jobs.close()
    expect(names()[0]).toBe('job.failed')
    await metadata.close()
  })

  test('jobs of different kinds do not wait for each other, nothing keeps the process alive, and closing twice is fine', async () => {
    const metadata = await store.open()
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const stuck = endless()
    const ends: string[] = []
    const options = { metadata, owner: 'a', leaseSeconds: 60, renewEverySeconds: 10 }
    const observer = { event: (name: string, fields: Heard['fields']) => void ends.push(`${name} ${String(fields['job'])}`) }
    const work = (id: string, run: RecurringWork['run']): RecurringWork => ({ id, everySeconds: HOUR_SECONDS, run })
    const jobs = new BackgroundJobs([work('stuck', stuck.run), work('quick', () => Promise.resolve({}))], { ...options, observer })
    jobs.start()
    expect(timers()).toBe(before)
    await stuck.begun
    while (ends.length === 0) await delay(1)
    expect(ends).toEqual(['job.ended quick'])
    await Promise.all([jobs.close(), jobs.close()])
    expect(stuck.reasons).toHaveLength(1)
    expect((await metadata.takeJob({ id: 'stuck', kind: 'stuck', owner: 'b', leaseSeconds: 1 })).outcome).toBe('taken')
    expect((await metadata.takeJob({ id: 'quick', kind: 'quick', owner: 'b', leaseSeconds: 1 })).outcome).toBe('early')
    await metadata.close()
  })
})
