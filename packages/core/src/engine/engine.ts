import type { Backend } from '../backend/backend.ts'
import type { HashWorkerPool, HashWorkerPoolOptions } from '../checksums/hash-worker-pool.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { Caller } from '../policy/caller.ts'
import type { Policy, RequestFacts } from '../policy/policy.ts'
import type { Clock } from '../util/clock.ts'
import type { Ids } from '../util/ids.ts'
import type { BackgroundOption } from './background/resolve-background.ts'
import type { JoinsOption } from './joins/resolve-joins.ts'
import type { Limits } from './limits.ts'
import type { Session } from './session.ts'

/** Where events of the engine go: logs, metrics. Must not throw; fields never hold a secret. */
export interface Observer {
  event(name: string, fields: Readonly<Record<string, unknown>>): void
}

/** What an engine is made of. `openEngine` checks it, and refuses an option it does not know. */
export interface EngineOptions {
  /** Keeps names, versions and settings. Opened and closed by the engine, so never shared between two. */
  readonly metadata: MetadataStore
  /** Where new blobs go; its id in the metadata is 'main'. */
  readonly backend: Backend
  /** Further places that extents may name, by id: while moving between backends, or storage classes. */
  readonly otherBackends?: Readonly<Record<string, Backend>>
  /** Who may do what. There is no default: an engine without a policy does not open. */
  readonly policy: Policy
  /** Bounds, each with a name and a unit; what is absent has the default of `limits.ts`. */
  readonly limits?: Partial<Limits>
  /** Times that users see. Default: the system's clock. */
  readonly clock?: Clock
  /** Names that must be new. Default: from the system's randomness. */
  readonly ids?: Ids
  /** Hears of faults and of what the engine does behind the calls. Default: nobody. */
  readonly observer?: Observer
  /** Begins every blob's name, so that namespaces can share a backend, one each; ends with '/'. Default ''. */
  readonly blobPrefix?: string
  /** Threads that hash large bodies, or a pool that several engines share. Default: one thread less than the machine has cores, at most 4. */
  readonly hashWorkers?: HashWorkerPoolOptions | HashWorkerPool
  /**
   * Whether what was uploaded in parts or appends becomes fewer blobs afterwards, where the backend can join without moving
   * bytes through us, and from how many extents on. Costs requests, saves them at each GET. Default: 'never'.
   */
  readonly joins?: JoinsOption
  /**
   * Whether the engine deletes garbage and expired uploads by itself, and how often: `{}` does, with what is usual. Of all engines on
   * one store, one does it at a time. Default: 'never', then call `collectGarbage`, or nothing that was deleted frees any room.
   */
  readonly background?: BackgroundOption
}

/** The engine: sessions for callers, and what the operator does. */
export interface Engine {
  /**
   * A session for this caller. `request` says what the request is, where the door knows; facts default to none. Throws
   * `LimitExceeded` or `InvalidArgument` for ids that no row could keep: above `limits.callerIdBytesMax`, or no well-formed text.
   */
  as(caller: Caller, request?: Partial<RequestFacts>): Session
  /** To be called after the rules of the policy have changed: commits that carry older answers are retried under the new ones. */
  policyChanged(): Promise<void>
  /** Deletes blobs that nothing refers to, expired uploads first. Several collectors may run at once. */
  collectGarbage(options?: CollectGarbageOptions): Promise<CollectedGarbage>
  /** Breaks off what goes on in the background, waits for calls under way, then closes the backends and, last, the metadata store. Calling it twice is fine. */
  close(): Promise<void>
}

/** How much one run of the collector takes on. */
export interface CollectGarbageOptions {
  /** How many blobs at the most. Default 1,000. */
  readonly limit?: number
  /** Aborting rejects with `signal.reason`; what was deleted until then stays deleted. */
  readonly signal?: AbortSignal
}
/** What one run of the collector got rid of: blobs deleted, and uploads aborted because nobody finished them in time. */
export interface CollectedGarbage {
  readonly blobs: number
  readonly uploads: number
}
