import type { Bench, Measured, Served, Store } from '../bench.ts'
import { measureEngine, measureMachine, measureServed } from '../bench.ts'
import type { LoadPlan, LoadRun } from '../load/load-plan.ts'
import type { Subject } from '../report/results.ts'

const SIZE = 64 * 1024 * 1024
/** How many bodies a round sends: enough to see CPU seconds, few enough for a disk. */
const PUTS = { 1: 6, 4: 12 } as const
const GETS = { 1: 24, 4: 32 } as const
/** One, as the ceilings have one: what is read again and again must be as much on either side. */
const KEPT = 1

type Connections = 1 | 4
type Run = (run: LoadRun) => ReturnType<typeof measureServed>

/** PUT and GET of 64 MiB over one connection and over four. */
export async function largeObjectsScenario(bench: Bench): Promise<void> {
  const ceilings: readonly (readonly ['put' | 'get', Subject, Served])[] = [
    ['put', 'discard', await bench.ceiling('discard')],
    ['put', 'discard with MD5', await bench.ceiling('discard-md5')],
    ['get', 'memory', await bench.ceiling('memory', SIZE)],
    ['get', 'bare file', await bench.ceiling('file', SIZE)],
  ]
  const stores: { readonly subject: Subject; readonly run: Run }[] = []
  for (const database of bench.options.databases) {
    const served = await prepared(bench, await bench.store(database))
    stores.push({ subject: `s3/${database}`, run: (run) => measureServed(bench, served, run) })
    const direct = await prepared(bench, await bench.store(database))
    stores.push({ subject: `engine/${database}`, run: (run) => measureEngine(direct, run) })
  }
  for (const kind of ['put', 'get'] as const) {
    const lanes = ([1, 4] as const).flatMap((connections): readonly Measured[] => [
      ...ceilings
        .filter(([of]) => of === kind)
        .map(([, subject, served]) => lane({ kind, connections, subject, run: (run) => measureServed(bench, served, run) })),
      ...(kind === 'put' ? machineLanes(bench, connections) : []),
      ...stores.map((store) => lane({ kind, connections, ...store })),
    ])
    await bench.interleave(lanes)
  }
}

/** Puts what will be read. */
async function prepared(bench: Bench, store: Store): Promise<Store> {
  const keys = { bucket: 'bench', prefix: 'kept-' }
  await measureServed(bench, store, {
    plan: { kind: 'put', keys, size: SIZE, distinct: KEPT, count: KEPT },
    concurrency: 1,
    secondsMax: 600,
  })
  return store
}

interface LaneOptions {
  readonly kind: 'put' | 'get'
  readonly connections: Connections
  readonly subject: Subject
  readonly run: Run
}

function lane({ kind, connections, subject, run }: LaneOptions): Measured {
  const measure: Measured['measure'] = async ({ number, scale }) => {
    const count = Math.max(connections, Math.ceil((kind === 'put' ? PUTS : GETS)[connections] * scale))
    const plan: LoadPlan =
      kind === 'put'
        ? { kind, keys: { bucket: 'bench', prefix: `round-${number}-${connections}-` }, size: SIZE, distinct: count, count }
        : { kind, keys: { bucket: 'bench', prefix: 'kept-' }, size: SIZE, distinct: KEPT, count }
    return (await run({ plan, concurrency: connections, secondsMax: 120 })).sample
  }
  return { row: `${kind}-64m-${connections}`, subject, measure }
}

function machineLanes(bench: Bench, connections: Connections): readonly Measured[] {
  const row = `put-64m-${connections}` as const
  return [
    {
      row,
      subject: 'MD5 alone',
      measure: ({ scale }) =>
        measureMachine(bench, () => bench.machine.call('md5', { size: SIZE, count: Math.ceil(8 * scale), secondsMax: 60 })),
    },
    {
      row,
      subject: 'write and fdatasync',
      measure: ({ scale }) =>
        measureMachine(bench, () =>
          bench.machine.call('writeFile', { directory: bench.directory, size: SIZE, count: Math.ceil(4 * scale), secondsMax: 60 }),
        ),
    },
  ]
}
