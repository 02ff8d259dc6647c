import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { LoadResult, LoadRun, MultipartResult, MultipartRun } from '../load/load-plan.ts'
import type { LoadCommands } from '../load/load-worker.ts'
import { Child } from '../processes/channel.ts'
import { resetTreePeakMemory, treeCpuSeconds, treePeakMemory } from '../processes/process-tree.ts'
import { siblingOf } from '../processes/sibling.ts'
import { Results } from '../report/results.ts'
import type { Sample } from '../report/results.ts'
import { describeSample, speedOf } from '../report/sample.ts'
import type { PeerResults } from './comparison.ts'
import type { MeasuredRow } from './peer-rows.ts'
import { PeerServer } from './peer-server.ts'
import type { Peer, PeerId } from './peers.ts'
import type { SyncCounts } from './sync-counts.ts'
import { withoutPaths } from './without-paths.ts'

/** What the command line says. */
export interface PeerBenchOptions {
  readonly rounds: number
  /** Multiplies counts and times: 1, or less for a quick look. */
  readonly scale: number
  readonly rows: ReadonlySet<MeasuredRow>
  readonly peers: readonly Peer[]
  /** Where the peers' programs are. */
  readonly bin: string
  /** Where the directory of this run is made: on the disk that is to be measured. */
  readonly temporary: string
  readonly log: (line: string) => void
}

/** A server that has no figure in a row, or in any, and why. */
export interface Missing {
  readonly row: MeasuredRow | null
  readonly peer: PeerId
  readonly reason: string
}

/** Behind this no answer is waited for, above the time that a run takes by itself. In seconds. */
const PATIENCE_SECONDS = 120
const WARM_UP_SCALE = 0.3
/** CPU time for a gigabyte says something from here on, in bytes. */
const GIGABYTES_FROM = 64 * 1024 * 1024

/** What the rows share: the load generator, servers, and where samples go. */
export class PeerBench {
  readonly results: PeerResults = new Results()
  readonly options: PeerBenchOptions
  readonly missing: Missing[] = []
  readonly syncs = new Map<PeerId, SyncCounts>()
  /** Why no syncs were counted at all. */
  syncsMissing: string | null = null
  readonly #directory: string
  readonly #running = new Set<PeerServer>()
  #load: Child<LoadCommands> = newLoad()
  #groups = 0

  private constructor(options: PeerBenchOptions, directory: string) {
    this.options = options
    this.#directory = directory
  }

  static async open(options: PeerBenchOptions): Promise<PeerBench> {
    return new PeerBench(options, await mkdtemp(join(options.temporary, 'stowage-peers-')))
  }

  /** A count, made smaller for a quick look. */
  scaled(count: number): number {
    return Math.max(1, Math.ceil(count * this.options.scale))
  }

  wants(row: MeasuredRow): boolean {
    return this.options.rows.has(row)
  }

