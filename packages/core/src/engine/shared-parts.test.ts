import { expect, onTestFinished, test } from 'vitest'
import { memoryBackend } from '../backend/memory-backend.ts'
import { SharedBackend } from '../backend/shared-backend.ts'
import { without } from '../backend/without-facets.ts'
import { HashWorkerPool } from '../checksums/hash-worker-pool.ts'
import { sqliteMetadata } from '../metadata/sqlite/sqlite-metadata.ts'
import { sqliteWriters } from '../metadata/sqlite/sqlite-writers.ts'
import { allowAll } from '../policy/allow-all.ts'
import { accountCaller } from '../policy/caller.ts'
import type { Engine } from './engine.ts'
import { openEngine } from './open-engine.ts'

const BODY = Buffer.alloc(2 * 1024 * 1024, 'x')

test('engines of many namespaces share a backend, threads that write and threads that hash; closing one leaves them to the others', async () => {
  const backend = memoryBackend()
  const shared = new SharedBackend(backend)
  const writers = sqliteWriters({ threadsMax: 1 })
  const hashWorkers = new HashWorkerPool({ threadsMax: 1 })
  onTestFinished(() => hashWorkers.close())
  expect(await hashWorkers.start()).toBe(true)
  const open = (name: string): Promise<Engine> =>
    openEngine({
      metadata: sqliteMetadata({ temporary: true, writers }),
      backend: shared.lend(),
      policy: allowAll(),
      hashWorkers,
      blobPrefix: `${name}/`,
    })
  const [one, other] = await Promise.all([open('one'), open('other')])
  onTestFinished(() => other.close())
  const bucket = { name: 'bucket' }
  for (const engine of [one, other]) {
    await engine.as(accountCaller('anna')).createBucket({ bucket })
    await engine.as(accountCaller('anna')).putObject({ bucket, key: 'k', body: BODY })
  }
  await one.close()
  expect(hashWorkers.usage.threads).toBe(1)
  expect(writers.usage).toEqual({ threads: 1, files: 1 })
  const opened = await other.as(accountCaller('anna')).getObject({ bucket, key: 'k' })
  expect(Buffer.concat(await (await opened.open()).toArray()).equals(BODY)).toBe(true)
  const prefixes = new Set<string | undefined>()
  for await (const { key } of backend.list({ prefix: '' })) prefixes.add(key.split('/')[0])
  expect(prefixes).toEqual(new Set(['one', 'other']))
})

test('a shared backend is made ready once; where that failed, the next engine tries again', async () => {
  const backend = without(memoryBackend())
  let tries = 0
  const flaky = new Proxy(backend, {
    get: (target, name) => {
      if (name !== 'init') return Reflect.get(target, name, target) as unknown
      return async (): Promise<void> => {
        tries += 1
        if (tries === 1) throw new Error('not mounted yet')
      }
    },
  })
  const shared = new SharedBackend(flaky)
  await expect(shared.lend().init()).rejects.toThrow('not mounted yet')
  await shared.lend().init()
  await shared.lend().init()
  expect(tries).toBe(2)
})
