import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compare } from './peers/comparison.ts'
import { PeerBench } from './peers/peer-bench.ts'
import type { Missing } from './peers/peer-bench.ts'
import { timesOf, writePeerReport } from './peers/peer-report.ts'
import type { PeerReport } from './peers/peer-report.ts'
import { FIGURES, MEASURED_ROWS } from './peers/peer-rows.ts'
import type { MeasuredRow } from './peers/peer-rows.ts'
import { PEER_SCENARIOS } from './peers/peer-scenarios.ts'
import { peerVersion } from './peers/peer-version.ts'
import { PEER_IDS, PEERS } from './peers/peers.ts'
import type { Peer, PeerId } from './peers/peers.ts'
import { isDurable } from './peers/sync-counts.ts'
import { describeCommit, describeMachine } from './report/machine.ts'

const USAGE = `npm run bench:peers -- [--peers NAME[,NAME]] [--only ROW[,ROW]] [--quick] [--rounds N] [--bin DIR] [--install] [--label WORD] [--out DIR] [--temporary DIR]

  --peers      beside Stowage, of: ${PEER_IDS.slice(1).join(', ')}; default: all
  --only       of: ${MEASURED_ROWS.join(', ')}; default: all
  --quick      small counts and one round: whether it works, not how fast; no verdicts
  --rounds     rounds in which the servers take turns; default 3
  --bin        where the peers' programs are, as bench/peers/install.sh puts them; default stowage-peers in the user's cache
  --install    first installs those that are not there, which takes many minutes
  --label      a word behind the date and the commit in the name of the results
  --out        where results go; default bench/results
  --temporary  where data goes while it runs: on the disk that is to be measured, with 45 GB free; default the system's`

const FREE_BYTES_MIN = 45e9
const ROUNDS = 3
const INSTALL_SCRIPT = join(import.meta.dirname, '../peers/install.sh')

/** What the command line says; throws with a sentence where it says something that nobody knows. */
function readOptions() {
  const { values } = parseArgs({
    options: {
      peers: { type: 'string' },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      bin: { type: 'string', default: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'stowage-peers') },
      install: { type: 'boolean', default: false },
      label: { type: 'string' },
      out: { type: 'string', default: join(import.meta.dirname, '../results') },
      temporary: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds ?? (values.quick ? 1 : ROUNDS))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds must be a whole number from 1 on, not ${values.rounds}.`)
  return {
    ...values,
    rounds,
    peers: chosen('--peers', values.peers, PEER_IDS.slice(1)),
    rows: new Set<MeasuredRow>(chosen('--only', values.only, MEASURED_ROWS)),
  }
}

function chosen<T extends string>(option: string, text: string | undefined, known: readonly T[]): readonly T[] {
  const names = text?.split(',') ?? known
  const unknown = names.find((name) => !known.some((each) => each === name))
  if (unknown !== undefined) throw new Error(`${option} knows no ${unknown}; it takes ${known.join(', ')}.`)
  return known.filter((each) => names.includes(each))
}

type Options = ReturnType<typeof readOptions>

async function run(options: Options): Promise<number> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`)
  if (options.install) install(options, log)
  const free = statfsSync(options.temporary)
  if (!options.quick && free.bavail * free.bsize < FREE_BYTES_MIN) {
    throw new Error(`There must be ${FREE_BYTES_MIN / 1e9} GB free where data goes while it runs: name another disk with --temporary.`)
  }
  const about = { date: new Date().toISOString().slice(0, 10), machine: describeMachine(options.temporary), ...describeCommit() }
  const wanted = PEERS.filter(({ id }) => id === 'stowage' || options.peers.includes(id))
  const there = wanted.filter((peer) => existsSync(peer.program(options.bin)))
  const absent = wanted.filter((peer) => !there.includes(peer)).map((peer) => notInstalled(peer, options.bin))
  for (const { peer, reason } of absent) log(`${peer}: ${reason}`)
  const { rounds, rows, bin, temporary, quick } = options
  const bench = await PeerBench.open({ rounds, scale: quick ? 0.05 : 1, rows, peers: there, bin, temporary, log })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      bench.abandon()
      process.exit(1)
    })
  }
  try {
    await measureAll(bench, log)
    noteMemory(bench)
    const versions = await Promise.all(there.map(async (peer) => [peer.id, await versionOf(peer, options, about.commit)] as const))
    const durable = new Set(there.filter((peer) => syncs(peer, bench)).map(({ id }) => id))
    const measured = there.map(({ id }) => id).filter((id) => id !== 'stowage')
    const report: PeerReport = {
      ...about,
      rounds,
      quick,
      servers: wanted,
      versions: new Map(versions),
      results: bench.results,
      comparisons: compare(bench.results, measured, { durable, quick }),
      syncs: bench.syncs,
      syncsMissing: bench.syncsMissing,
      missing: [...absent, ...bench.missing],
    }
    const name = ['peers', about.date, about.commit, ...(options.label === undefined ? [] : [options.label])].join('-')
    const directory = join(options.out, name)
    await writePeerReport(report, directory)
    conclude(report, log)
    log(`The report is in ${join(directory, 'report.md')}; the files of the run are being removed …`)
  } finally {
    await bench.close()
  }
  return bench.missing.some(({ peer }) => peer === 'stowage') ? 1 : 0
}

