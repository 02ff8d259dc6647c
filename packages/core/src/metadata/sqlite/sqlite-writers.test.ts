import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { blobOf, makeBucket, putText, readText } from '../../../test/metadata/samples.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { sqliteMetadata } from './sqlite-metadata.ts'
import { sqliteWriters } from './sqlite-writers.ts'
import type { SqliteWriters } from './sqlite-writers.ts'

async function openStores(writers: SqliteWriters, count: number): Promise<readonly MetadataStore[]> {
  const stores = Array.from({ length: count }, () => sqliteMetadata({ temporary: true, writers }))
  onTestFinished(async () => void (await Promise.allSettled(stores.map((store) => store.close()))))
  await Promise.all(stores.map((store) => store.open()))
  return stores
}

const reserve = (store: MetadataStore, name: string): Promise<void> => store.reserveBlobs({ processId: 'p', blobs: [blobOf(name)] })

test('files are spread over a bounded number of threads, which end with the last of them', async () => {
  const writers = sqliteWriters({ threadsMax: 2, idleSeconds: 0 })
  expect(writers.usage).toEqual({ threads: 0, files: 0 })
  const stores = await openStores(writers, 7)
  expect(writers.usage).toEqual({ threads: 2, files: 7 })
  await Promise.all(stores.map((store) => makeBucket(store)))
  await Promise.all(stores.map((store, index) => putText(store, 'k', `of ${index}`)))
  expect(await Promise.all(stores.map((store) => readText(store, 'k')))).toEqual(stores.map((_, index) => `of ${index}`))
  await Promise.all(stores.slice(1).map((store) => store.close()))
  expect(writers.usage).toEqual({ threads: 1, files: 1 })
  await stores[0]?.close()
  expect(writers.usage).toEqual({ threads: 0, files: 0 })
})

test('a thread without files stays for a while, for the next one', async () => {
  const writers = sqliteWriters({ threadsMax: 2, idleSeconds: 60 })
  const stores = await openStores(writers, 2)
  for (const store of stores) await store.close()
  expect(writers.usage).toEqual({ threads: 2, files: 0 })
  await openStores(writers, 1)
  expect(writers.usage).toEqual({ threads: 2, files: 1 })
  const impatient = sqliteWriters({ idleSeconds: 0.01 })
  const [store] = await openStores(impatient, 1)
  await store?.close()
  await expect.poll(() => impatient.usage.threads).toBe(0)
})

test('a flood of one file does not keep another one waiting for its end', async () => {
  const [flooded, other] = await openStores(sqliteWriters({ threadsMax: 1 }), 2)
  if (flooded === undefined || other === undefined) throw new Error('two were opened')
  let done = 0
  const flood = Array.from({ length: 3_000 }, async (_, index) => {
    await reserve(flooded, `f${index}`)
    done += 1
  })
  await reserve(other, 'o')
  const before = done
  await Promise.all(flood)
  expect(done).toBe(3_000)
  expect(before).toBeLessThan(1_500)
})

test('a thread that dies: what was under way is unknown, and the next opening starts another one', async () => {
  const started: Worker[] = []
  const code = new URL('./sqlite-writer-worker.ts', import.meta.url)
  const writers = sqliteWriters({
    threadsMax: 1,
    worker: (options) => {
      const worker = new Worker(code, options)
      started.push(worker)
      return worker
    },
  })
  const directory = await mkdtemp(join(tmpdir(), 'stowage-writers-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const stores = ['a', 'b'].map((name) => sqliteMetadata({ file: join(directory, name), writers }))
  for (const store of stores) await store.open()
  // More than a thread gets done in the moment that is left to it.
  const names = Array.from({ length: 500 }, (_, index) => `x${index}`)
  const underWay = names.flatMap((name) => stores.map((store) => reserve(store, name)))
  await new Promise((resolve) => setImmediate(resolve))
  await started[0]?.terminate()
  const outcomes = await Promise.allSettled(underWay)
  const unknown = outcomes.filter((outcome) => outcome.status === 'rejected')
  expect(unknown.length).toBeGreaterThan(0)
  for (const { reason } of unknown) expect(reason).toMatchObject({ code: 'OutcomeUnknown' })
  for (const store of stores) await expect(reserve(store, 'y')).rejects.toMatchObject({ code: 'StoreUnavailable' })
  for (const store of stores) await store.close()
  for (const store of stores) await store.open()
  expect(writers.usage).toEqual({ threads: 1, files: 2 })
  expect(started).toHaveLength(2)
  for (const store of stores) await reserve(store, 'z')
  for (const store of stores) await store.close()
})

test('a file that does not open leaves the others of its thread alone', async () => {
  const writers = sqliteWriters({ threadsMax: 1 })
  const [store] = await openStores(writers, 1)
  if (store === undefined) throw new Error('one was opened')
  const directory = await mkdtemp(join(tmpdir(), 'stowage-writers-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'damaged.sqlite')
  await writeFile(file, 'This is no database, however long one looks at it.'.repeat(1_000))
  await expect(sqliteMetadata({ file, writers }).open()).rejects.toMatchObject({ code: 'StoreUnavailable' })
  expect(writers.usage).toEqual({ threads: 1, files: 1 })
  await makeBucket(store)
  expect(await putText(store, 'k', 'still here')).toBe('committed')
  expect(await readText(store, 'k')).toBe('still here')
})

test('options that are none are refused', () => {
  expect(() => sqliteWriters({ threadsMax: 0 })).toThrow('from 1 to 64')
  expect(() => sqliteWriters({ idleSeconds: -1 })).toThrow('from 0 to 86400')
  expect(() => sqliteWriters({ threads: 4 } as object)).toThrow("unknown option 'threads'")
  const writers = sqliteWriters()
  expect(() => sqliteMetadata({ temporary: true, writers, worker: 'inline' })).toThrow('either worker or writers')
  expect(() => sqliteMetadata({ temporary: true, cacheSizeMax: 1 })).toThrow('at least 65536 bytes')
  expect(() => sqliteMetadata({ temporary: true, walSizeMax: 1 })).toThrow('at least 1048576 bytes')
})
