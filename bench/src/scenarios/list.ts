import type { Bench, Measured, Store } from '../bench.ts'
import { measureEngine, measureServed } from '../bench.ts'
import type { LoadPlan, LoadRun } from '../load/load-plan.ts'
import type { RowId, Sample } from '../report/results.ts'

const PAGES = 400
const SECONDS = 2
const ENTRIES = 1000
const SEED_CONCURRENCY = 64

type ListPlan = Extract<LoadPlan, { readonly kind: 'list' }>

/** One page after another: of a small bucket, of a large one from its middle on, and of its folders. */
export async function listScenario(bench: Bench): Promise<void> {
  const total = bench.options.scale < 1 ? 10_000 : 100_000
  const lanes: Measured[] = []
  const pages = plans()
  for (const database of bench.options.databases) {
    const store = await bench.store(database)
    await seed(bench, store, total)
    for (const [row, plan] of pages) {
      lanes.push({ row, subject: `s3/${database}`, measure: ({ scale }) => served(bench, store, runOf(plan, scale)) })
      lanes.push({
        row,
        subject: `engine/${database}`,
        measure: async ({ scale }) => (await measureEngine(store, runOf(plan, scale))).sample,
      })
    }
    if (database === bench.options.databases[0]) lanes.unshift(...(await ceilings(bench, store, pages)))
  }
  await bench.interleave(lanes.toSorted((a, b) => order(pages, a.row) - order(pages, b.row)))
}

function plans(): readonly (readonly [RowId, ListPlan])[] {
  const page = { kind: 'list', distinct: 1, count: PAGES, entries: ENTRIES } as const
  // From the middle on: a listing that counted its way there would show it. The folders are d0000/ to d0999/.
  return [
    ['list-small', { ...page, bucket: 'small' }],
    ['list-large', { ...page, bucket: 'large', startAfter: 'd0500/' }],
    ['list-delimiter', { ...page, bucket: 'large', delimiter: '/' }],
    ['list-delimiter-few', { ...page, bucket: 'large', delimiter: '/', startAfter: 'd0989/z', entries: 10 }],
  ]
}

function order(pages: readonly (readonly [RowId, ListPlan])[], row: RowId): number {
  return pages.findIndex(([id]) => id === row)
}

function runOf(plan: ListPlan, scale: number): LoadRun {
  return { plan, concurrency: 1, secondsMax: SECONDS * scale }
}

async function served(bench: Bench, store: Pick<Store, 'pid' | 'target'>, run: LoadRun): Promise<Sample> {
  return (await measureServed(bench, store, run)).sample
}

/** Through the engine, because nothing is measured here. */
async function seed(bench: Bench, store: Store, total: number): Promise<void> {
  bench.options.log(`  seeding ${total} keys on ${store.database}`)
  for (const [bucket, count, folders] of [
    ['small', ENTRIES, 0],
    ['large', total, ENTRIES],
  ] as const) {
    await store.process.call('createBucket', { bucket })
    const keys = { bucket, prefix: '', folders }
    await measureEngine(store, {
      plan: { kind: 'put', keys, size: 16, distinct: count, count },
      concurrency: SEED_CONCURRENCY,
      secondsMax: 600,
    })
  }
}

/** A server that answers from memory with as many bytes as a page has. */
async function ceilings(bench: Bench, store: Store, pages: readonly (readonly [RowId, ListPlan])[]): Promise<readonly Measured[]> {
  const lanes: Measured[] = []
  for (const [row, plan] of pages) {
    const { firstLength } = await bench.load.call('prepare', { target: store.target, run: runOf(plan, 1) })
    const memory = await bench.ceiling('memory', firstLength)
    const bare = { ...plan, entries: 0 }
    lanes.push({ row, subject: 'memory', measure: ({ scale }) => served(bench, memory, runOf(bare, scale)) })
  }
  return lanes
}
