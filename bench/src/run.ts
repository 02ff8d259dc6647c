import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { Bench } from './bench.ts'
import { describeCommit, describeMachine } from './report/machine.ts'
import { judge } from './report/verdict.ts'
import { writeReport } from './report/write-report.ts'
import { SCENARIOS } from './scenarios/scenario.ts'
import { TARGETS } from './targets.ts'

const USAGE = `npm run bench -- [--only NAME[,NAME]] [--quick] [--rounds N] [--database sqlite|postgres] [--label WORD] [--out DIR] [--temporary DIR]

  --only       of: ${[...SCENARIOS.map(({ name }) => name), 'micro'].join(', ')}; default: all
  --quick      small counts and one round: whether it works, not how fast
  --rounds     measured rounds, after one that warms up; default 3
  --database   only one of the metadata stores
  --label      a word behind the date and the commit in the name of the results
  --out        where results go; default bench/results
  --temporary  where data goes while it runs: on the disk that is to be measured, with 40 GB free; default the system's`

/** Each in a process of its own: what one compiles must not slow the next. */
const MICRO = ['checksums', 'predicates', 'extents', 'signatures', 'list-xml', 'metadata'] as const
const MICRO_OUTPUT_MAX = 16 * 1024 * 1024

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    database: { type: 'string' },
    label: { type: 'string' },
    out: { type: 'string', default: join(import.meta.dirname, '../results') },
    temporary: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
})

async function micro(log: (line: string) => void): Promise<readonly { readonly name: string; readonly text: string }[]> {
  const outputs: { readonly name: string; readonly text: string }[] = []
  for (const name of MICRO) {
    log(`micro/${name}`)
    // They look into packages, at what these do not show: from source only.
    const file = join(import.meta.dirname, `../src/micro/${name}.ts`)
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '-C', '@stowage/source', file], {
      env: { ...process.env, NO_COLOR: '1' },
      maxBuffer: MICRO_OUTPUT_MAX,
    })
    // oxlint-disable-next-line no-control-regex -- mitata colours also what is no terminal.
    outputs.push({ name, text: stdout.replaceAll(/\u001B\[[\d;]*m/g, '') })
  }
  return outputs
}

async function run(): Promise<number> {
  const only = values.only?.split(',') ?? null
  const known = new Set<string>([...SCENARIOS.map(({ name }) => name), 'micro'])
  const unknown = only?.find((name) => !known.has(name))
  const database = values.database
  if (unknown !== undefined || values.help || (database !== undefined && database !== 'sqlite' && database !== 'postgres')) {
    process.stderr.write(`${unknown === undefined ? '' : `No scenario is called ${unknown}.\n`}${USAGE}\n`)
    return values.help ? 0 : 2
  }
  const wanted = (name: string): boolean => only === null || only.includes(name)
  const log = (line: string): void => void process.stderr.write(`${line}\n`)
  const date = new Date().toISOString().slice(0, 10)
  const about = { date, machine: describeMachine(values.temporary), ...describeCommit() }
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  const options = { rounds, scale: values.quick ? 0.2 : 1, temporary: values.temporary, log }
  const bench = await Bench.open({ ...options, databases: database === undefined ? ['sqlite', 'postgres'] : [database] })
  const failures: { readonly scenario: string; readonly error: string }[] = []
  for (const scenario of SCENARIOS.filter(({ name }) => wanted(name))) {
    log(scenario.name)
    try {
      await scenario.run(bench)
    } catch (error) {
      // The others are still worth knowing.
      failures.push({ scenario: scenario.name, error: error instanceof Error ? error.message : String(error) })
      log(`${scenario.name} broke off: ${error instanceof Error ? error.stack : String(error)}`)
    }
    await bench.endScenario()
  }
  // A quick look has other sizes than the targets speak of.
  const targets = values.quick ? [] : TARGETS.filter(({ row }) => only === null || bench.results.lanes.some((lane) => lane.row === row))
  const report = {
    ...about,
    rounds,
    quick: values.quick,
    results: bench.results,
    verdicts: judge(bench.results, targets),
    failures,
    micro: wanted('micro') ? await micro(log) : [],
  }
  const name = [date, about.commit, ...(values.label === undefined ? [] : [values.label])].join('-')
  const directory = join(values.out, name)
  await writeReport(report, directory)
  log(`The report is in ${join(directory, 'report.md')}; the files of the run are being removed …`)
  await bench.close()
  for (const { target, words } of report.verdicts)
    log(`${target.row.padEnd(18)} ${target.subject.padEnd(14)} ${target.metric.padEnd(20)} ${words}`)
  return failures.length === 0 ? 0 : 1
}

process.exitCode = await run()
