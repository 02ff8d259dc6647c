import { metadataCases, runCases } from '@stowage/conformance'
import { describe, test } from 'vitest'
import { openSubject } from '../../../test/metadata-subject.ts'
import { STORES } from '../../../test/stores.ts'

describe.each(STORES.filter(({ name }) => name === 'postgres'))('$name keeps the contract of a metadata store', (tested) => {
  runCases(test, metadataCases, { open: () => openSubject(tested) })
})
