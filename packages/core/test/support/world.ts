import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fsBackend } from '../../../backend-fs/src/index.ts'
import type { Backend } from '../../src/backend/backend.ts'
import type { BlobKey } from '../../src/backend/blob-key.ts'
import { memoryBackend } from '../../src/backend/memory-backend.ts'
import { without } from '../../src/backend/without-facets.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { Limits } from '../../src/engine/limits.ts'
import { fsck } from '../../src/engine/fsck.ts'
import type { JoinsOption } from '../../src/engine/joins/resolve-joins.ts'
import { openEngine } from '../../src/engine/open-engine.ts'
import type { Session } from '../../src/engine/session.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { postgresMetadata } from '../../src/metadata/postgres/index.ts'
import type { PostgresMetadataOptions } from '../../src/metadata/postgres/postgres-metadata.ts'
import type { OnStatement } from '../../src/metadata/sql/sql-driver.ts'
import { sqliteMetadata } from '../../src/metadata/sqlite/index.ts'
import { allowAll } from '../../src/policy/allow-all.ts'
import { accountCaller } from '../../src/policy/caller.ts'
import { systemClock } from '../../src/util/clock.ts'
import { createIds } from '../../src/util/ids.ts'
import { overriding } from '../engine-matrix.ts'
import { newSchema, postgresPool, postgresPrepares } from '../stores.ts'
import { auditStore } from './audit-store.ts'
import { joinWatch } from './join-watch.ts'
import type { JoinWatch } from './join-watch.ts'
import { inspectedOnce, listedOnce } from './read-once.ts'
import { scratchRoot } from './scratch-root.ts'
import { testClock } from './test-clock.ts'
import type { TestClock } from './test-clock.ts'

/** Small enough that bodies of a few hundred bytes reach every kind of manifest. */
const SMALL_LIMITS: Partial<Limits> = {
  inlineSizeMax: 64,
  partSizeMin: 4,
  appendBlobSizeMax: 256,
  // The clock of a test jumps by days; its process is not dead for that.
  processLeaseSeconds: 1_000_000_000,
  heartbeatIntervalSeconds: 3_000,
}

const GRACE_MS = 61_000

type Pool = PostgresMetadataOptions['pool']

export interface WorldOptions {
  readonly store: 'sqlite' | 'postgres'
  readonly backend: 'memory' | 'fs'
  /** Whether the backend shows its optional powers. Default: yes. */
  readonly facets?: boolean
  /** Whether bodies of unknown length are hashed by a thread, as they are by default. Each opening of an engine starts one anew. */
  readonly hashing?: 'thread' | 'inline'
  readonly limits?: Partial<Limits>
  /** Whether completed uploads are joined. Default: never. */
  readonly joins?: JoinsOption
  /** The stores' own clocks instead of the world's, which then moves nothing: where heartbeats must tell the truth about open reads. */
  readonly realTime?: boolean
  /** Put around what the engine gets: faults, mutants. Anew at every opening. */
  readonly wrapStore?: (store: MetadataStore) => MetadataStore
  readonly wrapBackend?: (backend: Backend) => Backend
  readonly wrapPool?: (pool: Pool) => Pool
  readonly onStatement?: OnStatement
}

/** An engine with its stores, its clock, and what it takes to look at it from outside. */
export interface World {
  readonly time: TestClock
  readonly engine: Engine
  /** Of the account that owns everything. */
  readonly session: Session
  /** Below every wrapper. */
  readonly backend: Backend
  readonly limits: Partial<Limits>
  /** Resolves when no join is under way, and none waits. */
  joined(): Promise<void>
  /** Closes the engine and opens another one on the same stores. */
  reopen(): Promise<void>
  /** The process dies: nothing is said to the store any more. Another one is opened once its lease is over. */
  crash(): Promise<void>
  /** Lets grace pass and collects until nothing is left to collect. */
  collect(): Promise<void>
  /** Throws where store and backend contradict each other, or a blob lies about that nobody knows. Gives back the blobs that lie there. */
  audit(): Promise<readonly BlobKey[]>
  /** Closes all and removes it. */
  dispose(): Promise<void>
}

interface Opened {
  readonly engine: Engine
  readonly backend: Backend
  readonly store: MetadataStore
  /** A heartbeat of the engine's process, now. Says that no read is open. */
  readonly beat: () => Promise<unknown>
  readonly joins: JoinWatch
}

