import type { Bench, Measured, Store } from '../bench.ts'
import type { MultipartResult, MultipartRun } from '../load/load-plan.ts'
import { median } from '../load/statistics.ts'
import { residentMemory, resetPeakMemory } from '../processes/process-usage.ts'
import type { RowId, Sample } from '../report/results.ts'

const PART_SIZE = 4096
const CONCURRENCY = 32
/** Parts of any size, and none kept in the row: real parts have 5 MiB or more and are blobs. */
const LIMITS = { partSizeMin: 1, inlineSizeMax: 0 }

const SIZES: readonly (readonly [RowId, number, number])[] = [
  ['complete-64', 64, 5],
  ['complete-1000', 1000, 2],
  ['complete-10000', 10_000, 1],
]

/** Uploads of many parts: how long Complete takes, from request to durable answer, and the first full GET behind it. */
export async function completeScenario(bench: Bench): Promise<void> {
  const lanes: Measured[] = []
  const stores: { readonly subject: 's3' | 'engine'; readonly store: Store }[] = []
  for (const database of bench.options.databases) {
    stores.push({ subject: 's3', store: await bench.store(database, LIMITS) })
    stores.push({ subject: 'engine', store: await bench.store(database, LIMITS) })
  }
  for (const [row, parts, repeats] of SIZES) {
    lanes.push({ row, subject: 'fdatasync alone', measure: () => syncAlone(bench) })
    for (const { subject, store } of stores) {
      lanes.push({
        row,
        subject: `${subject}/${store.database}`,
        measure: async ({ number, scale }) => {
          // What warms up may be smaller: ten thousand files are slow to make.
          const size = number === 0 || scale < 1 ? Math.min(parts, 1000) : parts
          return uploads({ bench, store, subject, parts: size, repeats, name: `${row}-${number}` })
        },
      })
    }
  }
  await bench.interleave(lanes)
}

async function syncAlone(bench: Bench): Promise<Sample> {
  const { p50, p99 } = await bench.machine.call('fdatasync', { directory: bench.directory, count: 200, secondsMax: 1 })
  return { completeMs: p50, p99Ms: p99 }
}

interface Uploads {
  readonly bench: Bench
  readonly store: Store
  readonly subject: 's3' | 'engine'
  readonly parts: number
  readonly repeats: number
  readonly name: string
}

async function uploads({ bench, store, subject, parts, repeats, name }: Uploads): Promise<Sample> {
  const results: MultipartResult[] = []
  resetPeakMemory(store.pid)
  for (let upload = 0; upload < repeats; upload += 1) {
    const run: MultipartRun = { bucket: 'bench', key: `${name}-${upload}`, parts, partSize: PART_SIZE, concurrency: CONCURRENCY }
    results.push(
      subject === 's3'
        ? await bench.load.call('multipart', { target: store.target, run })
        : await store.process.call('engineMultipart', run),
    )
  }
  return {
    completeMs: median(results.map((result) => result.completeMilliseconds)),
    firstGetMs: median(results.map((result) => result.firstGetMilliseconds)),
    partsPerSecond: (parts * 1000) / median(results.map((result) => result.partsMilliseconds)),
    peakRssMib: residentMemory(store.pid).peak,
  }
}
