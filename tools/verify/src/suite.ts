import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from './run-command.ts'
import type { StepResult, VerifyStep } from './step.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')
const HOURS_MS = 3 * 3_600_000
/** As many as the longest suite has long files, on any number of cores: begun together they end together, and no core is idle. */
const WORKERS = 4

/** A test suite of the repository, at full length. */
export interface SuiteOptions {
  readonly name: string
  readonly claim: string
  readonly files: readonly string[]
  /** How much of it: the variables that the suite reads. */
  readonly env: Readonly<Record<string, string>>
}

/** Makes a step of tests that also run, shorter, in `npm test`. */
export function suite({ name, claim, files, env }: SuiteOptions): VerifyStep {
  return {
    name,
    claim,
    needs: [],
    // A sample is what `npm test` runs.
    run: (context) => runSuite(files, context.sample ? {} : { ...env, STOWAGE_SEED: String(context.seed) }),
  }
}

interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

/** Runs tests of the repository, with these variables. */
export async function runSuite(files: readonly string[], env: Readonly<Record<string, string>>): Promise<StepResult> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-suite-'))
  try {
    const output = join(directory, 'report.json')
    const args = [VITEST, 'run', '--reporter=json', `--outputFile=${output}`, '--testTimeout=0', `--maxWorkers=${WORKERS}`, ...files]
    const result = await runCommand(process.execPath, args, {
      cwd: ROOT,
      timeoutMs: HOURS_MS,
      env: { ...process.env, ...env },
    })
    const report = await readReport(output)
    if (report === null) return { cases: 0, failures: [`the suite did not run: ${result.stderr.slice(-2000)}`], notes: [] }
    const failed = report.testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status !== 'passed'))
    const failures = failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join(' ').slice(0, 2000)}`)
    if (report.numPassedTests === 0) failures.push('no test passed')
    if (result.code !== 0 && failures.length === 0) failures.push(`vitest ended with ${result.code}`)
    return {
      cases: report.numPassedTests + report.numFailedTests,
      failures,
      notes: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function readReport(file: string): Promise<VitestReport | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as VitestReport
  } catch {
    return null
  }
}
