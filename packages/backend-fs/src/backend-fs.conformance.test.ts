import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backendCases, runCases } from '@stowage/conformance'
import { afterAll, describe, test, vi } from 'vitest'
import { fsBackend } from './fs-backend.ts'

// A thousand durable puts take as long as the disk takes.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
const root = await mkdtemp(join(tmpdir(), 'stowage-fs-'))
afterAll(() => rm(root, { recursive: true, force: true }))

describe('fs', () => {
  runCases(test, backendCases, { open: async () => fsBackend({ directory: await mkdtemp(join(root, 'd-')) }) })
})

describe('fs, durability process', () => {
  runCases(test, backendCases, {
    open: async () => fsBackend({ directory: await mkdtemp(join(root, 'p-')), durability: 'process' }),
  })
})
