import type { Bench, Measured, Served } from '../bench.ts'
import { measureEngine, measureServed } from '../bench.ts'
import type { LoadPlan, LoadRun } from '../load/load-plan.ts'
import type { Sample, Subject } from '../report/results.ts'
import { speedOf } from '../report/sample.ts'

const SIZE = 4096
const CONNECTIONS = 32
const SECONDS = 3
/** More than any store takes in the time. */
const PUT_COUNT = 40_000
const READ_COUNT = 150_000
const CEILING_COUNT = 300_000
const CEILING_DISTINCT = 20_000

type Kind = 'put' | 'get' | 'head' | 'delete'
const ROW_OF = { put: 'put-4k', get: 'get-4k', head: 'head-4k', delete: 'delete-4k' } as const

/** PUT, GET, HEAD and DELETE of 4 KiB with 32 requests under way: every round puts keys of its own and deletes them at its end. */
export async function smallObjectsScenario(bench: Bench): Promise<void> {
  const discard = await bench.ceiling('discard')
  const memory = await bench.ceiling('memory', SIZE)
  const lanes: { readonly subject: Subject; readonly lane: Lane }[] = []
  for (const database of bench.options.databases) {
    const served = await bench.store(database)
    lanes.push({ subject: `s3/${database}`, lane: new Lane((run) => measureServed(bench, served, run)) })
    const direct = await bench.store(database)
    lanes.push({ subject: `engine/${database}`, lane: new Lane((run) => measureEngine(direct, run)) })
  }
  const rows = (['put', 'get', 'head', 'delete'] as const).map((kind): readonly Measured[] => [
    ceilingOf(bench, kind, kind === 'put' ? discard : memory),
    ...(kind === 'put' ? [syncAlone(bench)] : []),
    ...lanes.map(({ subject, lane }) => ({ row: ROW_OF[kind], subject, measure: lane.measurer(kind) })),
  ])
  await bench.interleave(rows.flat())
}

/** One store, and how many keys the current round has put there. */
class Lane {
  readonly #run: (run: LoadRun) => ReturnType<typeof measureServed>
  #written = 0

  constructor(run: (run: LoadRun) => ReturnType<typeof measureServed>) {
    this.#run = run
  }

  measurer(kind: Kind): Measured['measure'] {
    return async ({ number, scale }) => {
      const keys = { bucket: 'bench', prefix: `round-${number}/` }
      const { result, sample } = await this.#run({ plan: this.#plan(kind, keys), concurrency: CONNECTIONS, secondsMax: SECONDS * scale })
      if (kind === 'put') this.#written = result.operations
      return sample
    }
  }

  #plan(kind: Kind, keys: { readonly bucket: string; readonly prefix: string }): LoadPlan {
    if (kind === 'put') return { kind, keys, size: SIZE, distinct: PUT_COUNT, count: PUT_COUNT }
    if (kind === 'get') return { kind, keys, size: SIZE, distinct: this.#written, count: READ_COUNT }
    if (kind === 'head') return { kind, keys, distinct: this.#written, count: READ_COUNT }
    return { kind, keys, distinct: this.#written, count: this.#written }
  }
}

function ceilingOf(bench: Bench, kind: Kind, served: Served): Measured {
  const keys = { bucket: 'bench', prefix: 'ceiling/' }
  const counted = { keys, distinct: CEILING_DISTINCT, count: CEILING_COUNT }
  const plan: LoadPlan = kind === 'put' || kind === 'get' ? { kind, ...counted, size: SIZE } : { kind, ...counted }
  const measure = async ({ scale }: { readonly scale: number }): Promise<Sample> =>
    (await measureServed(bench, served, { plan, concurrency: CONNECTIONS, secondsMax: SECONDS * scale })).sample
  return { row: ROW_OF[kind], subject: kind === 'put' ? 'discard' : 'memory', measure }
}

function syncAlone(bench: Bench): Measured {
  const measure = async ({ scale }: { readonly scale: number }): Promise<Sample> =>
    speedOf(await bench.machine.call('fdatasync', { directory: bench.directory, count: 20_000, secondsMax: scale }))
  return { row: 'put-4k', subject: 'fdatasync alone', measure }
}
