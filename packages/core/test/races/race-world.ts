import { deepStrictEqual } from 'node:assert/strict'
import type { Backend } from '../../src/backend/backend.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { isStorageError } from '../../src/errors/storage-error.ts'
import { overriding } from '../engine-matrix.ts'
import { methodNames } from '../support/naughty-stores.ts'
import { openWorld } from '../support/world.ts'
import type { World, WorldOptions } from '../support/world.ts'

/** A repeatable stream of numbers below a bound. */
export type Dice = (bound: number) => number

export function dice(seed: number): Dice {
  let state = seed >>> 0
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

/** A world whose stores answer after a few turns of the event loop, a different few each time: calls overtake each other. */
export async function openRaceWorld(options: Pick<WorldOptions, 'store' | 'wrapPool'>, seed: number): Promise<World> {
  const roll = dice(seed)
  const wait = async (): Promise<void> => {
    for (let turns = roll(4); turns > 0; turns -= 1) await new Promise((resolve) => void setImmediate(resolve))
  }
  return openWorld({
    ...options,
    backend: 'memory',
    wrapStore: (store) => delayed(store, wait),
    wrapBackend: (backend) => delayedBackend(backend, wait),
  })
}

function delayed(store: MetadataStore, wait: () => Promise<void>): MetadataStore {
  const methods: Record<string, unknown> = {}
  for (const name of methodNames(store)) {
    methods[name] = async (...input: unknown[]): Promise<unknown> => {
      await wait()
      const result: unknown = await (Reflect.get(store, name) as (...input: unknown[]) => unknown).apply(store, input)
      await wait()
      return result
    }
  }
  return overriding(store, methods)
}

/** Its facets are not shown: nothing here needs them. */
function delayedBackend(inner: Backend, wait: () => Promise<void>): Backend {
  return {
    contract: 1,
    name: inner.name,
    limits: inner.limits,
    init: (options) => inner.init(options),
    put: async (key, body, options) => {
      await wait()
      return inner.put(key, body, options)
    },
    get: async (key, options) => {
      await wait()
      return inner.get(key, options)
    },
    delete: async (keys, options) => {
      await wait()
      await inner.delete(keys, options)
    },
    list: (options) => inner.list(options),
    close: () => inner.close(),
  }
}

/** What became of each: null for success, else the code. Anything but a storage error is a failure of the test. */
export async function codesOf(calls: readonly Promise<unknown>[]): Promise<readonly (string | null)[]> {
  return (await Promise.allSettled(calls)).map((result) => {
    if (result.status === 'fulfilled') return null
    if (isStorageError(result.reason)) return result.reason.code
    throw result.reason
  })
}

/** Nothing leaked, nothing wrongly collected: audited as it is, collected, audited again, emptied, and no blob is left. */
export async function settleRace(world: World, bucket: { readonly name: string }): Promise<void> {
  await world.audit()
  await world.collect()
  await world.audit()
  for (;;) {
    const { versions, truncated } = await world.session.listVersions({ bucket })
    const objects = versions.map(({ key, versionId }) => ({ key, versionId }))
    if (objects.length > 0) await world.session.deleteObjects({ bucket, objects })
    if (!truncated) break
  }
  await world.session.deleteBucket({ bucket })
  await world.collect()
  deepStrictEqual(await world.audit(), [], 'blobs leaked')
}
