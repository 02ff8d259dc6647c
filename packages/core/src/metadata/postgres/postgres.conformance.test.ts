import { metadataCases, runCases } from '@stowage/conformance'
import { describe, test, vi } from 'vitest'
import { openSubject } from '../../../test/metadata-subject.ts'
import { STORES } from '../../../test/stores.ts'

// Eight writers that wait for each other, on a machine that has other things to do.
vi.setConfig({ testTimeout: 60_000 })

describe.each(STORES.filter(({ name }) => name === 'postgres'))('$name keeps the contract of a metadata store', (tested) => {
  runCases(test, metadataCases, { open: () => openSubject(tested) })
})
