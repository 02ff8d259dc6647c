import { expect, test } from 'vitest'
import { memoryBackend } from '../../src/backend/memory-backend.ts'
import type { Backend } from '../../src/backend/backend.ts'
import { moveMetadata } from '../../src/engine/move/move-metadata.ts'
import { takeBackMetadata } from '../../src/engine/move/take-back-metadata.ts'
import { openEngine } from '../../src/engine/open-engine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { allowAll } from '../../src/policy/allow-all.ts'
import { accountCaller } from '../../src/policy/caller.ts'
import { sampleBytes } from '../support/sample-bytes.ts'
import { opened, postgresPlace } from './places.ts'
import type { Place } from './places.ts'

/*
 * A process that has a store open while others move it: only Postgres lets that happen. It was cut off, or suspended, for longer than its
 * lease; here nobody waits, and the lease is nothing.
 */

const bucket = { name: 'bucket' }
const LIMITS = { inlineSizeMax: 64, garbageGraceSeconds: 0, heartbeatIntervalSeconds: 3600, processLeaseSeconds: 7200 }

function engineOn(metadata: MetadataStore, backend: Backend, clock?: () => Date): Promise<Engine> {
  const options = { metadata, backend, policy: allowAll(), limits: LIMITS, hashWorkers: { worker: 'inline' } } as const
  return openEngine(clock === undefined ? options : { ...options, clock })
}

function move(from: Place, to: Place): Promise<unknown> {
  const names = { from: 'the old one', to: 'the new one' }
  return opened(from, (source) => opened(to, (target) => moveMetadata({ from: source, to: target, names, leaseSeconds: 0 })))
}

/** Long enough for the heartbeat before to be of the past. */
async function pastHeartbeat(): Promise<void> {
  const begun = Date.now()
  while (Date.now() - begun < 5) await new Promise(setImmediate)
}

test('a process that had it open writes nothing to it any more, deletes nothing, and soon reads nothing', async () => {
  const [from, to, backend] = [await postgresPlace(), await postgresPlace(), memoryBackend()]
  let late = 0
  const metadata = from.store()
  const engine = await engineOn(metadata, backend, () => new Date(Date.now() + late))
  const session = engine.as(accountCaller('owner'))
  await session.createBucket({ bucket })
  for (const key of ['large', 'replaced']) await session.putObject({ bucket, key, body: sampleBytes(1, 300) })
  await session.putObject({ bucket, key: 'replaced', body: sampleBytes(2, 10) })
  const { uploadId } = await session.createUpload({ bucket, key: 'upload' })
  await pastHeartbeat()
  await move(from, to)

  const refused = { code: 'StoreNotUsable', message: expect.stringContaining('moved to the new one') }
  await expect(session.putObject({ bucket, key: 'small', body: Buffer.from('x') })).rejects.toMatchObject(refused)
  // Its name was reserved before.
  await expect(session.putObject({ bucket, key: 'other', body: sampleBytes(3, 300) })).rejects.toMatchObject(refused)
  await expect(session.uploadPart({ bucket, key: 'upload', uploadId, partNumber: 1, body: Buffer.from('x') })).rejects.toMatchObject(
    refused,
  )
  await expect(session.copyObject({ bucket, key: 'copy', source: { bucket, key: 'large' } })).rejects.toMatchObject(refused)
  await expect(session.deleteObject({ bucket, key: 'large' })).rejects.toMatchObject(refused)
  await expect(session.createBucket({ bucket: { name: 'another' } })).rejects.toMatchObject(refused)
  await expect(engine.collectGarbage()).rejects.toMatchObject(refused)
  await expect(metadata.claimGarbage({ graceSeconds: 0, leaseSeconds: 60, limit: 10 })).rejects.toMatchObject(refused)
  late = 2000
  await expect(session.headObject({ bucket, key: 'large' })).rejects.toMatchObject(refused)

  // Taken back, it goes on.
  await opened(from, takeBackMetadata)
  await session.putObject({ bucket, key: 'small', body: Buffer.from('x') })
  expect((await engine.collectGarbage()).blobs).toBeGreaterThan(0)
  await engine.close()
})

test('a process that was about to open it does not, nor the copy that is not finished', async () => {
  const [from, to, memory] = [await postgresPlace(), await postgresPlace(), memoryBackend()]
  await opened(from, async () => undefined)
  const slow = (use: () => Promise<unknown>): Backend => new Proxy(memory, { get: (backend, name) => nameOf(backend, name, use) })
  await expect(
    engineOn(
      from.store(),
      slow(() => move(from, to)),
    ),
  ).rejects.toMatchObject({ code: 'StoreNotUsable' })
  const third = await postgresPlace()
  const mark = (): Promise<unknown> =>
    opened(third, ({ copying }) => copying.write({ expected: null, mark: { state: 'copying', from: 'a test' } }))
  await expect(engineOn(third.store(), slow(mark))).rejects.toThrow('it is a copy of a test that is not finished')
})

function nameOf(backend: Backend, name: string | symbol, init: () => Promise<unknown>): unknown {
  if (name === 'init') return init
  const value: unknown = Reflect.get(backend, name)
  return typeof value === 'function' ? value.bind(backend) : value
}

test('a commit that is under way ends before the store is marked', async () => {
  const place = await postgresPlace()
  const [marker, counted] = [place.store({ openMarked: true }), whenCounted()]
  await marker.open()
  let begun = false
  const metadata = place.store({
    onStatement: ({ text }) => {
      if (begun || !text.startsWith('INSERT INTO objects')) return
      begun = true
      const marked = marker.copying.write({ expected: null, mark: { state: 'moving', to: 'a test' }, onlySilentForSeconds: 0 })
      counted.resolve(marked.then(() => marker.copying.count('objects')))
    },
  })
  const engine = await engineOn(metadata, memoryBackend())
  const session = engine.as(accountCaller('owner'))
  await session.createBucket({ bucket })
  await pastHeartbeat()
  await session.putObject({ bucket, key: 'small', body: Buffer.from('x') })
  expect(await counted.promise).toBe(1)
  await expect(session.putObject({ bucket, key: 'later', body: Buffer.from('x') })).rejects.toMatchObject({ code: 'StoreNotUsable' })
  await engine.close()
  await marker.close()
})

interface Counted {
  readonly promise: Promise<number>
  readonly resolve: (count: Promise<number>) => void
}

function whenCounted(): Counted {
  let resolve: Counted['resolve'] = () => undefined
  const promise = new Promise<number>((done) => {
    resolve = done
  })
  return { promise, resolve: (count) => resolve(count) }
}
