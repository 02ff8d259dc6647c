import { expect, test } from 'vitest'
import { bytesOf, chunked, describeOnEachStore, garbageOf, openTestEngine, overriding } from '../../test/engine-matrix.ts'
import { memoryBackend } from '../backend/memory-backend.ts'
import { StorageError } from '../errors/storage-error.ts'
import { sqliteMetadata } from '../metadata/sqlite/index.ts'
import { allowAll } from '../policy/allow-all.ts'
import { accountCaller } from '../policy/caller.ts'
import type { EngineOptions } from './engine.ts'
import { openEngine } from './open-engine.ts'

const options = (): EngineOptions => ({
  metadata: sqliteMetadata({ temporary: true, worker: 'inline' }),
  backend: memoryBackend(),
  policy: allowAll(),
})

test.each<[string, object, string]>([
  ['an unknown option', { polizy: allowAll() }, 'polizy'],
  ['no policy', { policy: undefined }, 'policy'],
  ['no backend', { backend: undefined }, 'backend'],
  ['no metadata store', { metadata: undefined }, 'metadata'],
  ['an unknown limit', { limits: { keyByteMax: 5 } }, 'limits.keyByteMax'],
  ['a limit that is no number', { limits: { keyBytesMax: Number.NaN } }, 'limits.keyBytesMax'],
  ['a backend of another contract', { backend: { ...memoryBackend(), name: 'old', contract: 2 } }, 'backend'],
  ['a second main backend', { otherBackends: { main: memoryBackend() } }, 'otherBackends'],
  ['a prefix that is none', { blobPrefix: 'a' }, 'blobPrefix'],
  ['a prefix that no blob may have', { blobPrefix: '../' }, 'blob'],
])('refuses %s, by name', async (_, wrong, argument) => {
  await expect(openEngine({ ...options(), ...wrong })).rejects.toMatchObject({
    code: 'InvalidArgument',
    details: { argument },
  })
})

test.each(['metadata', 'backend'])('closes again what it had opened where the %s does not open', async (broken) => {
  const calls: string[] = []
  const failure = new StorageError('DirectoryInUse', { directory: 'there' })
  const { metadata, backend, policy } = options()
  const open = (name: string) => async (): Promise<void> => {
    calls.push(`open ${name}`)
    if (name === broken) throw failure
  }
  const close = (name: string) => async () => void calls.push(`close ${name}`)
  const watched = Object.assign(Object.create(backend), { init: open('backend'), close: close('backend') })
  const store = overriding(metadata, { open: open('metadata'), close: close('metadata') })
  await expect(openEngine({ metadata: store, backend: watched, policy })).rejects.toBe(failure)
  // A directory's lock is the metadata's: it is taken first and given back last.
  const ofBackend = ['open backend', 'close backend']
  expect(calls).toEqual(['open metadata', ...(broken === 'backend' ? ofBackend : []), 'close metadata'])
})

