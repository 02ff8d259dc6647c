import { deepStrictEqual, ok } from 'node:assert/strict'
import { faultyBackend } from '../../../conformance/src/faulty-backend.ts'
import type { FaultMode } from '../../../conformance/src/faulty-backend.ts'
import type { Backend } from '../../src/backend/backend.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { faultyStore } from '../support/naughty-stores.ts'
import type { StoreFault, StorePlan } from '../support/naughty-stores.ts'
import { openWorld } from '../support/world.ts'
import type { World, WorldOptions } from '../support/world.ts'
import { doubtfulPool } from './doubtful-pool.ts'
import type { CommitFault, CommitPlan } from './doubtful-pool.ts'
import { snapshotOf } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'
import type { PathContext, WritePath } from './write-paths.ts'

/** Where and how a fault strikes: at the n-th call of the backend, call of the store, or statement. */
export type Fault =
  | { readonly at: 'backend'; readonly n: number; readonly mode: FaultMode }
  | { readonly at: 'store'; readonly n: number; readonly mode: StoreFault }
  | { readonly at: 'statement'; readonly n: number; readonly mode: 'throw' }
  /** Postgres only: the connection is lost at the n-th COMMIT. */
  | { readonly at: 'commit'; readonly n: number; readonly mode: CommitFault }
  | { readonly at: 'nowhere'; readonly n: 0; readonly mode: 'none' }

/** How the process ends after the fault: it closes its engine, or it dies. */
export type Ending = 'close' | 'crash'

/** What a run of a path found. */
export interface FaultedRun {
  readonly acknowledged: boolean
  readonly error: unknown
  readonly found: Snapshot
  readonly observed: string
  /** How often each kind of fault could have struck. */
  readonly counts: Readonly<Record<'backend' | 'store' | 'statement' | 'commit', number>>
}

const NOWHERE: Fault = { at: 'nowhere', n: 0, mode: 'none' }
const HANG_MS = 5

/** A world whose faults can be set while it runs; runs share it. */
export interface FaultyWorld {
  run(path: WritePath, fault: Fault, ending: Ending): Promise<FaultedRun>
  dispose(): Promise<void>
}

/** `mutate` plants a fault of ours into the store, below the faults of others: to see whether it is found. */
export async function openFaultyWorld(
  options: Pick<WorldOptions, 'store' | 'joins'> & { readonly mutate?: (store: MetadataStore, backend: () => Backend) => MetadataStore },
): Promise<FaultyWorld> {
  const { store, joins = 'never', mutate = (inner) => inner } = options
  let fault: Fault = NOWHERE
  let statements = 0
  const plan: StorePlan = { calls: 0, failAt: 0, fault: 'unavailable' }
  const commits: CommitPlan = { commits: 0, failAt: 0, fault: 'lost, done', late: Promise.resolve() }
  let backend = { calls: 0 }
  let kept: Backend | null = null
  const stored = (): Backend => {
    if (kept === null) throw new Error('the backend is not open yet')
    return kept
  }
  const world = await openWorld({
    store,
    backend: 'memory',
    joins,
    // A thread that has not started yet leaves the first body to this one, and no act brings a second. Starting it is most of a run.
    hashing: 'inline',
    limits: { processLeaseSeconds: 3600 },
    wrapStore: (inner) => faultyStore(mutate(inner, stored), plan),
    wrapPool: (pool) => doubtfulPool(pool, commits),
    wrapBackend: (inner) => {
      kept = inner
      const faulty = faultyBackend(inner, fault.at === 'backend' ? { failAt: fault.n, mode: fault.mode } : {})
      backend = faulty
      return faulty
    },
    onStatement: ({ command, text }) => {
      statements += 1
      if (fault.at === 'statement' && statements === fault.n) throw new Error(`a fault was planned for ${command}: ${text}`)
    },
  })
  const arm = (next: Fault): void => {
    fault = next
    statements = 0
    plan.calls = 0
    plan.failAt = next.at === 'store' ? next.n : 0
    if (next.at === 'store') plan.fault = next.mode
    commits.commits = 0
    commits.failAt = next.at === 'commit' ? next.n : 0
    if (next.at === 'commit') commits.fault = next.mode
  }
  let buckets = 0
  return {
    dispose: () => world.dispose(),
    run: async (path, next, ending) => {
      buckets += 1
      const abort = new AbortController()
      const context = (): PathContext => ({ session: world.session, bucket: { name: `bucket-${buckets}` }, signal: abort.signal })
      const { bucket } = context()
      const { versioning = 'off' } = path
      if (versioning !== null) await world.session.createBucket({ bucket, versioning })
      const prepared = await path.prepare?.(context())
      // A new engine: nothing is remembered, nothing is reserved ahead. The wrapper takes its plan when it is made.
      fault = next
      await world.reopen()
      arm(next)
      // Only a call that has been reached hangs: a machine that is busy is slow at all of them.
      const giveUp = (): void => {
        if (backend.calls >= next.n) abort.abort(new Error('given up'))
      }
      const hanging = next.mode === 'hang' ? setInterval(giveUp, HANG_MS) : null
      const result = await path.act(context(), prepared).then(
        () => ({ acknowledged: true, error: null }),
        (error: unknown) => ({ acknowledged: false, error }),
      )
      if (hanging !== null) clearInterval(hanging)
      await world.joined()
      const counts = { backend: backend.calls, store: plan.calls, statement: statements, commit: commits.commits }
      arm(NOWHERE)
      await commits.late
      await (ending === 'close' ? world.reopen() : world.crash())
      const found = await snapshotOf(world.session, bucket.name)
      const observed = (await path.observe?.(context(), prepared)) ?? ''
      await settle(world, found, bucket)
      return { ...result, found, observed, counts }
    },
  }
}

/** The garbage is found, nothing else is taken, and nothing is left once the bucket is gone. */
async function settle(world: World, before: Snapshot, bucket: { readonly name: string }): Promise<void> {
  await world.audit()
  await world.collect()
  await world.audit()
  deepStrictEqual(await snapshotOf(world.session, bucket.name), before)
  if (before.bucket) {
    const { versions } = await world.session.listVersions({ bucket })
    const objects = versions.map(({ key, versionId }) => ({ key, versionId }))
    if (objects.length > 0) await world.session.deleteObjects({ bucket, objects })
    await world.session.deleteBucket({ bucket })
  }
  await world.collect()
  deepStrictEqual(await world.audit(), [], 'blobs leaked')
}

/** Holds a faulted run against the two states there may be. */
export function checkRun(
  path: WritePath,
  run: FaultedRun,
  { before, after }: { readonly before: FaultedRun; readonly after: FaultedRun },
): void {
  if (run.acknowledged) {
    deepStrictEqual({ found: run.found, observed: run.observed }, { found: after.found, observed: after.observed })
    return
  }
  const same = (one: FaultedRun): boolean => JSON.stringify(one.found) === JSON.stringify(run.found)
  const between = path.between?.(run.found, before.found, after.found) ?? false
  ok(same(before) || same(after) || between, `neither old nor new: ${JSON.stringify(run.found)} after ${String(run.error)}`)
}
