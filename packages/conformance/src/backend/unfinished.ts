import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Backend, UnfinishedFacet, UnfinishedWrite } from '@stowage/core/backend'
import { bytesOf, collect, failingSource, failureOf, keyOf, pausingSource, putBytes } from './support.ts'
import type { BackendCase } from './support.ts'

/** Later than anything that a store could have begun. */
const FOREVER = new Date(8_640_000_000_000_000)

/** The facet `unfinished`. */
export const unfinishedCases: readonly BackendCase[] = [
  {
    name: 'unfinished: a finished put and a failed one leave no write that never ended',
    facet: 'unfinished',
    async run(backend) {
      await putBytes(backend, keyOf(1), bytesOf(100_000))
      await failureOf(backend.put(keyOf(2), failingSource(bytesOf(9_000_000), new Error('gone')), {}))
      assert.deepEqual(await listUnfinished(backend), [])
    },
  },
  {
    name: 'unfinished: what is listed can be aborted, also twice, and the put then fails',
    facet: 'unfinished',
    async run(backend) {
      const source = pausingSource(bytesOf(20_000_000))
      const put = backend.put(keyOf(1), source.body, {})
      // It may fail as soon as its upload is aborted, long before it is waited for.
      put.catch(() => undefined)
      await source.paused
      const writes = await listBegun(backend)
      for (const write of [...writes, ...writes]) await unfinishedOf(backend).abort(write)
      assert.deepEqual(await listUnfinished(backend), [])
      source.resume()
      // A store that keeps no trace of this write has nothing to abort, and the put goes through.
      if (writes.length > 0) await failureOf(put)
      else await put
    },
  },
  {
    name: 'unfinished: what began later is not listed',
    facet: 'unfinished',
    async run(backend) {
      const source = pausingSource(bytesOf(20_000_000))
      const put = backend.put(keyOf(1), source.body, {})
      await source.paused
      assert.deepEqual(await collect(unfinishedOf(backend).list({ before: new Date(0) })), [])
      source.resume()
      await put
    },
  },
]

function unfinishedOf(backend: Backend): UnfinishedFacet {
  assert.ok(backend.unfinished)
  return backend.unfinished
}

async function listUnfinished(backend: Backend): Promise<UnfinishedWrite[]> {
  return collect(unfinishedOf(backend).list({ before: FOREVER }))
}

/** What is listed while a put is under way. A store that keeps a trace may take a moment to say so: it is asked for a second. */
async function listBegun(backend: Backend): Promise<UnfinishedWrite[]> {
  for (let asked = 0; asked < 20; asked += 1) {
    const writes = await listUnfinished(backend)
    if (writes.length > 0) return writes
    await pause(50)
  }
  return []
}
