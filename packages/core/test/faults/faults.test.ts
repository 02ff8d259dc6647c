import { describe, expect, test } from 'vitest'
import { isStorageError } from '../../src/errors/storage-error.ts'
import { overriding } from '../engine-matrix.ts'
import { STORE_FAULTS } from '../support/naughty-stores.ts'
import { COMMIT_FAULTS } from './doubtful-pool.ts'
import { checkRun, openFaultyWorld } from './fault-at.ts'
import type { Ending, Fault, FaultedRun, FaultyWorld } from './fault-at.ts'
import { WRITE_PATHS } from './write-paths.ts'
import type { WritePath } from './write-paths.ts'

const NOWHERE: Fault = { at: 'nowhere', n: 0, mode: 'none' }
const BACKEND_MODES = ['before', 'after', 'partial', 'hang'] as const
const TIMEOUT_MS = 120_000

/** Backends are the same under both stores: their faults are tried once. */
const STORES: readonly { readonly store: 'sqlite' | 'postgres'; readonly backendFaults: boolean; readonly endings: readonly Ending[] }[] = [
  { store: 'sqlite', backendFaults: true, endings: ['close', 'crash'] },
  { store: 'postgres', backendFaults: false, endings: ['crash'] },
]

for (const { store, backendFaults, endings } of STORES) {
  describe(`a fault at every call, on ${store}`, () => {
    for (const path of WRITE_PATHS) {
      test(path.name, { timeout: TIMEOUT_MS }, async () => {
        const world = await openFaultyWorld({ store })
        try {
          const before = await world.run({ ...path, act: async () => undefined }, NOWHERE, 'close')
          const after = await world.run(path, NOWHERE, 'close')
          expect(after.error).toBe(null)
          for (const fault of faultsOf(path, after, backendFaults)) {
            for (const ending of endings) await tryFault(world, path, { fault, ending, before, after })
          }
        } finally {
          await world.dispose()
        }
      })
    }
  })
}

async function tryFault(
  world: FaultyWorld,
  path: WritePath,
  tried: { readonly fault: Fault; readonly ending: Ending; readonly before: FaultedRun; readonly after: FaultedRun },
): Promise<void> {
  const { fault, ending, before, after } = tried
  try {
    const run = await world.run(path, fault, ending)
    checkRun(path, run, { before, after })
    // Otherwise there are more places to fail at than were counted.
    if (fault.at !== 'nowhere' && fault.n > after.counts[fault.at]) expect(run.error).toBe(null)
    // The wrong error class would become a 500 without a name.
    const planned = fault.mode === 'throw' || fault.mode === 'hang'
    if (!run.acknowledged && !planned) expect(isStorageError(run.error), String(run.error)).toBe(true)
  } catch (error) {
    throw new Error(`at ${fault.at} call ${fault.n} (${fault.mode}), then ${ending}`, { cause: error })
  }
}

/** One fault more than there are places: the last one must not strike, or something was not counted. */
function faultsOf(path: WritePath, { counts }: FaultedRun, backendFaults: boolean): readonly Fault[] {
  const places = (count: number): readonly number[] => Array.from({ length: count + 1 }, (_, at) => at + 1)
  return [
    ...(backendFaults && counts.backend > 0
      ? BACKEND_MODES.filter((mode) => mode !== 'hang' || path.hangs === true).flatMap((mode) =>
          places(counts.backend).map((n): Fault => ({ at: 'backend', n, mode })),
        )
      : []),
    ...STORE_FAULTS.flatMap((mode) => places(counts.store).map((n): Fault => ({ at: 'store', n, mode }))),
    ...COMMIT_FAULTS.flatMap((mode) => (counts.commit === 0 ? [] : places(counts.commit)).map((n): Fault => ({ at: 'commit', n, mode }))),
    ...places(counts.statement).map((n): Fault => ({ at: 'statement', n, mode: 'throw' })),
  ]
}

/** Mistakes that servers were shipped with: what finds none of them is worth nothing. */
const MUTANTS: readonly { readonly name: string; readonly mutate: Parameters<typeof openFaultyWorld>[0]['mutate'] & {} }[] = [
  {
    name: 'a blob is deleted at once when its commit has failed, or seems to have',
    mutate: (store, backend) =>
      overriding(store, {
        abandonBlobs: async (blobs) => {
          await backend().delete(blobs.map(({ blob }) => blob))
          return store.abandonBlobs(blobs)
        },
      }),
  },
  {
    name: 'nobody hears of a blob that was written in vain',
    mutate: (store) => overriding(store, { abandonBlobs: async () => [], endProcess: async () => undefined }),
  },
  {
    name: 'the replaced version goes before the new one is there',
    mutate: (store) =>
      overriding(store, {
        commitObject: async (command) => {
          const { bucketId, key } = command.object
          const { createdAt: at, ownerId, versionId: markerVersionId } = command.object
          const deletion = { key, markerVersionId, bypassGovernance: null, ownerId, conditions: {}, require: command.require }
          await store.deleteObjects({ bucketId, at, keys: [deletion] })
          return store.commitObject(command)
        },
      }),
  },
]

describe('a fault at every call finds', () => {
  for (const { name, mutate } of MUTANTS) {
    test(name, { timeout: TIMEOUT_MS }, async () => {
      const path = WRITE_PATHS.find((one) => one.name === 'overwrite a blob with a blob')
      if (path === undefined) throw new Error('the path has another name')
      const found: unknown[] = []
      const honest = await openFaultyWorld({ store: 'sqlite' })
      const before = await honest.run({ ...path, act: async () => undefined }, NOWHERE, 'close')
      const after = await honest.run(path, NOWHERE, 'close')
      await honest.dispose()
      for (const fault of faultsOf(path, after, false)) {
        const world = await openFaultyWorld({ store: 'sqlite', mutate })
        await tryFault(world, path, { fault, ending: 'close', before, after }).catch((error: unknown) => found.push(error))
        await world.dispose()
      }
      expect(found).not.toEqual([])
    })
  }
})
