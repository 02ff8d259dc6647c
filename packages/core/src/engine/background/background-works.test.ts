import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine, overriding } from '../../../test/engine-matrix.ts'
import { openEngine } from '../open-engine.ts'
import type { Backend, UnfinishedFacet } from '../../backend/backend.ts'
import { parseBlobKey } from '../../backend/blob-key.ts'
import { memoryBackend } from '../../backend/memory-backend.ts'
import { allowAll } from '../../policy/allow-all.ts'

const LIMITS = { inlineSizeMax: 100, garbageGraceSeconds: 0 }

describeOnEachStore('an engine in the background', (store) => {
  test('deletes what nothing refers to, and aborts what has expired, by itself', async () => {
    const done: Readonly<Record<string, unknown>>[] = []
    const observer = {
      event: (name: string, fields: Readonly<Record<string, unknown>>) => void (name === 'job.ended' && done.push(fields)),
    }
    const { session, bucket, engine, backend } = await openTestEngine(store, {
      limits: { ...LIMITS, uploadExpirySeconds: 0 },
      observer,
      background: { garbageEverySeconds: 0.01 },
    })
    await session.putObject({ bucket, key: 'k', body: bytesOf(1_000) })
    await session.createUpload({ bucket, key: 'u' })
    await session.deleteObject({ bucket, key: 'k' })
    const sum = (of: string): number => done.reduce((all, fields) => all + Number(fields[of]), 0)
    while (sum('blobs') < 1 || sum('uploads') < 1) await delay(2)
    expect(done[0]).toMatchObject({ job: 'garbage', attempt: 1 })
    const left = []
    for await (const entry of backend.list({ prefix: '' })) left.push(entry)
    expect(left).toEqual([])
    expect((await session.listUploads({ bucket })).uploads).toEqual([])
    await engine.close()
  })

  test('looks once a run at what backends keep of unfinished writes, however much garbage there is', async () => {
    const metadata = overriding(await store.open(), { open: () => Promise.resolve() })
    const blobs = Array.from({ length: 2_100 }, (_, at) => ({ backendId: 'main', blob: parseBlobKey(`left-${at}`) }))
    await metadata.reserveBlobs({ processId: 'ended', blobs })
    await metadata.endProcess('ended')
    // A heartbeat of the same millisecond may have been before.
    await delay(5)
    let asked = 0
    const unfinished: UnfinishedFacet = {
      list: async function* () {
        asked += 1
        yield { key: parseBlobKey('left-1'), id: '1', startedAt: new Date(0) }
      },
      abort: async () => undefined,
    }
    const memory = memoryBackend()
    const backend: Backend = {
      contract: 1,
      name: 'memory with unfinished writes',
      limits: memory.limits,
      init: () => memory.init(),
      put: (key, body, given) => memory.put(key, body, given),
      get: (key, given) => memory.get(key, given),
      delete: (keys, given) => memory.delete(keys, given),
      list: (given) => memory.list(given),
      close: () => memory.close(),
      unfinished,
    }
    const ended: object[] = []
    const observer = { event: (name: string, fields: object) => void (name === 'job.ended' && ended.push(fields)) }
    const options = { metadata, backend, policy: allowAll(), limits: LIMITS, observer, background: { garbageEverySeconds: 60 } }
    const engine = await openEngine(options)
    while (ended.length === 0) await delay(2)
    expect(ended[0]).toMatchObject({ blobs: 2_100 })
    expect(asked).toBe(1)
    await engine.close()
  })

  test('does nothing unless it is told to', async () => {
    const { engine, metadata } = await openTestEngine(store, { limits: LIMITS })
    expect(await metadata.takeJob({ id: 'garbage', kind: 'garbage', owner: 'test', leaseSeconds: 1 })).toMatchObject({ attempt: 1 })
    await engine.close()
  })

  test('says which rule is none, before it opens anything', async () => {
    const metadata = await store.open()
    const open = (background: object) => openEngine({ metadata, backend: memoryBackend(), policy: allowAll(), background })
    await expect(open({ everySeconds: 1 })).rejects.toMatchObject({
      code: 'InvalidArgument',
      details: { argument: 'background.everySeconds' },
    })
    for (const garbageEverySeconds of [0, -1, Number.NaN, 86_401, '30']) {
      await expect(open({ garbageEverySeconds })).rejects.toMatchObject({ details: { argument: 'background.garbageEverySeconds' } })
    }
    expect(await metadata.policyVersion()).toBe(1)
    await metadata.close()
  })
})
