import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
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
  /** The areas whose tests are run. */
  readonly areas: readonly string[]
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

/** Finds the tests of some areas without running anything: their names and marks stand in the source. */
const SELECT = `
import ast, sys
from s3groups import classify
suite, areas = sys.argv[1], set(sys.argv[2].split(','))
for file in ('test_s3.py', 'test_headers.py'):
    for node in ast.parse(open(f'{suite}/s3tests/functional/{file}').read()).body:
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith('test_'): continue
        marks = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
        if classify(file, node.name, [m.attr for m in marks if isinstance(m, ast.Attribute)]) in areas: print(f's3tests/functional/{file}::{node.name}')
`

/** Runs the tests of some areas, and gives back what became of each. Throws where the suite could not be run. */
export async function runSuite({ suite, runner, out, endpoint, accounts, areas }: SuiteRun): Promise<readonly TestResult[]> {
  const script = join(runner, 'run_s3tests.py')
  await mkdir(out, { recursive: true })
  const only = join(out, 'selected')
  await writeFile(only, await output(PYTHON, ['-c', SELECT, suite, areas.join(',')], { PYTHONPATH: runner }))
  const options = ['--endpoint', endpoint, '--out', out, '--suite', suite, '--api-name', 'us-east-1', '--phase', 's3', '--only', only]
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
