import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine, overriding, readAll } from '../../test/engine-matrix.ts'
import { testClock } from '../../test/support/test-clock.ts'
import type { TestedStore } from '../../test/stores.ts'
import type { Backend } from '../backend/backend.ts'
import { memoryBackend } from '../backend/memory-backend.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'

const LIMITS = { inlineSizeMax: 100, partSizeMin: 1, heartbeatIntervalSeconds: 0.02 }
const AWAY = new StorageError('StoreUnavailable', { store: 'test', reason: 'is away' }, { retryable: true })
const DOUBT = new StorageError('OutcomeUnknown', { command: 'commitObject' })

/** What the store answers wrongly once the process is taken for dead. */
type Faults = (store: MetadataStore, isDead: () => boolean) => Partial<MetadataStore>

/**
 * An engine that stands still while a body comes in, for longer than its lease: before the bytes are written another process has collected
 * what it had reserved, and found nothing there.
 */
async function openStandingStill(store: TestedStore, faults: Faults = () => ({})) {
  const time = testClock()
  const inner = memoryBackend()
  const state = { armed: false, still: false }
  let collectAll = (): Promise<void> => Promise.resolve()
  const backend: Backend = {
    ...inner,
    contract: 1,
    name: inner.name,
    limits: inner.limits,
    init: (options) => inner.init(options),
    get: (key, options) => inner.get(key, options),
    delete: (keys, options) => inner.delete(keys, options),
    list: (options) => inner.list(options),
    close: () => inner.close(),
    put: async (key, body, options) => {
      if (state.armed) {
        state.armed = false
        time.advance(61_000)
        await collectAll()
        state.still = true
      }
      return inner.put(key, body, options)
    },
  }
  const test = await openTestEngine(
    { ...store, open: () => store.open({ clock: time.clock }) },
    {
      limits: LIMITS,
      clock: time.clock,
      backend,
      wrapStore: (real) =>
        overriding(
          real,
          faults(real, () => state.still),
        ),
    },
  )
  collectAll = async () => {
    const taken = await test.metadata.claimGarbage({ graceSeconds: 60, leaseSeconds: 60, limit: 1_000 })
    expect(taken.length > 0 || state.still).toBe(true)
    await inner.delete(taken.map(({ blob }) => blob))
    await test.metadata.forgetGarbage(taken)
  }
  const blobs = async (): Promise<number> => {
    let count = 0
    for await (const _ of inner.list({ prefix: '' })) count += 1
    return count
  }
  return { ...test, blobs, arm: () => (state.armed = true) }
}

describeOnEachStore('bytes that come after their reservation was taken', (store) => {
  test('do not stay where the write is refused', async () => {
    const { session, bucket, engine, blobs, arm } = await openStandingStill(store)
    await session.putObject({ bucket, key: 'k', body: bytesOf(10) })
    arm()
    await expect(session.putObject({ bucket, key: 'k', body: bytesOf(1_000), conditions: { ifNoneMatch: '*' } })).rejects.toMatchObject({
      code: 'PreconditionFailed',
    })
    expect(await blobs()).toBe(0)
    arm()
    await expect(session.putObject({ bucket, key: 'other', body: bytesOf(1_000), conditions: { ifMatch: ['x'] } })).rejects.toMatchObject({
      code: 'ObjectNotFound',
    })
    expect(await blobs()).toBe(0)
    const upload = { bucket, key: 'u', uploadId: (await session.createUpload({ bucket, key: 'u' })).uploadId }
    arm()
    await expect(
      session.uploadPart({ ...upload, partNumber: 1, body: bytesOf(1_000) }).finally(() => session.abortUpload(upload)),
    ).rejects.toMatchObject({ code: 'StoreUnavailable' })
    expect(await blobs()).toBe(0)
    await engine.close()
  })

  test('do not stay where the client has gone, or the store does not answer', async () => {
    const { session, bucket, engine, blobs, arm } = await openStandingStill(store, () => ({ commitObject: () => Promise.reject(AWAY) }))
    const gone = new AbortController()
    const reason = new Error('gone')
    arm()
    const body = {
      [Symbol.asyncIterator]: async function* () {
        yield bytesOf(1_000)
        gone.abort(reason)
      },
    }
    await expect(session.putObject({ bucket, key: 'k', body, signal: gone.signal })).rejects.toBe(reason)
    expect(await blobs()).toBe(0)
    arm()
    await expect(session.putObject({ bucket, key: 'k', body: bytesOf(1_000) })).rejects.toBe(AWAY)
    expect(await blobs()).toBe(0)
    await engine.close()
  })

  test('do not stay where the store is away when they are to be handed over: later they go', async () => {
    let refused = 0
    const { session, bucket, engine, blobs, arm } = await openStandingStill(store, (real, isDead) => ({
      commitObject: () => Promise.reject(AWAY),
      abandonBlobs: (names) => (isDead() && (refused += 1) <= 3 ? Promise.reject(AWAY) : real.abandonBlobs(names)),
    }))
    arm()
    await expect(session.putObject({ bucket, key: 'k', body: bytesOf(1_000) })).rejects.toBe(AWAY)
    while ((await blobs()) > 0) await delay(5)
    expect(refused).toBeGreaterThan(3)
    await engine.close()
  })
})

describeOnEachStore('bytes of a write of which nobody knows what became', (store) => {
  test('stay where it was done', async () => {
    let done = false
    const { session, bucket, engine, metadata } = await openTestEngine(store, {
      limits: LIMITS,
      wrapStore: (real) =>
        overriding(real, {
          commitObject: async (command) => {
            done ||= (await real.commitObject(command)).outcome === 'committed'
            throw DOUBT
          },
        }),
    })
    await expect(session.putObject({ bucket, key: 'k', body: bytesOf(1_000) })).rejects.toBe(DOUBT)
    expect(done).toBe(true)
    const found = await session.getObject({ bucket, key: 'k' })
    expect((await readAll(await found.open())).equals(bytesOf(1_000))).toBe(true)
    expect((await metadata.inspection.references({ after: null, limit: 10 })).rows).toHaveLength(1)
    await engine.close()
  })
})
