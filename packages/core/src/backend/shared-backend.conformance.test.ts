import { backendCases, runCases } from '@stowage/conformance'
import { describe, test } from 'vitest'
import { memoryBackend } from './memory-backend.ts'
import { SharedBackend } from './shared-backend.ts'

describe('shared', () => {
  runCases(test, backendCases, { open: async () => new SharedBackend(memoryBackend()).lend(), facets: ['copying', 'joining'] })
})
