import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { faultyBackend } from '../../../../conformance/src/faulty-backend.ts'
import { openClockedEngine } from '../../../test/clocked-engine.ts'
import type { ClockedEngine } from '../../../test/clocked-engine.ts'
import { bytesOf, describeOnEachStore, openTestEngine, readAll } from '../../../test/engine-matrix.ts'
import type { TestEngineOptions } from '../../../test/engine-matrix.ts'
import { blobCount, joiningBackend, meanwhile } from '../../../test/support/joining-backend.ts'
import { joinWatch } from '../../../test/support/join-watch.ts'
import type { JoinWatch } from '../../../test/support/join-watch.ts'
import { openWorld } from '../../../test/support/world.ts'
import type { Backend } from '../../backend/backend.ts'
import { memoryBackend } from '../../backend/memory-backend.ts'
import { without } from '../../backend/without-facets.ts'
import type { ObjectInfo } from '../../model/object.ts'
import type { Session } from '../session.ts'
import type { TestedStore } from '../../../test/stores.ts'

const LIMITS = { inlineSizeMax: 100, partSizeMin: 1, appendBlobSizeMax: 500 }
const BUCKET = { bucket: { name: 'bucket' } }
const K = { ...BUCKET, key: 'k' }
const JOINS = { extentsMin: 2 }

interface Opened extends ClockedEngine {
  readonly watch: JoinWatch
}

async function open(store: TestedStore, options: TestEngineOptions = {}): Promise<Opened> {
  const watch = joinWatch()
  const engine = await openClockedEngine(store, { limits: LIMITS, joins: JOINS, observer: watch.observer, ...options })
  return { ...engine, watch }
}

const bodies = (sizes: readonly number[]): readonly Buffer[] => sizes.map((size, index) => bytesOf(size, index + 1))

/** Uploads parts of these sizes to a key and completes them. */
async function complete(session: Session, sizes: readonly number[], key = 'k'): Promise<ObjectInfo> {
  const { uploadId } = await session.createUpload({ ...BUCKET, key })
  const parts = []
  for (const [index, body] of bodies(sizes).entries()) {
    const { partNumber, etag } = await session.uploadPart({ ...BUCKET, key, uploadId, partNumber: index + 1, body })
    parts.push({ partNumber, etag })
  }
  return session.completeUpload({ ...BUCKET, key, uploadId, parts })
}

async function read(session: Session, key = 'k', more: object = {}): Promise<Buffer> {
  const object = await session.getObject({ ...BUCKET, key, ...more })
  return readAll(await object.open())
}

