import type { LoadPlan } from '../load/load-plan.ts'
import type { Sample } from '../report/results.ts'
import { countSyncs } from './count-syncs.ts'
import type { Measure, PeerBench } from './peer-bench.ts'
import type { PeerServer } from './peer-server.ts'
import type { MeasuredRow } from './peer-rows.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Rows that share servers: their data is in fresh directories, of this group alone. */
export interface PeerScenario {
  readonly rows: readonly MeasuredRow[]
  readonly run: (bench: PeerBench) => Promise<void>
}

/** In this order, because the disk is slow after many deletions: DELETE is last, and listings, which only read, follow the parts that go at once. */
export const PEER_SCENARIOS: readonly PeerScenario[] = [
  { rows: ['syncs'], run: countSyncs },
  { rows: ['put-64m-1', 'put-64m-4', 'get-64m-1', 'get-64m-4', 'parts-64'], run: largeObjects },
  { rows: ['parts-1000'], run: manyParts },
  { rows: ['list', 'list-delimiter'], run: listings },
  { rows: ['put-4k', 'get-4k', 'head-4k', 'delete-4k'], run: smallObjects },
]

const LARGE_SIZE = 64 * MIB
const LARGE_PUTS = { 1: 4, 4: 8 } as const
const LARGE_GETS = { 1: 16, 4: 16 } as const
const LARGE_SECONDS = 20
/** Each has a gigabyte. */
const UPLOAD_ROUNDS = 2

async function largeObjects(bench: PeerBench): Promise<void> {
  const rows = ['put-64m-1', 'put-64m-4', 'get-64m-1', 'get-64m-4', 'parts-64'] as const
  await bench.withServers(rows, async (servers) => {
    const keys = { bucket: 'bench', prefix: 'kept-' }
    const ready = await prepareAll(bench, servers, { rows, plan: { kind: 'put', keys, size: LARGE_SIZE, distinct: 1, count: 1 } })
    for (const connections of [1, 4] as const) {
      const measure: Measure = (server, { number, scale }) => {
        const count = Math.max(connections, Math.ceil(LARGE_PUTS[connections] * scale))
        const fresh = { bucket: 'bench', prefix: `round-${number}-${connections}-` }
        const plan: LoadPlan = { kind: 'put', keys: fresh, size: LARGE_SIZE, distinct: count, count }
        return bench.measure(server, { plan, concurrency: connections, secondsMax: LARGE_SECONDS })
      }
      await bench.interleave(`put-64m-${connections}`, ready, { measure })
    }
    for (const connections of [1, 4] as const) {
      const measure: Measure = (server, { scale }) => {
        const count = Math.max(connections, Math.ceil(LARGE_GETS[connections] * scale))
        const plan: LoadPlan = { kind: 'get', keys, size: LARGE_SIZE, distinct: 1, count }
        return bench.measure(server, { plan, concurrency: connections, secondsMax: LARGE_SECONDS })
      }
      await bench.interleave(`get-64m-${connections}`, ready, { measure })
    }
    const measure: Measure = (server, { number, scale }) =>
      upload(bench, server, { key: `parts-${number}`, parts: Math.ceil(64 * scale), partSize: 16 * MIB, headOnly: false })
    await bench.interleave('parts-64', ready, { measure, rounds: UPLOAD_ROUNDS, warmsUp: false })
  })
}

interface Upload {
  readonly key: string
  readonly parts: number
  readonly partSize: number
  readonly headOnly: boolean
}

async function upload(bench: PeerBench, server: PeerServer, { key, parts, partSize, headOnly }: Upload): Promise<Sample> {
  const { result, peakRssMib } = await bench.multipart(server, { bucket: 'bench', key, parts, partSize, concurrency: 4, headOnly })
  return {
    megabytesPerSecond: (parts * partSize) / 1e3 / result.partsMilliseconds,
    completeMs: result.completeMilliseconds,
    ...(headOnly ? {} : { firstGetMs: result.firstGetMilliseconds }),
    peakRssMib,
  }
}

/** One server after the other, and its files gone before the next: five gigabytes each are more than a disk may have. */
async function manyParts(bench: PeerBench): Promise<void> {
  for (const peer of bench.options.peers) {
    const use = async (servers: readonly PeerServer[]): Promise<void> => {
      const measure: Measure = (server, { scale }) =>
        upload(bench, server, { key: 'many-parts', parts: Math.ceil(1000 * scale), partSize: 5 * MIB, headOnly: true })
      await bench.interleave('parts-1000', servers, { measure, rounds: 1, warmsUp: false })
    }
    await bench.withServers(['parts-1000'], use, { peers: [peer], removes: true })
  }
}

