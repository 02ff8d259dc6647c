import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Bench, measureEngine, measureServed } from './bench.ts'
import type { Store } from './bench.ts'
import type { LoadPlan, LoadRun } from './load/load-plan.ts'
import { hotSpots } from './report/hot-spots.ts'
import type { Database } from './stores/store-options.ts'

const USAGE = `node --expose-gc -C @stowage/source bench/src/profile.ts NAME [--door s3|engine] [--database sqlite|postgres] [--seconds N] [--out DIR]

Profiles the server's process, every thread of it, while one operation is all it does. The .cpuprofile files stay in DIR
(default: below the system's temporary directory) for a viewer; the hottest functions are printed.
NAME is one of: `

const SMALL = 4096
const LARGE = 64 * 1024 * 1024
const KEYS = 10_000
const SPOTS = 30
const WARM_UP_SECONDS = 2

interface Profiled {
  readonly seed: LoadRun | null
  readonly run: LoadRun
}

const keys = (prefix: string, folders = 0): { readonly bucket: string; readonly prefix: string; readonly folders: number } => ({
  bucket: 'bench',
  prefix,
  folders,
})

function small(seconds: number): Readonly<Record<string, Profiled>> {
  const seed: LoadRun = {
    plan: { kind: 'put', keys: keys('kept/'), size: SMALL, distinct: KEYS, count: KEYS },
    concurrency: 32,
    secondsMax: 600,
  }
  const under = (plan: LoadPlan): LoadRun => ({ plan, concurrency: 32, secondsMax: seconds })
  const many = 20_000 * seconds
  const doomed = 8000 * seconds
  return {
    'put-4k': {
      seed: null,
      run: under({ kind: 'put', keys: keys('new/'), size: SMALL, distinct: 12_000 * seconds, count: 12_000 * seconds }),
    },
    'get-4k': { seed, run: under({ kind: 'get', keys: keys('kept/'), size: SMALL, distinct: KEYS, count: many }) },
    'head-4k': { seed, run: under({ kind: 'head', keys: keys('kept/'), distinct: KEYS, count: many }) },
    'delete-4k': {
      seed: { ...seed, plan: { kind: 'put', keys: keys('kept/'), size: SMALL, distinct: doomed, count: doomed } },
      run: under({ kind: 'delete', keys: keys('kept/'), distinct: doomed, count: doomed }),
    },
  }
}

function others(seconds: number): Readonly<Record<string, Profiled>> {
  const puts = Math.ceil(4 * seconds)
  const kept: LoadRun = { plan: { kind: 'put', keys: keys('kept/'), size: LARGE, distinct: 2, count: 2 }, concurrency: 1, secondsMax: 600 }
  const put = (concurrency: number): LoadRun => ({
    plan: { kind: 'put', keys: keys('new/'), size: LARGE, distinct: puts, count: puts },
    concurrency,
    secondsMax: seconds,
  })
  const get = (concurrency: number): LoadRun => ({
    plan: { kind: 'get', keys: keys('kept/'), size: LARGE, distinct: 2, count: 100 * seconds },
    concurrency,
    secondsMax: seconds,
  })
  const folders: LoadRun = {
    plan: { kind: 'put', keys: keys('', 1000), size: 16, distinct: KEYS, count: KEYS },
    concurrency: 32,
    secondsMax: 600,
  }
  const list = (more: { readonly delimiter?: string }): LoadRun => ({
    plan: { kind: 'list', bucket: 'bench', entries: 1000, distinct: 1, count: 2000 * seconds, ...more },
    concurrency: 1,
    secondsMax: seconds,
  })
  return {
    'put-64m-1': { seed: null, run: put(1) },
    'put-64m-4': { seed: null, run: put(4) },
    'get-64m-1': { seed: kept, run: get(1) },
    'get-64m-4': { seed: kept, run: get(4) },
    list: { seed: folders, run: list({}) },
    'list-delimiter': { seed: folders, run: list({ delimiter: '/' }) },
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    door: { type: 'string', default: 's3' },
    database: { type: 'string', default: 'sqlite' },
    seconds: { type: 'string', default: '8' },
    out: { type: 'string' },
  },
})

/** Seeds and warms up, then records every thread while the operation is all that happens. */
async function profile(name: string, { seed, run }: Profiled): Promise<void> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`)
  const database: Database = values.database === 'postgres' ? 'postgres' : 'sqlite'
  const out = resolve(values.out ?? join(tmpdir(), `stowage-profile-${name}-${process.pid}`))
  await mkdir(out, { recursive: true })
  const bench = await Bench.open({ rounds: 1, scale: 1, databases: [database], temporary: tmpdir(), log })
  try {
    const store = await bench.store(database)
    if (seed !== null) await measureEngine(store, seed)
    const measure = values.door === 'engine' ? measureEngine : (on: Store, what: LoadRun) => measureServed(bench, on, what)
    if (run.plan.kind !== 'delete') await measure(store, { ...run, secondsMax: WARM_UP_SECONDS })
    await store.process.call('startProfile', null)
    const { sample } = await measure(store, run)
    const recordings = await store.process.call('stopProfile', null)
    console.log(`${name}, ${values.door}/${database}:`, JSON.stringify(sample))
    for (const { thread, profile: text } of recordings) {
      await writeFile(join(out, `${thread.replaceAll(/[^\w-]+/g, '-')}.cpuprofile`), text)
      print(thread, text)
    }
    console.log(`\nThe profiles are in ${out}`)
  } finally {
    await bench.close()
  }
}

function print(thread: string, text: string): void {
  const { busySeconds, idleSeconds, spots } = hotSpots(text)
  console.log(`\n${thread}: busy ${busySeconds.toFixed(2)} s, idle ${idleSeconds.toFixed(2)} s\n   self   total`)
  for (const { name, self, total } of spots.slice(0, SPOTS)) {
    console.log(`${(self * 100).toFixed(1).padStart(6)} %${(total * 100).toFixed(1).padStart(6)} %  ${name}`)
  }
}

const seconds = Number(values.seconds)
const known = { ...small(seconds), ...others(seconds) }
const [name = ''] = positionals
const wanted = known[name]
if (wanted === undefined || !(seconds > 0)) {
  process.stderr.write(`${USAGE}${Object.keys(known).join(', ')}\n`)
  process.exitCode = 2
} else {
  await profile(name, wanted)
}
