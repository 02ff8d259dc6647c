import { backendCases, runCases } from '@stowage/conformance'
import { describe, test } from 'vitest'
import { memoryBackend } from './memory-backend.ts'
import { MovableBackend } from './movable-backend.ts'

describe('movable, at rest', () => {
  runCases(test, backendCases, {
    open: async () => new MovableBackend({ current: memoryBackend(), former: null }),
    facets: ['copying', 'joining'],
  })
})

describe('movable, in the middle of a move', () => {
  runCases(test, backendCases, { open: async () => new MovableBackend({ current: memoryBackend(), former: memoryBackend() }) })
})
