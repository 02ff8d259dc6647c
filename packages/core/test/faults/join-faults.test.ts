import { expect, test } from 'vitest'
import { isStorageError } from '../../src/errors/storage-error.ts'
import { sampleBytes } from '../support/sample-bytes.ts'
import { STORE_FAULTS } from '../support/naughty-stores.ts'
import { COMMIT_FAULTS } from './doubtful-pool.ts'
import { checkRun, openFaultyWorld } from './fault-at.ts'
import type { Fault, FaultedRun } from './fault-at.ts'
import type { WritePath } from './write-paths.ts'

const TIMEOUT_MS = 120_000
const NOWHERE: Fault = { at: 'nowhere', n: 0, mode: 'none' }
const SIZES = [200, 180, 190, 50]

interface Begun {
  readonly uploadId: string
  readonly parts: readonly { readonly partNumber: number; readonly etag: string }[]
}

/** Complete, and the join behind it: the run goes on until that has ended. */
const PATH: WritePath<Begun> = {
  name: 'complete an upload whose blobs are joined',
  versioning: 'enabled',
  prepare: async ({ session, bucket }) => {
    const { uploadId } = await session.createUpload({ bucket, key: 'k' })
    const parts = []
    for (const [at, size] of SIZES.entries()) {
      const { etag } = await session.uploadPart({ bucket, key: 'k', uploadId, partNumber: at + 1, body: sampleBytes(at, size) })
      parts.push({ partNumber: at + 1, etag })
    }
    return { uploadId, parts }
  },
  act: ({ session, bucket }, begun) => session.completeUpload({ bucket, key: 'k', ...begun }),
  observe: async ({ session, bucket }) => {
    const { objects } = await session.listObjects({ bucket })
    if (objects.length === 0) return 'none'
    const { parts } = await session.listObjectParts({ bucket, key: 'k' })
    return JSON.stringify(parts.map(({ partNumber, size, etag }) => [partNumber, size, etag]))
  },
}

for (const store of ['sqlite', 'postgres'] as const) {
  test(`a fault at every call of Complete and its join, on ${store}`, { timeout: TIMEOUT_MS }, async () => {
    const path = PATH as WritePath
    const world = await openFaultyWorld({ store, joins: { extentsMin: 2 } })
    try {
      const before = await world.run({ ...path, act: async () => undefined }, NOWHERE, 'close')
      const after = await world.run(path, NOWHERE, 'close')
      expect(after.error).toBe(null)
      expect(after.counts.backend, 'it is joined by one call').toBe(1)
      for (const fault of faultsOf(after, store === 'sqlite')) {
        for (const ending of store === 'sqlite' ? (['close', 'crash'] as const) : (['crash'] as const)) {
          const run = await world.run(path, fault, ending)
          const place = `at ${fault.at} call ${fault.n} (${fault.mode}), then ${ending}`
          if (!run.acknowledged && fault.mode !== 'throw') expect(isStorageError(run.error), place).toBe(true)
          // What the join meets is nobody's business but the observer's.
          if (fault.at === 'backend') expect(run.acknowledged, place).toBe(true)
          checkRun(path, run, { before, after })
        }
      }
    } finally {
      await world.dispose()
    }
  })
}

/** A transaction that Postgres undoes at a statement is tried with every other path. */
function faultsOf({ counts }: FaultedRun, everywhere: boolean): readonly Fault[] {
  const places = (count: number): readonly number[] => Array.from({ length: count + 1 }, (_, at) => at + 1)
  return [
    ...(everywhere ? (['before', 'after'] as const).map((mode): Fault => ({ at: 'backend', n: 1, mode })) : []),
    ...STORE_FAULTS.flatMap((mode) => places(counts.store).map((n): Fault => ({ at: 'store', n, mode }))),
    ...COMMIT_FAULTS.flatMap((mode) => (counts.commit === 0 ? [] : places(counts.commit)).map((n): Fault => ({ at: 'commit', n, mode }))),
    ...(everywhere ? places(counts.statement) : []).map((n): Fault => ({ at: 'statement', n, mode: 'throw' })),
  ]
}
