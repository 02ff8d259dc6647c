import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { serverConfig, SUITE_ACCOUNTS } from './accounts.ts'
import { AREAS } from './areas.ts'
import { compareResults, tableOf } from './results.ts'
import type { ExpectedFailures } from './results.ts'
import { runSuite } from './run-suite.ts'

const USAGE = `npm run s3tests -- SUITE_DIR [--areas A,B] [--runner DIR] [--out DIR]

Runs ceph/s3-tests, a checkout of which is in SUITE_DIR, against a server of ours in memory, and holds what fails against
tools/s3tests/expected-failures.json.
  --areas    only these: ${AREAS.join(', ')}
  --runner   where run_s3tests.py is; default ../shared/conformance
  --out      where logs and results are kept; default: a temporary directory that is removed`

const MAIN = fileURLToPath(new URL('../../../packages/gateway/src/main.ts', import.meta.url))
const EXPECTED = new URL('../expected-failures.json', import.meta.url)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    areas: { type: 'string' },
    runner: { type: 'string', default: '../shared/conformance' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const [suite] = positionals
const areas = values.areas?.split(',') ?? AREAS
const unknown = areas.find((area) => !(AREAS as readonly string[]).includes(area))
if (values.help || suite === undefined || unknown !== undefined) {
  console.error(unknown === undefined ? USAGE : `There is no area ${unknown}.\n${USAGE}`)
  process.exitCode = values.help ? 0 : 2
} else process.exitCode = await run(resolve(suite))

async function run(suiteDirectory: string): Promise<number> {
  const runner = resolve(values.runner)
  await access(join(suiteDirectory, 's3tests/functional')).catch(() => {
    throw new Error(`${suiteDirectory} is no checkout of ceph/s3-tests.`)
  })
  await access(join(runner, 'run_s3tests.py')).catch(() => {
    throw new Error(`${runner} has no run_s3tests.py: say where it is with --runner.`)
  })
  const temporary = await mkdtemp(join(tmpdir(), 'stowage-s3tests-'))
  const config = join(temporary, 'config.json')
  await writeFile(config, serverConfig(SUITE_ACCOUNTS))
  const server = await startServer(config)
  try {
    const out = values.out === undefined ? join(temporary, 'out') : resolve(values.out)
    const all = await runSuite({ suite: suiteDirectory, runner, out, endpoint: server.endpoint, accounts: SUITE_ACCOUNTS, areas })
    return await report(all.filter(({ area }) => (areas as readonly string[]).includes(area)))
  } finally {
    server.process.kill('SIGTERM')
    await once(server.process, 'exit')
    await rm(temporary, { recursive: true, force: true })
  }
}

async function report(results: Parameters<typeof compareResults>[0]): Promise<number> {
  const expected = JSON.parse(await readFile(EXPECTED, 'utf8')) as ExpectedFailures
  const { passed, run, unexpected, mended } = compareResults(results, expected)
  console.log(tableOf(results, areas))
  for (const { area, name, error } of unexpected) console.log(`failed, and is not expected to: ${name} (${area}) ${error}`)
  for (const name of mended) console.log(`passes now: take ${name} out of tools/s3tests/expected-failures.json`)
  console.log(`${passed} of ${run} core tests pass`)
  return unexpected.length === 0 && mended.length === 0 ? 0 : 1
}

async function startServer(config: string): Promise<{ readonly process: ChildProcess; readonly endpoint: string }> {
  const args = ['-C', '@stowage/source', MAIN, 'serve', '--memory', '--port', '0', '--json', '--config', config]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit').then(() => {
    throw new Error('The server ended before it listened.')
  })
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [string]
  ended.catch(() => undefined)
  return { process: child, endpoint: (JSON.parse(line) as { readonly endpoint: string }).endpoint }
}
