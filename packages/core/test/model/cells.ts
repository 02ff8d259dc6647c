import { describe, expect, test } from 'vitest'
import { MODEL_RUNS, SEED, SEED_HINT } from '../support/settings.ts'
import { openWorld } from '../support/world.ts'
import type { WorldOptions } from '../support/world.ts'
import { checkModel } from './check-model.ts'

interface Cell {
  readonly store: WorldOptions['store']
  readonly backend: WorldOptions['backend']
  readonly facets: boolean
  readonly hashing: 'inline' | 'thread'
  readonly share: number
}

/**
 * Where the runs go; together 1. Postgres is the slowest and shares the programs of SQLite. A thread that hashes is a
 * third of the run that starts it, at each opening of the engine, and sees nothing of the stores.
 */
const MATRIX: readonly Cell[] = [
  { store: 'sqlite', backend: 'memory', facets: true, hashing: 'inline', share: 0.2 },
  { store: 'sqlite', backend: 'memory', facets: false, hashing: 'inline', share: 0.2 },
  { store: 'sqlite', backend: 'memory', facets: true, hashing: 'thread', share: 0.04 },
  { store: 'sqlite', backend: 'fs', facets: true, hashing: 'inline', share: 0.16 },
  { store: 'sqlite', backend: 'fs', facets: false, hashing: 'inline', share: 0.16 },
  { store: 'sqlite', backend: 'fs', facets: true, hashing: 'thread', share: 0.04 },
  { store: 'postgres', backend: 'memory', facets: true, hashing: 'inline', share: 0.05 },
  { store: 'postgres', backend: 'memory', facets: false, hashing: 'inline', share: 0.05 },
  { store: 'postgres', backend: 'fs', facets: true, hashing: 'inline', share: 0.05 },
  { store: 'postgres', backend: 'fs', facets: false, hashing: 'inline', share: 0.05 },
]

/** Each of them must have worked once in twenty runs, or the runs are not about S3. */
const METHODS = [
  'createBucket', 'deleteBucket', 'setVersioning', 'putObject', 'getObject', 'headObject', 'deleteObject', 'deleteObjects', 'copyObject', 'listObjects',
  'listVersions', 'createUpload', 'uploadPart', 'uploadPartCopy', 'completeUpload', 'abortUpload', 'listParts', 'listUploads',
  'createAppendUpload', 'append', 'getAppendUpload', 'finishAppendUpload', 'abortAppendUpload',
] as const // prettier-ignore
const RUNS_A_SUCCESS = 20

/** A run that takes a second is a failure of another kind. */
const RUN_MS_MAX = 1_000

/** The cells of one store and one backend. Each pair has a file of its own, so that they run side by side. */
export function checkCells(store: Cell['store'], backend: Cell['backend']): void {
  describe(`the engine does what the model of S3 does (${SEED_HINT})`, () => {
    for (const [index, cell] of MATRIX.entries()) {
      if (cell.store === store && cell.backend === backend) checkCell(cell, SEED + index)
    }
  })
}

function checkCell({ share, ...where }: Cell, seed: number): void {
  const runs = Math.max(1, Math.round(MODEL_RUNS * share))
  const name = `${runs} runs on ${where.store} and ${where.backend}, facets ${where.facets ? 'on' : 'off'}, hashed ${where.hashing}`
  test(name, { timeout: 60_000 + runs * RUN_MS_MAX }, async () => {
    // Joined wherever it can be: nobody may see a difference.
    const joins = where.facets ? { extentsMin: 2 } : 'never'
    const result = await checkModel({ open: () => openWorld({ ...where, joins }), runs, seed })
    expect(result.failed, result.report).toBe(false)
    const idle = METHODS.filter((method) => (result.successes.get(method) ?? 0) < Math.floor(runs / RUNS_A_SUCCESS))
    expect(idle).toEqual([])
  })
}
