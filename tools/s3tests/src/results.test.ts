import { expect, test } from 'vitest'
import { compareResults, tableOf } from './results.ts'
import type { TestResult } from './results.ts'

const result = (name: string, outcome: TestResult['outcome'], area = 'range'): TestResult => ({ name, area, outcome, error: '' })
const RESULTS = [result('a', 'passed'), result('b', 'failed'), result('c', 'error'), result('d', 'skipped'), result('e', 'passed', 'copy')]

test('failures that nobody knew, and those that are no more', () => {
  expect(compareResults(RESULTS, { b: 'waits for versioning', e: 'waited for copies', elsewhere: 'not run' })).toEqual({
    passed: 2,
    run: 4,
    unexpected: [result('c', 'error')],
    mended: ['e'],
  })
})

test('the table counts what was run', () => {
  expect(tableOf(RESULTS, ['copy', 'range'])).toBe('| area | passed | run |\n|---|--:|--:|\n| copy | 1 | 1 |\n| range | 1 | 3 |')
})
