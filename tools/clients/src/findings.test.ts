import { expect, test } from 'vitest'
import { countOf, differences } from './findings.ts'
import type { ClientFindings } from './findings.ts'

const findings = (verdicts: ClientFindings['verdicts'], version = '1'): readonly ClientFindings[] => [
  { name: 'a', title: 'A', version, setting: null, verdicts },
]

test('what was not run is not spoken of, nor another version', () => {
  const written = findings({ http: { put: 'passes', get: 'fails' }, https: { put: 'fails' } })
  expect(differences(written, findings({ http: { put: 'passes' } }, '2'))).toEqual([])
  expect(differences(written, [])).toEqual([])
})

test('each cell that is not as it is written is named', () => {
  const written = findings({ http: { put: 'passes', get: 'fails', list: 'limit: one reason' } })
  const found = findings({ http: { put: 'fails', get: 'passes', list: 'limit: another' }, https: { put: 'passes' } })
  expect(differences(written, found)).toEqual([
    'A over HTTP, put: the table says "passes", found was "fails"',
    'A over HTTP, get: the table says "fails", found was "passes"',
    'A over HTTP, list: the table says "limit: one reason", found was "limit: another"',
    'A over HTTPS, put: the table says "nothing", found was "passes"',
  ])
  expect(differences([], found)).toEqual(['A is not in the table'])
})

test('limits count neither as passed nor as run', () => {
  const found = findings({ http: { put: 'passes', get: 'fails', list: 'limit: why' }, https: { put: 'passes' } })
  expect(countOf(found)).toEqual({ passed: 2, run: 3, limits: 1 })
})
