import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { runnerArguments } from './accounts.ts'
import type { SuiteAccount } from './accounts.ts'
import type { TestResult } from './results.ts'

/** What the suite is run with. */
export interface SuiteRun {
  /** The checkout of ceph/s3-tests. */
  readonly suite: string
  /** Where the runner is: `run_s3tests.py` and what belongs to it. */
  readonly runner: string
  /** Where logs and results go. */
  readonly out: string
  readonly endpoint: string
  readonly accounts: readonly SuiteAccount[]
}

const PYTHON = '/usr/bin/python3'

/** Sorts each test into its area, as the runner does, and prints one line of JSON for it. */
const SORT = `
import json, sys
from s3groups import classify
for line in open(sys.argv[1]):
    r = json.loads(line)
    print(json.dumps(dict(name=r['name'], area=classify(r['file'], r['name'], r['markers']), outcome=r['outcome'], error=(r.get('error') or '')[:300])))
`

/** Runs all of the suite that is about S3, and gives back what became of each test. Throws where it could not be run. */
export async function runSuite({ suite, runner, out, endpoint, accounts }: SuiteRun): Promise<readonly TestResult[]> {
  const script = join(runner, 'run_s3tests.py')
  const options = ['--endpoint', endpoint, '--out', out, '--suite', suite, '--api-name', 'us-east-1', '--phase', 's3']
  await output(PYTHON, [script, ...options, ...runnerArguments(accounts)])
  const lines = await output(PYTHON, ['-c', SORT, join(out, 'results.jsonl')], { PYTHONPATH: runner })
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TestResult)
}

function output(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`${command} ${args[0]} ended with ${code}`))))
  })
}
