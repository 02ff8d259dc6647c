import type { Backend } from '../backend/backend.ts'
import type { HashWorkers } from '../checksums/hash-worker-pool.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { Caller } from '../policy/caller.ts'
import type { Policy, RequestFacts } from '../policy/policy.ts'
import type { Clock } from '../util/clock.ts'
import type { Ids } from '../util/ids.ts'
import type { BlobReservations } from './blob-reservations.ts'
import type { BucketCache } from './resolve-bucket.ts'
import type { CallsUnderWay } from './calls-under-way.ts'
import type { Observer } from './engine.ts'
import type { BackgroundJoins } from './joins/background-joins.ts'
import type { Limits } from './limits.ts'
import type { ListingPositions } from './listing-positions.ts'
import type { OpenReads } from './open-reads.ts'
import type { PolicyVersionWatch } from './policy-version-watch.ts'
import type { WholeBlobs } from './whole-blobs.ts'

/** The id under which extents name the backend that new blobs go to. */
export const MAIN_BACKEND_ID = 'main'

/** The policy version that answers are made under: the newest one this process has heard of. Versions only grow. */
export class KnownPolicyVersion {
  #current: number

  constructor(current: number) {
    this.#current = current
  }

  get current(): number {
    return this.#current
  }

  heard(version: number): void {
    if (version > this.#current) this.#current = version
  }
}

/** What every call of one engine shares: its options, resolved, and its state. Nothing here knows a caller. */
export interface EngineContext {
  readonly metadata: MetadataStore
  /** Where new blobs go. */
  readonly backend: Backend
  /** All backends by the id that extents name, the main one included. */
  readonly backends: ReadonlyMap<string, Backend>
  readonly policy: Policy
  readonly policyVersion: KnownPolicyVersion
  /** Hears of what other processes made of it. */
  readonly policyVersionWatch: PolicyVersionWatch
  readonly limits: Limits
  readonly clock: Clock
  readonly ids: Ids
  readonly observer: Observer
  /** Begins every blob's name; '' or ends with '/'. */
  readonly blobPrefix: string
  /** Names this engine in reservations and heartbeats; another one at every start. */
  readonly processId: string
  readonly buckets: BucketCache
  /** Seals positions of listings that callers must not read. */
  readonly positions: ListingPositions
  /** Threads that hash large bodies; where there are none, hashing is inline. */
  readonly hashWorkers: HashWorkers
  readonly reservations: BlobReservations
  readonly openReads: OpenReads
  readonly wholeBlobs: WholeBlobs
  readonly joins: BackgroundJoins
  readonly calls: CallsUnderWay
}

/** What the calls of one session share. */
export interface SessionContext {
  readonly engine: EngineContext
  readonly caller: Caller
  /** What the door said of the request; each method fills in what is missing. */
  readonly request: Partial<RequestFacts>
}

/** The backend that an extent names. */
export function backendOf(engine: EngineContext, backendId: string): Backend {
  const backend = backendId === MAIN_BACKEND_ID ? engine.backend : engine.backends.get(backendId)
  if (backend !== undefined) return backend
  throw new StorageError(
    'BackendUnavailable',
    { backend: backendId, operation: 'find' },
    { message: `no backend with the id '${backendId}' was given to openEngine, but objects lie in it` },
  )
}
