import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Limits } from '@stowage/core'
import type { CeilingCommands, CeilingKind } from './ceilings/ceiling-worker.ts'
import type { MachineCommands } from './ceilings/machine-worker.ts'
import type { LoadResult, LoadRun, S3Target } from './load/load-plan.ts'
import type { LoadCommands } from './load/load-worker.ts'
import { Child } from './processes/channel.ts'
import { siblingOf } from './processes/sibling.ts'
import { processUsage, residentMemory, resetPeakMemory, usedSeconds } from './processes/process-usage.ts'
import { Results } from './report/results.ts'
import type { RowId, Sample, Subject } from './report/results.ts'
import { describeSample, speedOf } from './report/sample.ts'
import { startPostgres } from './stores/postgres.ts'
import type { PostgresServer } from './stores/postgres.ts'
import type { Database, StoreCommands } from './stores/store-options.ts'

/** What the command line says. */
export interface BenchOptions {
  /** Measured rounds; one more before them warms up. */
  readonly rounds: number
  /** Multiplies counts and times: 1, or less for a quick look. */
  readonly scale: number
  readonly databases: readonly Database[]
  /** Where the directory of this run is made. */
  readonly temporary: string
  readonly log: (line: string) => void
}

/** A server that runs, in a process of its own. */
export interface Served {
  readonly pid: number
  readonly target: S3Target
}

/** An engine that runs, behind S3, in a process of its own. */
export interface Store extends Served {
  readonly process: Child<StoreCommands>
  readonly database: Database
}

/** One subject of a row, and how it is measured. `scale` is less than 1 in the round that warms up. */
export interface Measured {
  readonly row: RowId
  readonly subject: Subject
  readonly measure: (round: { readonly number: number; readonly scale: number }) => Promise<Sample>
}

const CREDENTIALS = { accessKeyId: 'BENCHACCESSKEY', secretAccessKey: 'bench-secret-key-of-some-length', region: 'us-east-1' }
const WARM_UP_SCALE = 0.3

/** As `npm start` sets them; what they are for stands in docs/how-to/limit-memory.md. */
const STORE_FLAGS = ['--max-semi-space-size=8'] as const

/** What scenarios share: processes, a directory, and where samples go. */
export class Bench {
  readonly results: Results = new Results()
  readonly options: BenchOptions
  readonly directory: string
  readonly load: Child<LoadCommands> = new Child(siblingOf(import.meta.url, './load/load-worker.ts'))
  readonly machine: Child<MachineCommands> = new Child(siblingOf(import.meta.url, './ceilings/machine-worker.ts'))
  readonly #children = new Set<{ stop(): Promise<void> }>()
  #postgres: Promise<PostgresServer> | null = null
  #stores = 0

  private constructor(options: BenchOptions, directory: string) {
    this.options = options
    this.directory = directory
  }

  static async open(options: BenchOptions): Promise<Bench> {
    const directory = await mkdtemp(join(options.temporary, 'stowage-bench-'))
    // Postgres runs as another user and must find its way to its files.
    await chmod(directory, 0o755)
    return new Bench(options, directory)
  }

  /** Starts a server that is a ceiling. It ends with `endScenario`. */
  async ceiling(kind: CeilingKind, size = 0): Promise<Served> {
    const child = new Child<CeilingCommands>(siblingOf(import.meta.url, './ceilings/ceiling-worker.ts'))
    this.#children.add(child)
    const { endpoint } = await child.call('listen', { kind, size })
    return { pid: child.pid, target: { endpoint, ...CREDENTIALS } }
  }

  /** Starts an engine on a store of its own, with one bucket. It ends with `endScenario`. */
  async store(database: Database, limits: Partial<Limits> = {}): Promise<Store> {
    this.#stores += 1
    const schema = `store_${this.#stores}`
    const directory = join(this.directory, schema)
    await mkdir(directory)
    const server = database === 'postgres' ? await this.#startedPostgres() : null
    const postgres = server === null ? null : { port: server.port, password: server.password, schema }
    const child = new Child<StoreCommands>(siblingOf(import.meta.url, './stores/store-worker.ts'), STORE_FLAGS)
    this.#children.add(child)
    const { endpoint } = await child.call('open', { directory, postgres, limits, ...CREDENTIALS })
    await child.call('createBucket', { bucket: 'bench' })
    return { pid: child.pid, target: { endpoint, ...CREDENTIALS }, process: child, database }
  }

  /** Measures lanes round by round, so that what happens on the machine happens to all of them: A B A B. The first round warms up. */
  async interleave(lanes: readonly Measured[], rounds: number = this.options.rounds): Promise<void> {
    for (let number = 0; number <= rounds; number += 1) {
      const scale = this.options.scale * (number === 0 ? WARM_UP_SCALE : 1)
      for (const lane of lanes) {
        const sample = await lane.measure({ number, scale })
        if (number === 0) continue
        this.results.add(lane.row, lane.subject, sample)
        this.options.log(`  ${lane.row.padEnd(18)} ${lane.subject.padEnd(20)} ${describeSample(sample)}`)
      }
    }
  }

  /** Ends the servers of a scenario. Their files stay until the very end: deleting many of them slows this disk down. */
  async endScenario(): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.stop()))
    this.#children.clear()
  }

  async close(): Promise<void> {
    await this.endScenario()
    await Promise.all([this.load.stop(), this.machine.stop()])
    await (await this.#postgres)?.stop()
    await rm(this.directory, { recursive: true, force: true })
  }

  #startedPostgres(): Promise<PostgresServer> {
    this.#postgres ??= startPostgres(join(this.directory, 'postgres'))
    return this.#postgres
  }
}

/** Runs a plan over S3, or against a ceiling, from the load generator's process. */
export async function measureServed(
  bench: Bench,
  served: Served,
  run: LoadRun,
): Promise<{ readonly result: LoadResult; readonly sample: Sample }> {
  await bench.load.call('prepare', { target: served.target, run })
  return measureProcess(served.pid, () => bench.load.call('run', null))
}

/** Runs a plan against the engine, in the engine's process. */
export function measureEngine(store: Store, run: LoadRun): Promise<{ readonly result: LoadResult; readonly sample: Sample }> {
  return measureProcess(store.pid, () => store.process.call('engineRun', run))
}

/** Runs a step of the work alone, in a process that does nothing else: what it costs on this machine, at this moment. */
export async function measureMachine(bench: Bench, run: () => Promise<LoadResult>): Promise<Sample> {
  return (await measureProcess(bench.machine.pid, run)).sample
}

/** What a process uses while something runs. */
async function measureProcess(
  pid: number,
  run: () => Promise<LoadResult>,
): Promise<{ readonly result: LoadResult; readonly sample: Sample }> {
  resetPeakMemory(pid)
  const before = processUsage(pid)
  const result = await run()
  const cpuSeconds = usedSeconds(before, processUsage(pid))
  const sample = {
    ...speedOf(result),
    cpuMsPerOp: (cpuSeconds * 1000) / result.operations,
    ...(result.bytes > 64 * 1024 * 1024 ? { cpuSecondsPerGb: cpuSeconds / (result.bytes / 1e9) } : {}),
    peakRssMib: residentMemory(pid).peak,
  }
  return { result, sample }
}