  /**
   * Starts servers on fresh directories and ends them when `use` is done. One that does not start misses these rows and is told so.
   * The directories stay until `close`, or, where `removes` says so, go at once: a disk that has just deleted much is slow.
   */
  async withServers(
    rows: readonly MeasuredRow[],
    use: (servers: readonly PeerServer[]) => Promise<void>,
    options: { readonly peers?: readonly Peer[]; readonly removes?: boolean } = {},
  ): Promise<void> {
    const directory = join(this.#directory, `group-${(this.#groups += 1)}`)
    const started = await Promise.all(
      (options.peers ?? this.options.peers).map((peer) => this.#start(peer, rows, join(directory, peer.id))),
    )
    const servers = started.filter((server) => server !== null)
    try {
      await use(servers)
    } finally {
      await Promise.all(servers.map((server) => server.stop()))
      for (const server of servers) this.#running.delete(server)
      if (options.removes === true) await rm(directory, { recursive: true, force: true })
    }
  }

  async #start(peer: Peer, rows: readonly MeasuredRow[], directory: string): Promise<PeerServer | null> {
    try {
      return await PeerServer.start(peer, { bin: this.options.bin, directory, onSpawn: (server) => this.#running.add(server) })
    } catch (error) {
      for (const row of rows.filter((each) => this.wants(each))) this.miss(row, peer, error)
      return null
    }
  }

  /** Measures servers round by round, so that what happens on the machine happens to all of them. */
  async interleave(
    row: MeasuredRow,
    servers: readonly PeerServer[],
    options: { readonly measure: Measure; readonly rounds?: number; readonly warmsUp?: boolean },
  ): Promise<void> {
    if (!this.wants(row)) return
    const rounds = Math.min(this.options.rounds, options.rounds ?? this.options.rounds)
    const failed = new Set<PeerServer>()
    for (let number = options.warmsUp === false ? 1 : 0; number <= rounds; number += 1) {
      const scale = this.options.scale * (number === 0 ? WARM_UP_SCALE : 1)
      // There and back, so that nobody always follows the same neighbour.
      for (const server of (number % 2 === 0 ? servers.toReversed() : servers).filter((each) => !failed.has(each))) {
        try {
          const sample = await options.measure(server, { number, scale })
          if (number > 0) this.#add(row, server, sample)
        } catch (error) {
          failed.add(server)
          this.miss(row, server.peer, error)
        }
      }
    }
  }

  /** Runs a plan from the load generator's process, and reads what the server used. */
  async measure(server: PeerServer, run: LoadRun): Promise<Sample> {
    await this.settle()
    await this.#ask('prepare', { target: server.target, run })
    const used = beginUsage(server.pid)
    const result = await this.#ask('run', null, run.secondsMax)
    return { ...speedOf(result), ...used(result.operations, result.bytes) }
  }

  /** Runs a plan that nobody measures: what will be read. */
  async run(server: PeerServer, run: LoadRun): Promise<LoadResult> {
    await this.#ask('prepare', { target: server.target, run })
    return this.#ask('run', null, run.secondsMax)
  }

  /** Uploads in parts. */
  async multipart(server: PeerServer, run: MultipartRun): Promise<{ readonly result: MultipartResult; readonly peakRssMib: number }> {
    await this.settle()
    resetTreePeakMemory(server.pid)
    const result = await this.#ask('multipart', { target: server.target, run }, PATIENCE_SECONDS)
    return { result, peakRssMib: treePeakMemory(server.pid) }
  }

  /** Writes out what is still in memory: the servers that do not sync leave that to whoever is measured next. */
  async settle(): Promise<void> {
    await promisify(execFile)('sync', ['-f', this.#directory])
  }

  /** Notes a server that has no figure in a row. */
  miss(row: MeasuredRow, peer: Peer, error: unknown): void {
    const words = error instanceof Error ? error.message.replace(/^Error: /, '') : String(error)
    // The load generator tells the whole answer; of that the code says most.
    const code = /<Code>([^<]+)</.exec(words)?.[1]
    const reason = `${withoutPaths(words)}${code === undefined ? '' : `, ${code}`}`
    this.missing.push({ row, peer: peer.id, reason })
    this.options.log(`  ${row.padEnd(16)} ${peer.id.padEnd(10)} has no figure: ${reason}`)
  }

  /** Notes every server that has neither a figure nor a reason in these rows. */
  missRest(rows: readonly MeasuredRow[], error: unknown): void {
    for (const row of rows.filter((each) => this.wants(each))) {
      for (const peer of this.options.peers) {
        const isKnown = this.results.lane(row, peer.id) !== null || this.missing.some((each) => each.row === row && each.peer === peer.id)
        if (!isKnown) this.miss(row, peer, error)
      }
    }
  }

  /** Ends everything that runs, and removes the files of the run, at once: for a signal. */
  abandon(): void {
    for (const server of this.#running) server.kill()
    // What is being killed may write a last file; the second try finds it.
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }

  async close(): Promise<void> {
    for (const server of this.#running) server.kill()
    await this.#load.stop()
    await rm(this.#directory, { recursive: true, force: true })
  }

  #add(row: MeasuredRow, { peer }: PeerServer, sample: Sample): void {
    this.results.add(row, peer.id, sample)
    this.options.log(`  ${row.padEnd(16)} ${peer.id.padEnd(10)} ${describeSample(sample)}`)
  }

  /** A server that never answers must not hold up the others: then the load generator, which still waits, is made anew. */
  async #ask<N extends keyof LoadCommands>(command: N, input: LoadCommands[N]['input'], seconds = 0): Promise<LoadCommands[N]['output']> {
    const late = new AbortController()
    const tooLate = sleep((seconds + PATIENCE_SECONDS) * 1000, null, { signal: late.signal }).then(async () => {
      await this.#load.stop()
      this.#load = newLoad()
      throw new Error(`no answer in ${seconds + PATIENCE_SECONDS} seconds`)
    })
    try {
      return await Promise.race([this.#load.call(command, input), tooLate])
    } finally {
      late.abort()
    }
  }
}

/** What a server uses from now on. */
function beginUsage(pid: number): (operations: number, bytes: number) => Sample {
  resetTreePeakMemory(pid)
  const before = treeCpuSeconds(pid)
  return (operations, bytes) => {
    const seconds = treeCpuSeconds(pid) - before
    const perGb = bytes >= GIGABYTES_FROM ? { cpuSecondsPerGb: seconds / (bytes / 1e9) } : {}
    return { cpuMsPerOp: (seconds * 1000) / operations, ...perGb, peakRssMib: treePeakMemory(pid) }
  }
}

/** One measurement of one server. `scale` is less than 1 in the round that warms up, which has number 0. */
export type Measure = (server: PeerServer, round: { readonly number: number; readonly scale: number }) => Promise<Sample>

function newLoad(): Child<LoadCommands> {
  return new Child(siblingOf(import.meta.url, '../load/load-worker.ts'))
}
