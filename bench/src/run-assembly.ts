import { statfsSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AssemblyBench } from './assembly/assembly-bench.ts'
import type { MissingCell } from './assembly/assembly-bench.ts'
import { writeAssemblyReport } from './assembly/assembly-report.ts'
import type { AssemblyReport } from './assembly/assembly-report.ts'
import { judgeAssembly } from './assembly/assembly-targets.ts'
import type { UpstreamKind } from './assembly/cell.ts'
import { QUICK_SIZES, SIZE_IDS, SIZES, UPSTREAMS, WAYS } from './assembly/sizes.ts'
import { INSTALLED, whyAbsent } from './assembly/vendor-server.ts'
import { describeCommit, describeMachine } from './report/machine.ts'

const S3_SERVERS = ['minio', 'versitygw', 'ceph-rgw'] as const
const GCS_SERVERS = ['fake-gcs-server', 'storage-testbench'] as const

const USAGE = `npm run bench:assembly -- [--sizes NAME[,NAME]] [--upstreams NAME[,NAME]] [--ways NAME[,NAME]] [--quick] [--rounds N] [--minutes N]
                           [--s3 SERVER] [--gcs SERVER] [--link MBIT] [--servers DIR] [--label WORD] [--out DIR] [--temporary DIR]

  --sizes      of: ${SIZE_IDS.join(', ')}; default: all
  --upstreams  of: ${UPSTREAMS.join(', ')}; default: all
  --ways       of: ${WAYS.map((way) => `'${way}'`).join(', ')}, divided by semicolons; default: all
  --quick      small objects and one round: whether it works, not how fast; no verdicts
  --rounds     at most so many rounds; default 3
  --minutes    no measurement begins later; default 30
  --s3         the server behind the backend for S3, of: ${S3_SERVERS.join(', ')}; default minio
  --gcs        the same for GCS, of: ${GCS_SERVERS.join(', ')}; default fake-gcs-server
  --link       what goes to the servers, and comes from them, shares so many megabits a second each way; default: loopback as it is
  --servers    where tools/servers/NAME.sh has installed them; default STOWAGE_SERVERS, or tools/servers/.installed
  --label      a word behind the date and the commit in the name of the results
  --out        where results go; default bench/results
  --temporary  where data goes while it runs: on the disk that is to be measured, with 12 GB free; default the system's`

const FREE_BYTES_MIN = 12e9
const ROUNDS = 3
const MINUTES = 30

/** What the command line says; throws with a sentence where it says something that nobody knows. */
function readOptions() {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string' },
      upstreams: { type: 'string' },
      ways: { type: 'string' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string', default: String(ROUNDS) },
      minutes: { type: 'string', default: String(MINUTES) },
      s3: { type: 'string', default: S3_SERVERS[0] },
      gcs: { type: 'string', default: GCS_SERVERS[0] },
      link: { type: 'string' },
      servers: { type: 'string', default: process.env['STOWAGE_SERVERS'] ?? INSTALLED },
      label: { type: 'string' },
      out: { type: 'string', default: join(import.meta.dirname, '../results') },
      temporary: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', default: false },
    },
  })
  const [roundsMax, minutes] = [Number(values.rounds), Number(values.minutes)]
  if (!Number.isInteger(roundsMax) || roundsMax < 1) throw new Error(`--rounds must be a whole number from 1 on, not ${values.rounds}.`)
  if (!(minutes > 0)) throw new Error(`--minutes must be a number above 0, not ${values.minutes}.`)
  const megabitsPerSecond = values.link === undefined ? null : Number(values.link)
  if (megabitsPerSecond !== null && !(megabitsPerSecond > 0)) throw new Error(`--link must be a number above 0, not ${values.link}.`)
  chosen('--s3', [values.s3], S3_SERVERS)
  chosen('--gcs', [values.gcs], GCS_SERVERS)
  return {
    ...values,
    roundsMax,
    secondsMax: minutes * 60,
    megabitsPerSecond,
    sizes: chosen('--sizes', values.sizes?.split(','), SIZE_IDS),
    upstreams: chosen('--upstreams', values.upstreams?.split(','), UPSTREAMS),
    // The name of a way may hold a comma.
    ways: chosen('--ways', values.ways?.split(';'), WAYS),
  }
}

