import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import type { Engine } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { abortUploads, answers, bytesOf, failureOf, leftOvers, sourceOf, startFaultyStore } from './support/faulty-store.ts'

vi.setConfig({ testTimeout: 60_000 })
const store = await startFaultyStore()
afterEach(() => store.upstream.heal())
afterAll(() => store.stop())

const BYTES = bytesOf(5_600_000)
const bucket = { name: 'photos' }
const DAY_MS = 86_400_000

/** A real engine on a backend that goes by the faults, and a clock that can be put forward. */
async function openFaulty() {
  const backend = store.faulty({ attemptsMax: 2 })
  let ahead = 0
  const clock = (): Date => new Date(Date.now() + ahead)
  const engine: Engine = await openEngine({ metadata: sqliteMetadata({ temporary: true, clock }), backend, policy: ownersOnly(), clock })
  const session = engine.as(accountCaller('me'))
  await session.createBucket({ bucket })
  // Grace and lease pass; the heartbeat of this process goes on in between.
  const collect = async (): Promise<void> => {
    for (let step = 0; step < 4; step += 1) {
      ahead += 31_000
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    ahead += DAY_MS
    await engine.collectGarbage()
  }
  return { engine, session, direct: store.direct(backend), collect }
}

test('what a put leaves when nothing goes any more is found and aborted by the collector, and nothing was acknowledged', async () => {
  const { engine, session, direct, collect } = await openFaulty()
  await session.putObject({ bucket, key: 'kept', body: sourceOf(BYTES) })
  // Parts are refused, and so is every attempt to clean up.
  store.upstream.add({ method: 'PUT', query: /partNumber=2/, times: Infinity, fault: answers(500, 'InternalError') })
  store.upstream.add({ method: 'DELETE', times: Infinity, fault: answers(500, 'InternalError') })
  expect(await failureOf(session.putObject({ bucket, key: 'lost', body: sourceOf(BYTES) }))).toMatchObject({
    code: 'BackendUnavailable',
  })
  store.upstream.heal()
  expect(await leftOvers(direct)).toMatchObject({ uploads: 1, keys: [expect.any(String)] })
  await collect()
  expect(await leftOvers(direct)).toMatchObject({ uploads: 0, keys: [expect.any(String)] })
  const listing = await session.listObjects({ bucket })
  expect(listing.objects.map(({ key }) => key)).toEqual(['kept'])
  await engine.close()
})

test('a blob that was written though nobody was told is garbage, and goes', async () => {
  const { engine, session, direct, collect } = await openFaulty()
  // Carried out, but the answer is lost, and neither asking nor removing works.
  store.upstream.add({ method: 'POST', query: /^uploadId=/, times: Infinity, fault: { kind: 'reset', when: 'before-answer' } })
  store.upstream.add({ method: 'HEAD', times: Infinity, fault: answers(500, 'InternalError') })
  store.upstream.add({ method: 'DELETE', times: Infinity, fault: answers(500, 'InternalError') })
  expect(await failureOf(session.putObject({ bucket, key: 'k', body: sourceOf(BYTES) }))).toMatchObject({
    code: 'BackendUnavailable',
  })
  store.upstream.heal()
  expect((await leftOvers(direct)).keys).toHaveLength(1)
  expect(await failureOf(session.headObject({ bucket, key: 'k' }))).toMatchObject({ code: 'ObjectNotFound' })
  await collect()
  expect(await leftOvers(direct)).toEqual({ keys: [], uploads: 0 })
  await engine.close()
})

test('an upload that goes on is left alone by the collector', async () => {
  const { engine, session, direct, collect } = await openFaulty()
  let goOn = (): void => undefined
  const waiting = new Promise<void>((resolve) => (goOn = resolve))
  async function* slowly(): AsyncGenerator<Uint8Array> {
    yield* sourceOf(BYTES)
    await waiting
    yield new Uint8Array(10)
  }
  const put = session.putObject({ bucket, key: 'k', body: slowly() })
  await vi.waitFor(async () => expect((await leftOvers(direct)).uploads).toBe(1), { timeout: 20_000 })
  await collect()
  expect((await leftOvers(direct)).uploads).toBe(1)
  goOn()
  await put
  expect((await leftOvers(direct)).uploads).toBe(0)
  await abortUploads(direct)
  await engine.close()
})
