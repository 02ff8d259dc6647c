import { backendCases, runCases } from '@stowage/conformance'
import { describe, test } from 'vitest'
import { memoryBackend } from './memory-backend.ts'
import { without } from './without-facets.ts'

describe('memory', () => {
  runCases(test, backendCases, { open: async () => memoryBackend(), facets: ['copying', 'joining'] })
})

describe('memory without facets', () => {
  runCases(test, backendCases, { open: async () => without(memoryBackend(), 'copying', 'joining') })
})
