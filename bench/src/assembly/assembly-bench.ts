import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { withoutPaths } from '../peers/without-paths.ts'
import { Child } from '../processes/channel.ts'
import { siblingOf } from '../processes/sibling.ts'
import { AssemblyResults, sampleOf } from './assembly-results.ts'
import type { AssemblySample } from './assembly-results.ts'
import type { AssemblyCommands, Cell, StraightResult, UpstreamAddress, UpstreamKind, WayName } from './cell.ts'
import { openLimitedLink } from './limited-link.ts'
import type { LimitedLink } from './limited-link.ts'
import { DIRECT_PART_SIZE, isMeasured } from './sizes.ts'
import type { ObjectSize, SizeId } from './sizes.ts'
import { startVendorServer } from './vendor-server.ts'
import type { VendorServer } from './vendor-server.ts'

/** What the command line says. */
export interface AssemblyOptions {
  readonly sizes: readonly ObjectSize[]
  /** In the order in which they take turns, each with the script of `tools/servers` that starts it; null for the disk. */
  readonly upstreams: readonly { readonly kind: UpstreamKind; readonly server: string | null }[]
  readonly ways: readonly WayName[]
  /** What the way to servers lets through each way, in megabits a second; null for all that loopback does. */
  readonly megabitsPerSecond: number | null
  /** At most so many, whatever a size asks for. */
  readonly roundsMax: number
  /** No measurement begins after this many seconds. */
  readonly secondsMax: number
  /** Where `tools/servers/NAME.sh install` has put programs. */
  readonly programs: string
  /** Where the directory of this run is made. */
  readonly temporary: string
  readonly log: (line: string) => void
}

/** What has no figure, and why. */
export interface MissingCell {
  readonly upstream: UpstreamKind
  readonly size: SizeId | null
  readonly way: WayName | null
  readonly reason: string
}

interface OpenUpstream {
  readonly kind: UpstreamKind
  readonly address: UpstreamAddress
  readonly server: VendorServer | null
  readonly link: LimitedLink | null
  readonly state: string
}

const BUCKET = 'bench-assembly'
/** As `npm start` sets them; what they are for stands in docs/how-to/limit-memory.md. */
const FLAGS = ['--max-semi-space-size=8'] as const
/** So many objects are left to the end: to delete them slows the disk, and their server, for those that come next. */
const CLEARED_PARTS_MAX = 1_000

/** Assembles objects in every way on every upstream, in turns, each in a process of its own. */
export class AssemblyBench {
  readonly results: AssemblyResults = new AssemblyResults()
  readonly missing: MissingCell[] = []
  readonly versions: Map<UpstreamKind, string> = new Map()
  straight: StraightResult | null = null
  readonly #options: AssemblyOptions
  readonly #directory: string
  readonly #open: OpenUpstream[] = []
  readonly #begun: number = performance.now()
  #cells = 0

  private constructor(options: AssemblyOptions, directory: string) {
    this.#options = options
    this.#directory = directory
  }

  static async open(options: AssemblyOptions): Promise<AssemblyBench> {
    const bench = new AssemblyBench(options, await mkdtemp(join(options.temporary, 'stowage-assembly-')))
    try {
      for (const { kind, server } of options.upstreams) await bench.#start(kind, server)
      return bench
    } catch (error) {
      await bench.close()
      throw error
    }
  }

  /** Round by round, so that what happens on the machine happens to all of them. */
  async run(): Promise<void> {
    const { sizes, ways, roundsMax } = this.#options
    const rounds = Math.min(roundsMax, Math.max(...sizes.map((size) => size.rounds)))
    for (let round = 1; round <= rounds; round += 1) {
      for (const size of sizes.filter((each) => round <= each.rounds)) {
        for (const upstream of this.#open) {
          const turns = ways.filter((way) => isMeasured({ upstream: upstream.kind, way, round, size }))
          for (const way of turns) await this.#turn(upstream, { size, way, round })
        }
      }
      if (round === 1) await this.#runStraight()
    }
  }