describeOnEachStore('the engine', (store) => {
  test('names blobs under its prefix', async () => {
    const { session, bucket, engine, backend } = await openTestEngine(store, { blobPrefix: 'tenant/a/', limits: { inlineSizeMax: 0 } })
    await session.putObject({ bucket, key: 'k', body: bytesOf(5) })
    for await (const { key } of backend.list({ prefix: '' })) expect(key).toMatch(/^tenant\/a\/[0-9a-f]{32}$/)
    await engine.close()
  })

  test('reads what lies in other backends', async () => {
    const old = memoryBackend()
    const metadata = await store.open()
    const staying = overriding(metadata, { open: () => Promise.resolve(), close: () => Promise.resolve() })
    const bucket = { name: 'bucket' }
    const first = await openEngine({ metadata: staying, backend: old, policy: allowAll(), limits: { inlineSizeMax: 0 } })
    await first.as(accountCaller('owner')).createBucket({ bucket })
    await first.as(accountCaller('owner')).putObject({ bucket, key: 'k', body: bytesOf(500) })
    await first.close()
    // Moved: what was 'main' is now elsewhere. Nothing renames it in the rows yet, so both hold the same blobs here.
    const second = await openEngine({ metadata: staying, backend: old, otherBackends: { cold: memoryBackend() }, policy: allowAll() })
    const opened = await second.as(accountCaller('owner')).getObject({ bucket, key: 'k' })
    expect(opened.length).toBe(500)
    opened.close()
    await second.close()
    await metadata.close()
  })

  test('close waits for calls under way, refuses new ones, and breaks open reads off', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { limits: { inlineSizeMax: 100 } })
    await session.putObject({ bucket, key: 'k', body: bytesOf(500_000) })
    const stream = await (await session.getObject({ bucket, key: 'k' })).open()
    let go = (): void => undefined
    const waiting = new Promise<void>((resolve) => {
      go = resolve
    })
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield* chunked(bytesOf(5_000), 1_000)
      await waiting
    }
    const put = session.putObject({ bucket, key: 'late', body: body() })
    const closing = engine.close()
    expect(engine.close()).toBe(closing)
    const refused = { code: 'StoreUnavailable', details: { store: 'engine' } }
    await expect(session.headObject({ bucket, key: 'k' })).rejects.toMatchObject(refused)
    await expect(engine.policyChanged()).rejects.toMatchObject(refused)
    go()
    expect((await put).size).toBe(5_000)
    await closing
    await expect(stream.toArray()).rejects.toMatchObject(refused)
  })

  test('reserves names ahead, in few commits, and gives the rest back when it closes', async () => {
    let reservations = 0
    const metadata = await store.open()
    const watched = overriding(metadata, {
      open: () => Promise.resolve(),
      close: () => Promise.resolve(),
      reserveBlobs: (command) => {
        reservations += 1
        return metadata.reserveBlobs(command)
      },
    })
    const backend = memoryBackend()
    const engine = await openEngine({ metadata: watched, backend, policy: allowAll(), limits: { inlineSizeMax: 0 } })
    const session = engine.as(accountCaller('owner'))
    const bucket = { name: 'bucket' }
    await session.createBucket({ bucket })
    const put = (index: number): Promise<unknown> => session.putObject({ bucket, key: `k${index}`, body: bytesOf(10) })
    await Promise.all(Array.from({ length: 100 }, (_, index) => put(index)))
    expect(reservations).toBeLessThanOrEqual(4)
    const names = new Set<string>()
    for await (const { key } of backend.list({ prefix: '' })) names.add(key)
    expect(names.size).toBe(100)
    expect((await garbageOf(metadata)).reserved).toBeGreaterThan(0)
    await engine.close()
    expect(await garbageOf(metadata)).toMatchObject({ reserved: 0 })
    await metadata.close()
  })

  test('a store that reserves nothing fails the put, and the next one finds it well again', async () => {
    let fails = true
    const { session, bucket, engine } = await openTestEngine(store, {
      limits: { inlineSizeMax: 0 },
      wrapStore: (inner) =>
        overriding(inner, {
          reserveBlobs: async (command) => {
            if (fails) throw new StorageError('StoreUnavailable', { store: 'test', reason: 'down' })
            return inner.reserveBlobs(command)
          },
        }),
    })
    await expect(session.putObject({ bucket, key: 'k', body: bytesOf(1) })).rejects.toMatchObject({ code: 'StoreUnavailable' })
    fails = false
    await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    await engine.close()
  })

  test('overwrite under load: readers see the old object or the new one, whole, with its own ETag', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { limits: { inlineSizeMax: 500 } })
    const sizes = [100, 5_000, 400, 300_000]
    const versions = new Map<string, Buffer>()
    for (const [index, size] of sizes.entries()) {
      const { etag } = await session.putObject({ bucket, key: 'k', body: bytesOf(size, index) })
      versions.set(etag, bytesOf(size, index))
    }
    const load = { writing: true }
    let reads = 0
    const reader = async (): Promise<void> => {
      while (load.writing) {
        const opened = await session.getObject({ bucket, key: 'k' })
        const expected = versions.get(opened.info.etag)
        const chunks: Uint8Array[] = []
        if (opened.bytes === null) for await (const chunk of await opened.open()) chunks.push(chunk as Uint8Array)
        else chunks.push(opened.bytes)
        if (expected?.equals(Buffer.concat(chunks)) !== true) throw new Error(`not what ${opened.info.etag} was`)
        reads += 1
        // SQLite reads on this thread: whoever reads in a loop must let others have it.
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const readers = Promise.all([reader(), reader(), reader()])
    for (let round = 0; round < 30; round += 1) {
      const index = round % sizes.length
      await session.putObject({ bucket, key: 'k', body: bytesOf(sizes[index] ?? 0, index) })
    }
    load.writing = false
    await readers
    expect(reads).toBeGreaterThan(0)
    await engine.close()
  })
})
