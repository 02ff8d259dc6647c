import { describe, expect, test } from 'vitest'
import { MODEL_RUNS, SEED, SEED_HINT } from '../support/settings.ts'
import { openWorld } from '../support/world.ts'
import { checkModel } from './check-model.ts'

/** Where the runs go; together 1. Postgres is the slowest and shares the programs of SQLite. */
const MATRIX = [
  { store: 'sqlite', backend: 'memory', facets: true, share: 0.22 },
  { store: 'sqlite', backend: 'memory', facets: false, share: 0.22 },
  { store: 'sqlite', backend: 'fs', facets: true, share: 0.18 },
  { store: 'sqlite', backend: 'fs', facets: false, share: 0.18 },
  { store: 'postgres', backend: 'memory', facets: true, share: 0.05 },
  { store: 'postgres', backend: 'memory', facets: false, share: 0.05 },
  { store: 'postgres', backend: 'fs', facets: true, share: 0.05 },
  { store: 'postgres', backend: 'fs', facets: false, share: 0.05 },
] as const

/** Each of them must have worked once in twenty runs, or the runs are not about S3. */
const METHODS = [
  'createBucket', 'deleteBucket', 'putObject', 'getObject', 'headObject', 'deleteObject', 'deleteObjects', 'copyObject', 'listObjects',
  'listVersions', 'createUpload', 'uploadPart', 'uploadPartCopy', 'completeUpload', 'abortUpload', 'listParts', 'listUploads',
  'createAppendUpload', 'append', 'getAppendUpload', 'finishAppendUpload', 'abortAppendUpload',
] as const // prettier-ignore
const RUNS_A_SUCCESS = 20

/** A run that takes a second is a failure of another kind. */
const RUN_MS_MAX = 1_000

describe(`the engine does what the model of S3 does (${SEED_HINT})`, () => {
  for (const [cell, { share, ...where }] of MATRIX.entries()) {
    const runs = Math.max(1, Math.round(MODEL_RUNS * share))
    const name = `${runs} runs on ${where.store} and ${where.backend}, facets ${where.facets ? 'on' : 'off'}`
    test(name, { timeout: 60_000 + runs * RUN_MS_MAX }, async () => {
      const result = await checkModel({ open: () => openWorld(where), runs, seed: SEED + cell })
      expect(result.failed, result.report).toBe(false)
      const idle = METHODS.filter((method) => (result.successes.get(method) ?? 0) < Math.floor(runs / RUNS_A_SUCCESS))
      expect(idle).toEqual([])
    })
  }
})