  /** Ends what runs and removes what it wrote. */
  async close(): Promise<void> {
    for (const { link, server } of this.#open.splice(0)) {
      await link?.close()
      await server?.stop()
    }
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #start(kind: UpstreamKind, name: string | null): Promise<void> {
    const state = join(this.#directory, `server-${kind}`)
    const server = name === null ? null : await startVendorServer(name, { programs: this.#options.programs, state })
    const { megabitsPerSecond } = this.#options
    const link = server === null || megabitsPerSecond === null ? null : await openLimitedLink(server.endpoint, megabitsPerSecond)
    const address = addressOf(kind, server === null || link === null ? server : { ...server, endpoint: link.endpoint })
    this.#open.push({ kind, address, server, link, state })
    if (name !== null && server !== null) this.versions.set(kind, `${name} ${server.version}`)
    await this.#inProcess((worker) => worker.call('prepare', address))
  }

  async #turn(
    upstream: OpenUpstream,
    { size, way, round }: { readonly size: ObjectSize; readonly way: WayName; readonly round: number },
  ): Promise<void> {
    const at = { size: size.id, upstream: upstream.kind, way }
    if (performance.now() - this.#begun > this.#options.secondsMax * 1000) {
      if (this.results.lane(size.id, upstream.kind, way) === null) this.missing.push({ ...at, reason: 'the time was up' })
      return
    }
    try {
      const sample = await this.#measure(upstream, { size, way, round })
      this.results.add(at, sample)
      this.#options.log(`${round} ${size.id.padEnd(6)} ${upstream.kind.padEnd(4)} ${way.padEnd(16)} ${describe(sample)}`)
    } catch (error) {
      // The others are still worth knowing.
      const reason = withoutPaths(error instanceof Error ? error.message : String(error))
      this.missing.push({ ...at, reason })
      this.#options.log(
        `${round} ${size.id.padEnd(6)} ${upstream.kind.padEnd(4)} ${way.padEnd(16)} ${error instanceof Error ? error.stack : reason}`,
      )
    }
  }

  async #measure(
    upstream: OpenUpstream,
    { size, way, round }: { readonly size: ObjectSize; readonly way: WayName; readonly round: number },
  ): Promise<AssemblySample> {
    this.#cells += 1
    const directory = join(this.#directory, `cell-${this.#cells}`)
    await mkdir(directory)
    const bytes = size.parts * size.partSize
    const partSize = way === 'direct' ? Math.max(size.partSize, DIRECT_PART_SIZE) : size.partSize
    const concurrency = way === 'direct' ? Math.min(size.concurrency, 4) : size.concurrency
    const cell: Cell = { way, upstream: upstream.address, size: bytes, partSize, concurrency, directory, prefix: `cell-${this.#cells}` }
    // Nobody pays for what another left in memory.
    await promisify(execFile)('sync', ['-f', this.#directory])
    const result = await this.#inProcess((worker) => worker.call('measure', cell))
    if (size.parts <= CLEARED_PARTS_MAX) {
      await this.#inProcess((worker) => worker.call('clear', cell))
      await rm(directory, { recursive: true, force: true })
    }
    return sampleOf(result, bytes, round)
  }

  /** Where the server keeps files that we can look at. */
  async #runStraight(): Promise<void> {
    const upstream = this.#open.find(({ kind, server }) => kind === 's3' && server !== null)
    if (upstream === undefined) return
    try {
      const run = {
        upstream: upstream.address,
        dataDirectory: join(upstream.state, 'data'),
        prefix: 'straight',
        parts: 8,
        partSize: DIRECT_PART_SIZE,
      }
      this.straight = await this.#inProcess((worker) => worker.call('straight', run))
      this.#options.log(`straight ${JSON.stringify(this.straight)}`)
    } catch (error) {
      this.#options.log(`straight: ${error instanceof Error ? error.stack : String(error)}`)
    }
  }

  async #inProcess<T>(use: (worker: Child<AssemblyCommands>) => Promise<T>): Promise<T> {
    const worker = new Child<AssemblyCommands>(siblingOf(import.meta.url, './assembly-worker.ts'), FLAGS)
    try {
      return await use(worker)
    } finally {
      await worker.stop()
    }
  }
}

function addressOf(kind: UpstreamKind, server: VendorServer | null): UpstreamAddress {
  if (kind === 'fs') return { kind }
  if (server === null) throw new Error(`${kind} needs a server.`)
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  return kind === 'gcs' ? { kind, endpoint, bucket: BUCKET } : { kind, endpoint, region, accessKeyId, secretAccessKey, bucket: BUCKET }
}

function describe(sample: AssemblySample): string {
  const { joinSeconds, requests } = sample
  return [
    `parts ${sample.partsMegabytesPerSecond.toFixed(0)} MB/s`,
    `complete ${sample.completeMs.toFixed(1)} ms`,
    `upload ${sample.uploadMegabytesPerSecond.toFixed(0)} MB/s`,
    `get ${sample.getMegabytesPerSecond.toFixed(0)} MB/s`,
    `first byte ${sample.firstByteMs.toFixed(1)} ms`,
    `RSS ${sample.uploadRssMib.toFixed(0)} / ${sample.getRssMib.toFixed(0)} MiB`,
    ...(joinSeconds === null ? [] : [`join ${joinSeconds.toFixed(2)} s`]),
    `requests ${requests.parts}+${requests.complete}+${requests.join}+${requests.get}`,
  ].join('  ')
}
