import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { newSchema, postgresPool } from '../../test/stores.ts'
import { testClock } from '../../test/support/test-clock.ts'
import { memoryBackend } from '../backend/memory-backend.ts'
import { postgresMetadata } from '../metadata/postgres/postgres-metadata.ts'
import { accountCaller } from '../policy/caller.ts'
import type { Access, Requirement } from '../policy/policy.ts'
import { refused, unconditional } from '../policy/requirement.ts'
import type { Engine, Observer } from './engine.ts'
import { openEngine } from './open-engine.ts'
import { PolicyVersionWatch } from './policy-version-watch.ts'

interface Question {
  readonly resolve: (version: number) => void
  readonly reject: (reason: unknown) => void
}

/** Answers that the test gives, one after the other, to whoever asks. */
function questions(knownSince: Date | null) {
  const time = testClock()
  const asked: Question[] = []
  const heard: number[] = []
  const failed: unknown[] = []
  const watch = new PolicyVersionWatch({
    read: () => new Promise((resolve, reject) => void asked.push({ resolve, reject })),
    heard: (version) => void heard.push(version),
    failed: (error) => void failed.push(error),
    clock: time.clock,
    knownSince,
  })
  return { time, asked, heard, failed, watch }
}
describe('when the store is asked', () => {
  test('not while what is known is recent, then beside the calls, and before them after a pause', async () => {
    const { time, asked, heard, watch } = questions(testClock().clock())
    expect(watch.refresh()).toBeNull()
    time.advance(499)
    expect(watch.refresh()).toBeNull()
    expect(asked).toHaveLength(0)
    time.advance(1)
    expect(watch.refresh()).toBeNull()
    time.advance(499)
    // One question at a time, and nobody waits for it yet.
    expect(watch.refresh()).toBeNull()
    expect(asked).toHaveLength(1)
    time.advance(1)
    const waiting = watch.refresh()
    expect(waiting).not.toBeNull()
    expect(asked).toHaveLength(1)
    asked[0]?.resolve(7)
    await waiting
    expect(heard).toEqual([7])
    // What is known is as old as the question, not as the answer: that is 500 ms old.
    expect(watch.refresh()).toBeNull()
    expect(asked).toHaveLength(2)
    asked[1]?.resolve(8)
    await watch.idle()
    expect(heard).toEqual([7, 8])
    expect(watch.refresh()).toBeNull()
    time.advance(3_600_000)
    expect(asked).toHaveLength(2)
    expect(watch.refresh()).not.toBeNull()
    expect(asked).toHaveLength(3)
    asked[2]?.resolve(9)
    await watch.idle()
  })

  test('at the first call, where nothing is known; and after a clock was set back', async () => {
    const { time, asked, watch } = questions(null)
    const first = watch.refresh()
    asked[0]?.resolve(1)
    await first
    expect(watch.refresh()).toBeNull()
    time.advance(-1)
    const second = watch.refresh()
    expect(second).not.toBeNull()
    asked[1]?.resolve(1)
    await second
    expect(watch.refresh()).toBeNull()
  })

  test('a store that does not answer: whoever needs the answer is refused, whoever does not goes on', async () => {
    const { time, asked, failed, heard, watch } = questions(testClock().clock())
    const fault = new Error('gone')
    time.advance(500)
    expect(watch.refresh()).toBeNull()
    asked[0]?.reject(fault)
    await watch.idle()
    expect(failed).toEqual([fault])
    time.advance(500)
    const waiting = watch.refresh()
    asked[1]?.reject(fault)
    await expect(waiting).rejects.toBe(fault)
    // Asked again at once: what is known is no younger.
    const again = watch.refresh()
    asked[2]?.resolve(2)
    await again
    expect(heard).toEqual([2])
    expect(watch.refresh()).toBeNull()
  })
})

/** Two processes over one schema; what their policies allow is one variable, as if it lay in the store. */
async function withTwoEngines(run: (world: TwoEngines) => Promise<void>): Promise<void> {
  const pool = postgresPool()
  const schema = newSchema()
  const time = testClock()
  const world = { readable: true, faults: [] as string[] }
  const observer: Observer = { event: (name) => void world.faults.push(name) }
  const open = async (): Promise<Engine> => {
    // Answers of a version are made once, as a policy does that keeps what it has read.
    const answers = new Map<number, Requirement>()
    const require = ({ action, policyVersion }: Access): Requirement => {
      if (action !== 'object.read') return unconditional(policyVersion)
      const answer = answers.get(policyVersion) ?? (world.readable ? unconditional(policyVersion) : refused(policyVersion))
      answers.set(policyVersion, answer)
      return answer
    }
    const metadata = postgresMetadata({ pool, schema })
    return openEngine({ metadata, backend: memoryBackend(), policy: { require }, clock: time.clock, observer })
  }
  const [first, second] = [await open(), await open()]
  try {
    await run({ first, second, time, world })
  } finally {
    await first.close()
    await second.close()
    await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    await pool.end()
  }
}
interface TwoEngines {
  readonly first: Engine
  readonly second: Engine
  readonly time: ReturnType<typeof testClock>
  readonly world: { readable: boolean; readonly faults: readonly string[] }
}

function read(engine: Engine): Promise<unknown> {
  return engine.as(accountCaller('acme')).headObject({ bucket: { name: 'bucket' }, key: 'k' })
}

describe('two engines over one database', () => {
  test('one changes the policy; the other reads under the new one a second later', () =>
    withTwoEngines(async ({ first, second, time, world }) => {
      const session = first.as(accountCaller('acme'))
      await session.createBucket({ bucket: { name: 'bucket' } })
      await session.putObject({ bucket: { name: 'bucket' }, key: 'k', body: Buffer.from('text') })
      await read(second)
      world.readable = false
      await first.policyChanged()
      await expect(read(first)).rejects.toMatchObject({ code: 'AccessDenied' })
      // It has not heard of it, and is not asked to wait.
      time.advance(499)
      await read(second)
      time.advance(501)
      await expect(read(second)).rejects.toMatchObject({ code: 'AccessDenied' })
      // While calls are made they do not wait: the answer comes beside them.
      world.readable = true
      await first.policyChanged()
      time.advance(500)
      await expect(read(second)).rejects.toMatchObject({ code: 'AccessDenied' })
      await expect.poll(() => read(second).then(() => 'read', () => 'refused')).toBe('read') // prettier-ignore
      expect(world.faults).toEqual([])
    }))

  test('an engine that is closed asks nothing any more', () =>
    withTwoEngines(async ({ first, second, time, world }) => {
      await first.as(accountCaller('acme')).createBucket({ bucket: { name: 'bucket' } })
      time.advance(600)
      const answered = read(second).catch((error: unknown) => error)
      const closing = second.close()
      time.advance(10_000)
      await expect(read(second)).rejects.toMatchObject({ code: 'StoreUnavailable' })
      await closing
      expect(await answered).toMatchObject({ code: 'ObjectNotFound' })
      await nextTurn()
      expect(world.faults).toEqual([])
    }))
})
