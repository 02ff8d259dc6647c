import { expect, test } from 'vitest'
import { openClockedEngine } from '../../test/clocked-engine.ts'
import { bytesOf, describeOnEachStore, garbageOf, openTestEngine } from '../../test/engine-matrix.ts'
import type { Backend, UnfinishedWrite } from '../backend/backend.ts'
import { parseBlobKey } from '../backend/blob-key.ts'
import type { BlobKey } from '../backend/blob-key.ts'
import { memoryBackend } from '../backend/memory-backend.ts'
import { StorageError } from '../errors/storage-error.ts'

const LIMITS = { inlineSizeMax: 100, partSizeMin: 1 }
const DAY_MS = 86_400_000

/** A memory backend with one method or facet of its own. */
function backendWith(own: Partial<Backend>): Backend {
  const inner = memoryBackend()
  return {
    contract: 1,
    name: 'memory with more',
    limits: { ...inner.limits, deleteBatchMax: 3 },
    init: () => inner.init(),
    put: (key, body, options) => inner.put(key, body, options),
    get: (key, options) => inner.get(key, options),
    delete: (keys, options) => inner.delete(keys, options),
    list: (options) => inner.list(options),
    close: () => inner.close(),
    ...own,
  }
}

async function keysOf(backend: Backend): Promise<readonly BlobKey[]> {
  const keys: BlobKey[] = []
  for await (const { key } of backend.list({ prefix: '' })) keys.push(key)
  return keys
}

