// Reads the JSON report of vitest and prints its one line. Exits with 1 where the report is no proof: nothing ran, or something was skipped.
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2] ?? '.vitest.json', 'utf8')) as Readonly<Record<string, unknown>>
const count = (name: string): number => {
  const value = report[name]
  if (typeof value !== 'number') throw new Error(`the report has no ${name}`)
  return value
}

const passed = count('numPassedTests')
const failed = count('numFailedTests')
const skipped = count('numPendingTests') + count('numTodoTests')
if (passed + failed > 0) console.log(`${passed} passed, ${failed} failed`)
else console.error('no test ran')
if (skipped > 0) console.error(`${skipped} skipped: a test runs or does not exist`)
process.exitCode = passed === 0 || failed > 0 || skipped > 0 ? 1 : 0