async function measureAll(bench: PeerBench, log: (line: string) => void): Promise<void> {
  const begun = performance.now()
  for (const { rows, run: measure } of PEER_SCENARIOS) {
    if (!rows.some((row) => bench.wants(row))) continue
    log(`${rows.filter((row) => bench.wants(row)).join(', ')} (after ${Math.round((performance.now() - begun) / 1000)} s)`)
    try {
      await measure(bench)
    } catch (error) {
      // The other rows are still worth knowing.
      bench.missRest(rows, error)
    }
  }
  log(`measured in ${Math.round((performance.now() - begun) / 1000)} s`)
}

const MEMORY: readonly (readonly ['memory-small' | 'memory-large', readonly MeasuredRow[]])[] = [
  ['memory-small', ['put-4k', 'get-4k', 'head-4k', 'delete-4k']],
  ['memory-large', ['put-64m-1', 'put-64m-4', 'get-64m-1', 'get-64m-4', 'parts-64']],
]

/** The most memory that a server took in any round of the rows with small objects, and of those with large ones. */
function noteMemory(bench: PeerBench): void {
  for (const [row, of] of MEMORY) {
    for (const { id } of bench.options.peers) {
      const peaks = bench.results.lanes
        .filter((lane) => lane.subject === id && of.some((each) => each === lane.row))
        .flatMap(({ samples }) => samples.map(({ peakRssMib }) => peakRssMib ?? 0))
      if (peaks.length > 0) bench.results.add(row, id, { peakRssMib: Math.max(...peaks) })
    }
  }
}

function syncs({ id, syncs: isKnownTo = false }: Peer, bench: PeerBench): boolean {
  const counts = bench.syncs.get(id)
  return counts === undefined ? isKnownTo : isDurable(counts)
}

function versionOf(peer: Peer, { bin }: Options, commit: string): Promise<string> {
  return peer.id === 'stowage' ? Promise.resolve(commit) : peerVersion(peer, bin)
}

function install({ bin, peers }: Options, log: (line: string) => void): void {
  log('installing the peers that are not there …')
  execFileSync('bash', [INSTALL_SCRIPT, bin, ...peers], { stdio: ['ignore', 'inherit', 'inherit'] })
}

/** The script leaves a sentence behind where it could not install something. */
function notInstalled({ id }: Peer, bin: string): Missing & { readonly peer: PeerId } {
  const note = join(bin, `${id}.failed`)
  const reason = existsSync(note) ? readFileSync(note, 'utf8').trim() : 'not installed: --install, or bench/peers/install.sh, gets it'
  return { row: null, peer: id, reason }
}

function conclude({ comparisons }: PeerReport, log: (line: string) => void): void {
  for (const { title } of FIGURES.filter((figure) => comparisons.some((each) => each.title === figure.title))) {
    const words = comparisons.filter((each) => each.title === title).map((each) => `${each.peer} ${timesOf(each).replaceAll('**', '')}`)
    log(`${title.padEnd(50)} ${words.join('   ')}`)
  }
  const behind = comparisons.filter(({ verdict }) => verdict === 'behind')
  for (const { title, peer, times, needed } of behind) log(`behind: ${title}: ${times?.toFixed(2)} times ${peer}, must be ${needed}`)
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