describeOnEachStore('collectGarbage', (store) => {
  test('deletes what nothing refers to, when its grace is over and not before', async () => {
    const events: string[] = []
    const { session, bucket, engine, backend, collect, expectClean } = await openClockedEngine(store, {
      limits: LIMITS,
      observer: { event: (name) => events.push(name) },
    })
    for (const seed of [1, 2, 3]) await session.putObject({ bucket, key: 'k', body: bytesOf(1_000, seed) })
    await session.copyObject({ bucket, key: 'copy', source: { bucket, key: 'k' } })
    await session.deleteObject({ bucket, key: 'k' })
    expect(await engine.collectGarbage()).toEqual({ blobs: 0, uploads: 0 })
    expect(await keysOf(backend)).toHaveLength(3)
    expect(await collect()).toEqual({ blobs: 2, uploads: 0 })
    expect(await keysOf(backend)).toHaveLength(1)
    await session.deleteObject({ bucket, key: 'copy' })
    await expectClean(0)
    expect(events.filter((name) => name === 'garbage.deleted')).toHaveLength(2)
    await engine.close()
  })

  test('aborts uploads that are past their time, then forgets the answers of those completed', async () => {
    const { session, bucket, engine, time, collect, expectClean } = await openClockedEngine(store, {
      limits: { ...LIMITS, uploadExpirySeconds: (2 * DAY_MS) / 1000 },
    })
    const parts = { bucket, key: 'p', uploadId: (await session.createUpload({ bucket, key: 'p' })).uploadId }
    await session.uploadPart({ ...parts, partNumber: 1, body: bytesOf(1_000) })
    const append = { bucket, key: 'a', uploadId: (await session.createAppendUpload({ bucket, key: 'a' })).uploadId }
    await session.append({ ...append, offset: 0, body: bytesOf(1_000) })
    const done = { bucket, key: 'd', uploadId: (await session.createUpload({ bucket, key: 'd' })).uploadId }
    const { etag } = await session.uploadPart({ ...done, partNumber: 1, body: bytesOf(1_000) })
    await session.completeUpload({ ...done, parts: [{ partNumber: 1, etag }] })
    time.advance(1.5 * DAY_MS)
    // Every append moves the expiry on.
    await session.append({ ...append, offset: 1_000, body: bytesOf(10) })
    expect(await collect()).toMatchObject({ uploads: 0 })
    time.advance(DAY_MS)
    expect(await engine.collectGarbage()).toMatchObject({ uploads: 2 })
    await expect(session.listParts(parts)).rejects.toMatchObject({ code: 'UploadNotFound' })
    await expect(session.completeUpload({ ...done, parts: [{ partNumber: 1, etag }] })).rejects.toMatchObject({ code: 'UploadNotFound' })
    expect((await session.getAppendUpload(append)).offset).toBe(1_010)
    time.advance(DAY_MS)
    expect(await engine.collectGarbage()).toMatchObject({ uploads: 1 })
    await expect(session.getAppendUpload(append)).rejects.toMatchObject({ code: 'UploadNotFound' })
    await expectClean(1)
    await engine.close()
  })

  test('deletes in the backend’s batches, up to the limit', async () => {
    const batches: number[] = []
    const backend = backendWith({})
    const { session, bucket, engine, collect, expectClean } = await openClockedEngine(store, {
      limits: LIMITS,
      backend: { ...backend, delete: (keys) => (batches.push(keys.length), backend.delete(keys)) },
    })
    const keys = Array.from({ length: 17 }, (_, index) => `k${index}`)
    await Promise.all(keys.map((key) => session.putObject({ bucket, key, body: bytesOf(500) })))
    await session.deleteObjects({ bucket, objects: keys.map((key) => ({ key })) })
    expect(await collect()).toMatchObject({ blobs: 17 })
    expect(batches).toEqual([3, 3, 3, 3, 3, 2])
    await Promise.all(keys.map((key) => session.putObject({ bucket, key, body: bytesOf(500) })))
    await session.deleteObjects({ bucket, objects: keys.map((key) => ({ key })) })
    await expect(engine.collectGarbage({ limit: -1 })).rejects.toMatchObject({ code: 'InvalidArgument' })
    const stopped = new Error('enough')
    await expect(engine.collectGarbage({ signal: AbortSignal.abort(stopped) })).rejects.toBe(stopped)
    await expectClean(0)
    expect(await engine.collectGarbage({ limit: 0 })).toEqual({ blobs: 0, uploads: 0 })
    await engine.close()
  })

  test('collectors that claim at the same time do not get in each other’s way', async () => {
    const { session, bucket, engine, metadata, time, expectClean } = await openClockedEngine(store, {
      limits: { ...LIMITS, processLeaseSeconds: 30, garbageGraceSeconds: 1 },
    })
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`)
    await Promise.all(keys.map((key) => session.putObject({ bucket, key, body: bytesOf(500) })))
    await session.deleteObjects({ bucket, objects: keys.map((key) => ({ key })) })
    // Longer than the lease: but a process that collects is alive, and the names in its stock stay its own.
    time.advance(31_000)
    const runs = await Promise.all([20, 20, 20, 500, 500].map((limit) => engine.collectGarbage({ limit })))
    expect(runs.reduce((total, { blobs }) => total + blobs, 0)).toBe(40)
    expect(await engine.collectGarbage()).toEqual({ blobs: 0, uploads: 0 })
    expect((await garbageOf(metadata)).reserved).toBeGreaterThan(0)
    await expectClean(0)
    await engine.close()
  })

  test('a backend that fails keeps its claims for later, and the others are cleaned all the same', async () => {
    let failing = true
    const events: string[] = []
    const unavailable = new StorageError('BackendUnavailable', { backend: 'memory', operation: 'delete' })
    const backend = backendWith({})
    const main: Backend = { ...backend, delete: (keys) => (failing ? Promise.reject(unavailable) : backend.delete(keys)) }
    const other = memoryBackend()
    const { session, bucket, engine, metadata, collect, time } = await openClockedEngine(store, {
      limits: LIMITS,
      backend: main,
      otherBackends: { other },
      observer: { event: (name) => events.push(name) },
    })
    await session.putObject({ bucket, key: 'k', body: bytesOf(1_000) })
    await session.deleteObject({ bucket, key: 'k' })
    const blobs = [{ backendId: 'other', blob: parseBlobKey('x') }]
    await other.put(
      parseBlobKey('x'),
      (async function* () {
        yield bytesOf(1)
      })(),
      {},
    )
    await metadata.reserveBlobs({ processId: 'somebody', blobs })
    await metadata.abandonBlobs(blobs)
    await expect(collect()).rejects.toBe(unavailable)
    expect(await keysOf(other)).toEqual([])
    expect(await keysOf(main)).toHaveLength(1)
    expect(events).toContain('garbage.failed')
    failing = false
    // Claimed, and not given to anybody else before its collector must be dead.
    expect((await engine.collectGarbage()).blobs).toBe(0)
    time.advance(61_000)
    await engine.collectGarbage()
    expect(await keysOf(main)).toEqual([])
    await engine.close()
  })

  test('what a dead process reserved is garbage; one that was only silent must send its bytes again', async () => {
    const { session, bucket, engine, backend, metadata, time, expectClean } = await openClockedEngine(store, { limits: LIMITS })
    const blobs = ['a', 'b'].map((name) => ({ backendId: 'main', blob: parseBlobKey(name) }))
    await metadata.reserveBlobs({ processId: 'crashed', blobs })
    await backend.put(
      parseBlobKey('a'),
      (async function* () {
        yield bytesOf(1)
      })(),
      {},
    )
    await session.putObject({ bucket, key: 'k', body: bytesOf(1_000) })
    time.advance(61_000)
    // Another process collects: to it we are as dead as the one that crashed, and our stock of names is garbage.
    const taken = await metadata.claimGarbage({ graceSeconds: 60, leaseSeconds: 60, limit: 1_000 })
    expect(taken.length).toBeGreaterThan(2)
    await backend.delete(taken.map(({ blob }) => blob))
    await metadata.forgetGarbage(taken)
    expect(await keysOf(backend)).toHaveLength(1)
    // The bytes that come too late are known to nobody but us: they do not stay.
    await expect(session.putObject({ bucket, key: 'k2', body: bytesOf(1_000) })).rejects.toMatchObject({
      code: 'StoreUnavailable',
      retryable: true,
    })
    expect(await keysOf(backend)).toHaveLength(1)
    await session.putObject({ bucket, key: 'k2', body: bytesOf(1_000) })
    await expectClean(2)
    await engine.close()
  })

  test('aborts what a backend keeps of unfinished writes: old, ours, and reserved by nobody who lives', async () => {
    const aborted: string[] = []
    let writes: readonly UnfinishedWrite[] = []
    const asked: Date[] = []
    const backend = backendWith({
      unfinished: {
        list: async function* ({ before }) {
          asked.push(before)
          yield* writes.filter(({ startedAt }) => startedAt < before)
        },
        abort: async ({ key }) => {
          aborted.push(key)
        },
      },
    })
    const { engine, metadata, time, collect } = await openClockedEngine(store, { limits: LIMITS, backend, blobPrefix: 'ours/' })
    const write = (name: string, ageMs: number): UnfinishedWrite => ({
      key: parseBlobKey(name),
      id: name,
      startedAt: new Date(time.now() - ageMs),
    })
    await collect()
    await metadata.reserveBlobs({ processId: 'living', blobs: [{ backendId: 'main', blob: parseBlobKey('ours/slow') }] })
    await metadata.heartbeat({ processId: 'living', oldestReadAgeMs: null })
    writes = [write('ours/old', 121_000), write('ours/slow', 10 * DAY_MS), write('theirs/old', 121_000), write('ours/young', 119_000)]
    await engine.collectGarbage()
    expect(asked.at(-1)).toEqual(new Date(time.now() - 120_000))
    expect(aborted).toEqual(['ours/old'])
    await engine.close()
  })

  test.each([
    ['', ['old'], ['theirs/old', 'theirs/deep/old']],
    ['theirs/', ['theirs/old'], ['old', 'theirs/deep/old', 'theirs2/old']],
  ])('under the prefix %j unfinished writes of other namespaces stay', async (blobPrefix, own, others) => {
    const aborted: string[] = []
    const backend = backendWith({
      unfinished: {
        list: async function* () {
          for (const name of [...own, ...others]) yield { key: parseBlobKey(name), id: name, startedAt: new Date(0) }
        },
        abort: async ({ key }) => {
          aborted.push(key)
        },
      },
    })
    const { engine } = await openClockedEngine(store, { limits: LIMITS, backend, blobPrefix })
    await engine.collectGarbage()
    expect(aborted).toEqual(own)
    await engine.close()
  })

  test('an open read holds garbage back until it ends', async () => {
    const { session, bucket, engine, backend } = await openTestEngine(store, {
      // The grace also covers how long a heartbeat is on its way; here a few milliseconds.
      limits: { ...LIMITS, garbageGraceSeconds: 0.5, heartbeatIntervalSeconds: 0.02 },
    })
    const body = bytesOf(1_000)
    await session.putObject({ bucket, key: 'k', body })
    const opened = await session.getObject({ bucket, key: 'k' })
    await session.deleteObject({ bucket, key: 'k' })
    // Grace and heartbeats go by, and each of those says that the read is still open.
    for (let run = 0; run < 15; run += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect((await engine.collectGarbage()).blobs).toBe(0)
    }
    const chunks = await (await opened.open()).toArray()
    expect(Buffer.concat(chunks)).toEqual(body)
    await expect.poll(async () => (await engine.collectGarbage()).blobs, { timeout: 10_000 }).toBe(1)
    expect(await keysOf(backend)).toEqual([])
    await engine.close()
  })
})
