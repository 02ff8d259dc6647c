import { metadataCases, runCases } from '@stowage/conformance'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { openSubject } from '../../../test/metadata-subject.ts'
import { STORES } from '../../../test/stores.ts'
import type { TestedStore } from '../../../test/stores.ts'
import { sqliteMetadata } from './sqlite-metadata.ts'
import { sqliteWriters } from './sqlite-writers.ts'

// With a thread of its own a store is one of a pool of one: here it shares a thread with a neighbour, which is open all the time.
const writers = sqliteWriters({ threadsMax: 1 })
const neighbour = sqliteMetadata({ temporary: true, writers })
beforeAll(() => neighbour.open())
afterAll(() => neighbour.close())

const SHARED: TestedStore = {
  name: 'sqlite-worker',
  async open(options = {}) {
    const store = sqliteMetadata({ ...options, temporary: true, writers, cacheSizeMax: 256 * 1024, walSizeMax: 1024 ** 2 })
    await store.open()
    return store
  },
}

const TESTED = [...STORES.filter(({ name }) => name === 'sqlite-inline'), SHARED]

describe.each(TESTED)('$name keeps the contract of a metadata store', (tested) => {
  runCases(test, metadataCases, { open: () => openSubject(tested) })
})