const LISTED_KEYS = 20_000
const LISTED_FOLDERS = 1000
const PAGES = 400
const PAGES_SECONDS = 0.7

async function listings(bench: PeerBench): Promise<void> {
  const rows = ['list', 'list-delimiter'] as const
  await bench.withServers(rows, async (servers) => {
    const keys = { bucket: 'listed', prefix: '', folders: LISTED_FOLDERS }
    const count = bench.options.scale < 1 ? 2000 : LISTED_KEYS
    const ready = await prepareAll(bench, servers, { rows, plan: { kind: 'put', keys, size: 16, distinct: count, count } })
    const page = { kind: 'list', bucket: 'listed', distinct: 1, count: PAGES, entries: 1000 } as const
    for (const [row, plan] of [
      ['list', page],
      ['list-delimiter', { ...page, delimiter: '/' }],
    ] as const) {
      await bench.interleave(row, ready, {
        measure: (server, { scale }) => bench.measure(server, { plan, concurrency: 1, secondsMax: PAGES_SECONDS * scale }),
      })
    }
  })
}

const SMALL_SIZE = 4 * KIB
const SMALL_CONNECTIONS = 32
const SMALL_PUTS = 12_000
const SMALL_PUT_SECONDS = 4
const SMALL_READS = 40_000
const SMALL_READ_SECONDS = 1.5
/** Deleted in one round each. */
const KEPT_KEYS = 4000
/** Deleted before those, to warm up. */
const FIRST_KEYS = 300
const SMALL_DELETE_SECONDS = 2

async function smallObjects(bench: PeerBench): Promise<void> {
  const rows = ['put-4k', 'get-4k', 'head-4k', 'delete-4k'] as const
  const kept = bench.scaled(KEPT_KEYS)
  const keysOf = (round: number): { bucket: string; prefix: string } => ({ bucket: 'bench', prefix: `kept-${round}-` })
  await bench.withServers(rows, async (servers) => {
    let ready = servers
    // They warm up PUT too.
    for (let round = 0; round <= bench.options.rounds; round += 1) {
      const count = round === 0 ? FIRST_KEYS : kept
      ready = await prepareAll(bench, ready, { rows, plan: { kind: 'put', keys: keysOf(round), size: SMALL_SIZE, distinct: count, count } })
    }
    const measured = (row: MeasuredRow, planOf: PlanOf, options: { readonly seconds: number; readonly warmsUp?: boolean }): Promise<void> =>
      bench.interleave(row, ready, {
        ...options,
        measure: (server, { number, scale }) =>
          bench.measure(server, {
            plan: planOf(number),
            concurrency: SMALL_CONNECTIONS,
            secondsMax: options.seconds * scale,
          }),
      })
    const count = bench.scaled(SMALL_PUTS)
    const read = { keys: keysOf(1), distinct: kept, count: SMALL_READS }
    await measured(
      'put-4k',
      (round) => ({ kind: 'put', keys: { bucket: 'bench', prefix: `put-${round}-` }, size: SMALL_SIZE, distinct: count, count }),
      {
        seconds: SMALL_PUT_SECONDS,
        warmsUp: false,
      },
    )
    await measured('get-4k', () => ({ kind: 'get', ...read, size: SMALL_SIZE }), { seconds: SMALL_READ_SECONDS })
    await measured('head-4k', () => ({ kind: 'head', ...read }), { seconds: SMALL_READ_SECONDS })
    await measured(
      'delete-4k',
      (round) => ({
        kind: 'delete',
        keys: keysOf(round),
        distinct: round === 0 ? FIRST_KEYS : kept,
        count: round === 0 ? FIRST_KEYS : kept,
      }),
      { seconds: SMALL_DELETE_SECONDS },
    )
  })
}

type PlanOf = (round: number) => LoadPlan

/** Gives servers what will be read, and leaves out those that cannot take it. */
async function prepareAll(
  bench: PeerBench,
  servers: readonly PeerServer[],
  { rows, plan }: { readonly rows: readonly MeasuredRow[]; readonly plan: LoadPlan },
): Promise<readonly PeerServer[]> {
  const ready: PeerServer[] = []
  for (const server of servers) {
    try {
      await bench.run(server, { plan, concurrency: Math.min(SMALL_CONNECTIONS, plan.count), secondsMax: 120 })
      ready.push(server)
    } catch (error) {
      for (const row of rows.filter((each) => bench.wants(each))) bench.miss(row, server.peer, error)
    }
  }
  return ready
}
