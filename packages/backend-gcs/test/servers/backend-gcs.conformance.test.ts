import { backendCases, runCases } from '@stowage/conformance'
import { afterAll, beforeAll, describe, test, vi } from 'vitest'
import { gcsBackend } from '../../src/gcs-backend.ts'
import { emptyBucket, freshOptions, prepareBucket } from './server.ts'

// A thousand puts take as long as the server takes.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })
beforeAll(prepareBucket)
afterAll(emptyBucket)

describe('gcs', () => {
  runCases(test, backendCases, { open: async () => gcsBackend(freshOptions()), facets: ['copying', 'joining'] })
})

describe('gcs, every put by sessions of small chunks', () => {
  runCases(test, backendCases, {
    open: async () => gcsBackend({ ...freshOptions(), chunkSize: 256 * 1024, resumableThreshold: 0 }),
    facets: ['copying', 'joining'],
  })
})