describeOnEachStore('joins', (store) => {
  test('many blobs become one after Complete, and nobody can tell', async () => {
    const { session, engine, watch, backend, expectClean, metadata } = await open(store)
    const completed = await complete(session, [300, 500, 400, 200])
    await watch.idle()
    expect(watch.events.filter((event) => !event.startsWith('blob.'))).toEqual(['join.queued', 'blobs.joined', 'join.ended'])
    expect((await session.headObject(K)).info).toEqual(completed)
    const whole = Buffer.concat(bodies([300, 500, 400, 200]))
    expect((await read(session)).equals(whole)).toBe(true)
    expect((await read(session, 'k', { range: { start: 290, end: 810 } })).equals(whole.subarray(290, 810))).toBe(true)
    expect((await read(session, 'k', { range: { part: 3 } })).equals(whole.subarray(800, 1200))).toBe(true)
    const places = await metadata.findPlaces(completed)
    expect(places?.extents).toMatchObject([{ kind: 'blob', storedOffset: 0, length: 1_400 }])
    // The four are still there, for readers that have them open; then they go.
    expect(await blobCount(backend)).toBe(5)
    await expectClean(1)
    expect((await session.listObjectParts(K)).parts.map(({ size }) => size)).toEqual([300, 500, 400, 200])
    await session.deleteObject(K)
    await expectClean(0)
    await engine.close()
  })

  test('appended blobs, too; what lives in the row stays there', async () => {
    const { session, engine, watch, expectClean } = await open(store)
    const { uploadId } = await session.createAppendUpload(K)
    await session.append({ ...K, uploadId, offset: 0, body: bytesOf(1_600) })
    const completed = await session.finishAppendUpload({ ...K, uploadId })
    await watch.idle()
    expect(watch.events).toContain('blobs.joined')
    expect((await session.headObject(K)).info).toEqual(completed)
    expect((await read(session)).equals(bytesOf(1_600))).toBe(true)
    await complete(session, [50, 300, 60, 400, 500], 'mixed')
    await watch.idle()
    expect((await read(session, 'mixed')).equals(Buffer.concat(bodies([50, 300, 60, 400, 500])))).toBe(true)
    await expectClean(3)
    await engine.close()
  })

  test('an engine that was not told to, or whose backend cannot, leaves all as it is', async () => {
    for (const options of [{ joins: 'never' as const }, { backend: without(memoryBackend(), 'joining') }]) {
      const { session, engine, watch, expectClean } = await open(store, options)
      await complete(session, [300, 500, 400])
      await watch.idle()
      expect(watch.events).not.toContain('join.queued')
      await expectClean(3)
      await engine.close()
    }
    const { session, engine, expectClean } = await openClockedEngine(store, { limits: LIMITS })
    await complete(session, [300, 500, 400])
    await expectClean(3)
    await engine.close()
  })

  test('parts that are copied share their blobs, and are not stored twice', async () => {
    const { session, engine, watch, expectClean } = await open(store)
    await session.putObject({ ...BUCKET, key: 'source', body: bytesOf(900, 9) })
    const { uploadId } = await session.createUpload(K)
    const parts = []
    for (const [index, range] of [
      { start: 0, end: 900 },
      { start: 100, end: 400 },
      { start: 0, end: 900 },
    ].entries()) {
      const { part } = await session.uploadPartCopy({ ...K, uploadId, partNumber: index + 1, source: { ...BUCKET, key: 'source', range } })
      parts.push({ partNumber: part.partNumber, etag: part.etag })
    }
    await session.completeUpload({ ...K, uploadId, parts })
    await watch.idle()
    expect(watch.events).not.toContain('blobs.joined')
    // Nobody else holds it from here on: it is whole, and cut, and named twice.
    await session.deleteObject({ ...BUCKET, key: 'source' })
    expect((await read(session)).equals(Buffer.concat([bytesOf(900, 9), bytesOf(900, 9).subarray(100, 400), bytesOf(900, 9)]))).toBe(true)
    await expectClean(1)
    await engine.close()
  })

  test('a join that fails, or that lies, is told to the observer and changes nothing', async () => {
    const broken: readonly Backend[] = [
      faultyBackend(memoryBackend(), { operations: ['join'], failAt: 1, mode: 'before' }),
      faultyBackend(memoryBackend(), { operations: ['join'], failAt: 1, mode: 'after' }),
      meanwhile(
        memoryBackend(),
        async () => undefined,
        (size) => size - 1,
      ),
    ]
    for (const backend of broken) {
      const { session, engine, watch, expectClean } = await open(store, { backend })
      const completed = await complete(session, [300, 500, 400])
      await watch.idle()
      expect(watch.events).toContain('join.failed')
      expect((await session.headObject(K)).info).toEqual(completed)
      expect((await read(session)).equals(Buffer.concat(bodies([300, 500, 400])))).toBe(true)
      await expectClean(3)
      // The next one works again.
      await complete(session, [300, 500], 'next')
      await watch.idle()
      await engine.close()
    }
  })

  const RIVALS: Readonly<
    Record<string, { readonly act: (session: Session) => Promise<unknown>; readonly event: string; readonly left: number }>
  > = {
    overwrite: { act: (session) => session.putObject({ ...K, body: bytesOf(700, 7) }), event: 'join.outdated', left: 1 },
    delete: { act: (session) => session.deleteObject(K), event: 'join.outdated', left: 0 },
    // The copy keeps the pieces, and the original what they were joined to.
    copy: { act: (session) => session.copyObject({ ...BUCKET, key: 'copy', source: K }), event: 'blobs.joined', left: 4 },
    'copy onto itself': {
      act: (session) => session.copyObject({ ...K, source: K, metadataDirective: 'REPLACE' }),
      event: 'join.outdated',
      left: 3,
    },
  }
  test.each(Object.entries(RIVALS))('%s at the same time wins', async (_, { act, event, left }) => {
    let rival: () => Promise<unknown> = async () => undefined
    const { session, engine, watch, expectClean } = await open(store, { backend: meanwhile(memoryBackend(), () => rival()) })
    let before: unknown = null
    rival = async () => {
      await act(session)
      before = await everything(session)
    }
    await complete(session, [300, 500, 400])
    await watch.idle()
    expect(watch.events).toContain(event)
    expect(await everything(session)).toEqual(before)
    await expectClean(left)
    expect(await everything(session)).toEqual(before)
    await engine.close()
  })

  test('a version that becomes a former one is joined all the same', async () => {
    let rival: () => Promise<unknown> = async () => undefined
    const backend = meanwhile(memoryBackend(), () => rival())
    const { session, engine, watch, expectClean } = await open(store, { backend, versioning: 'enabled' })
    rival = () => session.putObject({ ...K, body: bytesOf(50) })
    const { versionId } = await complete(session, [300, 500])
    await watch.idle()
    expect(watch.events).toContain('blobs.joined')
    expect((await read(session, 'k', { versionId })).equals(Buffer.concat(bodies([300, 500])))).toBe(true)
    await expectClean(1)
    await engine.close()
  })

  test('a name that a backend needs on its way is known, and is gone afterwards', async () => {
    const inner = memoryBackend()
    const left: string[] = []
    const backend = joiningBackend(inner, (facet) => async (to, sources, options) => {
      for (const bytes of [bytesOf(10), bytesOf(20)]) {
        const name = await options.temporary()
        left.push(name)
        await inner.put(name, Readable.from([bytes]), {})
      }
      return facet.join(to, sources, options)
    })
    const { session, engine, watch, expectClean } = await open(store, { backend })
    await complete(session, [300, 500])
    await watch.idle()
    expect(left).toHaveLength(2)
    await expectClean(1)
    await engine.close()
  })

  test('a backend that joins no more in the middle is asked no more', async () => {
    const inner = memoryBackend()
    let joins = 0
    const joining = meanwhile(inner, async () => void (joins += 1))
    const backend = new Proxy(joining, {
      get: (target, name) => (name === 'joining' && joins > 0 ? undefined : Reflect.get(target, name)),
    })
    const { session, engine, watch, expectClean } = await open(store, { backend, joins: { extentsMin: 2, sourcesMax: 2 } })
    await complete(session, [300, 500, 400, 200])
    await watch.idle()
    expect(joins).toBe(1)
    expect(watch.events).not.toContain('join.failed')
    expect((await read(session)).equals(Buffer.concat(bodies([300, 500, 400, 200])))).toBe(true)
    await expectClean(3)
    await engine.close()
  })

  test('who reads the pieces reads them to the end', async () => {
    const watch = joinWatch()
    let go: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    const limits = { ...LIMITS, garbageGraceSeconds: 0 }
    const backend = meanwhile(memoryBackend(), () => gate)
    const { session, engine } = await openTestEngine(store, { limits, joins: JOINS, observer: watch.observer, backend })
    await complete(session, [300, 500, 400])
    const reader = await session.getObject(K)
    go()
    await watch.idle()
    expect(watch.events).toContain('blobs.joined')
    for (let turn = 0; turn < 5; turn += 1) {
      await engine.collectGarbage()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(await blobCount(backend)).toBe(4)
    expect((await readAll(await reader.open())).equals(Buffer.concat(bodies([300, 500, 400])))).toBe(true)
    await expect
      .poll(async () => {
        await engine.collectGarbage()
        return blobCount(backend)
      })
      .toBe(1)
    await engine.close()
  })
})

/** What a user sees of the bucket, bytes included. */
async function everything(session: Session): Promise<unknown> {
  const { objects } = await session.listObjects(BUCKET)
  return Promise.all(objects.map(async (info) => ({ info, bytes: (await read(session, info.key)).toString('hex') })))
}

test('closing ends a join that hangs; the next engine collects what it left', async () => {
  for (const mode of ['hang', 'after'] as const) {
    const wrapBackend = (inner: Backend): Backend => {
      const faulty = faultyBackend(inner, { operations: ['join'], failAt: 1, mode: 'hang' })
      return mode === 'hang' ? faulty : hangingAfter(inner)
    }
    const world = await openWorld({ store: 'sqlite', backend: 'memory', joins: JOINS, wrapBackend })
    await world.session.createBucket(BUCKET)
    await complete(world.session, [300, 500])
    await world.reopen()
    expect((await read(world.session)).equals(Buffer.concat(bodies([300, 500])))).toBe(true)
    await world.collect()
    expect(await world.audit()).toHaveLength(2)
    await world.dispose()
  }
})

test('a process that dies between join and exchange leaves a blob that the collector knows', async () => {
  let joined: () => void = () => undefined
  const isJoined = new Promise<void>((resolve) => {
    joined = resolve
  })
  const never = new Promise<never>(() => undefined)
  const wrapBackend = (inner: Backend): Backend =>
    meanwhile(inner, () => {
      joined()
      return never
    })
  const world = await openWorld({ store: 'sqlite', backend: 'memory', joins: JOINS, wrapBackend })
  await world.session.createBucket(BUCKET)
  await complete(world.session, [300, 500])
  await isJoined
  await world.crash()
  expect(await world.audit()).toHaveLength(3)
  await world.collect()
  expect(await world.audit()).toHaveLength(2)
  expect((await read(world.session)).equals(Buffer.concat(bodies([300, 500])))).toBe(true)
  await world.dispose()
})

/** Joins, and then gives no answer until it is aborted. */
function hangingAfter(inner: Backend): Backend {
  return joiningBackend(inner, (facet) => async (to, sources, options) => {
    await facet.join(to, sources, options)
    return new Promise((_, reject) => {
      options.signal?.addEventListener('abort', () => reject(options.signal?.reason))
    })
  })
}