function chosen<T extends string>(option: string, names: readonly string[] | undefined, known: readonly T[]): readonly T[] {
  const wanted = names ?? known
  const unknown = wanted.find((name) => !known.some((each) => each === name))
  if (unknown !== undefined) throw new Error(`${option} knows no ${unknown}; it takes ${known.join(', ')}.`)
  return known.filter((each) => wanted.includes(each))
}

type Options = ReturnType<typeof readOptions>

async function run(options: Options): Promise<number> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`)
  const free = statfsSync(options.temporary)
  if (!options.quick && free.bavail * free.bsize < FREE_BYTES_MIN) {
    throw new Error(`There must be ${FREE_BYTES_MIN / 1e9} GB free where data goes while it runs: name another disk with --temporary.`)
  }
  const about = { date: new Date().toISOString().slice(0, 10), machine: describeMachine(options.temporary), ...describeCommit() }
  const serverOf = (kind: UpstreamKind): string | null => (kind === 'fs' ? null : options[kind])
  const wanted = options.upstreams.map((kind) => ({ kind, server: serverOf(kind) }))
  const absent = wanted.flatMap(({ kind, server }): readonly MissingCell[] => {
    const reason = server === null ? null : whyAbsent(server, options.servers)
    return reason === null ? [] : [{ upstream: kind, size: null, way: null, reason: `${server}: ${reason}` }]
  })
  for (const { upstream, reason } of absent) log(`${upstream}: ${reason}`)
  const sizes = (options.quick ? QUICK_SIZES : SIZES).filter(({ id }) => options.sizes.includes(id))
  const { ways, roundsMax, secondsMax, megabitsPerSecond, temporary, servers: programs, quick } = options
  const upstreams = wanted.filter(({ kind }) => !absent.some(({ upstream }) => upstream === kind))
  const bench = await AssemblyBench.open({ sizes, upstreams, ways, roundsMax, secondsMax, megabitsPerSecond, programs, temporary, log })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // The servers would go on without us.
    process.once(signal, () => void bench.close().finally(() => process.exit(1)))
  }
  try {
    await bench.run()
    const report: AssemblyReport = {
      ...about,
      loadAfter: Number((loadavg()[0] ?? 0).toFixed(2)),
      quick,
      megabitsPerSecond,
      sizes,
      upstreams: wanted.map(({ kind }) => ({ kind, server: bench.versions.get(kind) ?? null })),
      results: bench.results,
      verdicts: quick ? [] : judgeAssembly(bench.results, sizes),
      straight: bench.straight,
      missing: [...absent, ...bench.missing],
    }
    const name = ['assembly', about.date, about.commit, ...(options.label === undefined ? [] : [options.label])].join('-')
    const directory = join(options.out, name)
    await writeAssemblyReport(report, directory)
    for (const { upstream, what, needed, measured } of report.verdicts.filter(({ met }) => met === false)) {
      log(`behind: ${upstream}: ${what}: ${measured?.toFixed(2)}, must be ${needed}`)
    }
    log(`The report is in ${join(directory, 'report.md')}; the files of the run are being removed …`)
  } finally {
    await bench.close()
  }
  return bench.missing.some(({ way }) => way === 'stowage') ? 1 : 0
}

async function main(): Promise<number> {
  let options: Options
  try {
    options = readOptions()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`)
    return 2
  }
  if (options.help) {
    process.stdout.write(`${USAGE}\n`)
    return 0
  }
  return run(options)
}

process.exitCode = await main()
