import { without } from '@stowage/core/backend'
import { backendCases, runCases } from '@stowage/conformance'
import { afterAll, describe, test, vi } from 'vitest'
import { startOwnServer } from '../test/support/own-server.ts'
import { s3Backend } from './s3-backend.ts'

// A thousand requests at once, on whatever machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
const server = await startOwnServer()
afterAll(() => server.stop())
let number = 0
const nextPrefix = (): string => `case-${(number += 1)}/`

describe('s3 over our own server', () => {
  runCases(test, backendCases, {
    open: async () => s3Backend({ ...server.options, prefix: nextPrefix(), presigning: true, joinSizesEqual: false }),
    facets: ['copying', 'joining', 'unfinished', 'presigning'],
  })
})

/** Without the two cases of a thousand blobs: they say nothing of parts. */
const casesOfParts = { ...backendCases, cases: backendCases.cases.filter(({ name }) => !/\b1,?[01]00\b/.test(name)) }

describe('s3 over our own server, in parts wherever it can be', () => {
  runCases(test, casesOfParts, {
    open: async () => {
      const backend = s3Backend({ ...server.options, prefix: nextPrefix(), partSize: 5 * 1024 ** 2, multipartThreshold: 1, concurrency: 2 })
      return without(backend, 'copying', 'joining')
    },
    facets: ['unfinished'],
  })
})