/** Opens an engine on stores of its own. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const directory = await mkdtemp(join(await scratchRoot(), 'stowage-world-'))
  const time = testClock()
  const limits = { ...SMALL_LIMITS, ...options.limits }
  const place = placeOf(options, directory, time)
  const opening = opener(options, { directory, time, limits, place })
  let opened = await opening()
  const owner = accountCaller('owner')
  const world: World = {
    time,
    limits,
    get engine() {
      return opened.engine
    },
    get session() {
      return opened.engine.as(owner)
    },
    get backend() {
      return opened.backend
    },
    joined: () => opened.joins.idle(),
    reopen: async () => {
      await opened.engine.close()
      opened = await opening()
    },
    crash: async () => {
      // The lock on the file goes with the process; an engine that is never closed says nothing more.
      await opened.store.close()
      time.advance((limits.processLeaseSeconds ?? 0) * 1000 + 1000)
      opened = await opening()
    },
    collect: () => collectAll(opened, time),
    audit: () => audit(opened),
    dispose: async () => {
      await opened.engine.close()
      await place.remove()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return world
}

interface Place {
  store(): MetadataStore
  remove(): Promise<void>
}

function opener(
  options: WorldOptions,
  where: { readonly directory: string; readonly time: TestClock; readonly limits: Partial<Limits>; readonly place: Place },
): () => Promise<Opened> {
  const { directory, time, limits, place } = where
  const { wrapStore = (store) => store, wrapBackend = (backend) => backend, facets = true, realTime = false } = options
  const clock = realTime ? systemClock : time.clock
  const ids = createIds({ clock })
  const memory = options.backend === 'memory' ? memoryBackend({ clock }) : null
  return async () => {
    const backend = memory ?? fsBackend({ directory: join(directory, 'blobs'), durability: 'process' })
    const store = place.store()
    let processId = ''
    const heard = overriding(store, {
      heartbeat: (beat) => {
        processId = beat.processId
        return store.heartbeat(beat)
      },
    })
    const beat = (): Promise<unknown> => store.heartbeat({ processId, oldestReadAgeMs: null })
    const shown = facets ? backend : without(backend, 'copying', 'joining', 'unfinished', 'presigning')
    const stores = { metadata: wrapStore(heard), backend: wrapBackend(shown) }
    const hashWorkers = options.hashing === 'inline' ? ({ worker: 'inline' } as const) : {}
    const joins = joinWatch()
    const own = { policy: allowAll(), limits, ids, clock, hashWorkers, joins: options.joins ?? 'never', observer: joins.observer } as const
    return { engine: await openEngine({ ...stores, ...own }), backend, store, beat, joins }
  }
}

function placeOf(options: WorldOptions, directory: string, { clock }: TestClock): Place {
  const { store, wrapPool = (pool) => pool, onStatement, realTime = false } = options
  const watched = { ...(onStatement === undefined ? {} : { onStatement }), ...(realTime ? {} : { clock }) }
  if (store === 'sqlite') {
    const file = join(directory, 'metadata.sqlite')
    return {
      store: () => sqliteMetadata({ file, worker: 'inline', durability: 'process', ...watched }),
      remove: () => Promise.resolve(),
    }
  }
  const pool = postgresPool()
  const schema = newSchema()
  const wrapped = wrapPool(pool)
  return {
    store: () => postgresMetadata({ pool: wrapped, schema, prepare: postgresPrepares(), ...watched }),
    remove: async () => {
      await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      await pool.end()
    },
  }
}

async function collectAll({ engine, beat, joins }: Opened, time: TestClock): Promise<void> {
  await joins.idle()
  for (;;) {
    time.advance(GRACE_MS)
    // A blob waits for a heartbeat of every live process.
    await beat()
    const { blobs, uploads } = await engine.collectGarbage()
    if (blobs === 0 && uploads === 0) return
  }
}

/** Two oracles that share no code must both be content. What they look at, which is at rest, is read once for both. */
async function audit(opened: Opened): Promise<readonly BlobKey[]> {
  await opened.joins.idle()
  const store = inspectedOnce(opened.store)
  const backend = listedOnce(opened.backend)
  const blobs = await auditStore(store, backend)
  const { findings } = await fsck({ metadata: store, backends: { main: backend }, opened: true, deep: true, blobsAtOnceMax: 10_000 })
  const serious = findings.filter(({ severity }) => severity !== 'note')
  if (serious.length > 0) throw new Error(`fsck: ${serious.map((finding) => JSON.stringify(finding)).join('\n')}`)
  return blobs
}
