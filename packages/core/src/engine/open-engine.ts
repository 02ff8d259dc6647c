import type { Backend } from '../backend/backend.ts'
import { parseBlobKey } from '../backend/blob-key.ts'
import { HashWorkerPool } from '../checksums/hash-worker-pool.ts'
import { StorageError } from '../errors/storage-error.ts'
import { systemClock } from '../util/clock.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import { createIds } from '../util/ids.ts'
import { BackgroundJobs } from './background/background-jobs.ts'
import { backgroundWorks } from './background/background-works.ts'
import { resolveBackground } from './background/resolve-background.ts'
import { BlobReservations } from './blob-reservations.ts'
import { CallsUnderWay } from './calls-under-way.ts'
import { KnownPolicyVersion, MAIN_BACKEND_ID } from './context.ts'
import type { EngineContext } from './context.ts'
import { closeAll, EngineImplementation } from './engine-implementation.ts'
import type { Engine, EngineOptions, Observer } from './engine.ts'
import { Heartbeats } from './heartbeats.ts'
import { BackgroundJoins } from './joins/background-joins.ts'
import type { JoinRules } from './joins/join-policy.ts'
import { resolveJoins } from './joins/resolve-joins.ts'
import type { Limits } from './limits.ts'
import { ListingPositions } from './listing-positions.ts'
import { OpenReads } from './open-reads.ts'
import { PolicyVersionWatch } from './policy-version-watch.ts'
import { quietObserver } from './quiet-observer.ts'
import { resolveLimits } from './resolve-limits.ts'
import { BucketCache } from './resolve-bucket.ts'
import { WholeBlobs } from './whole-blobs.ts'

const OPTION_NAMES: Readonly<Record<keyof EngineOptions, true>> = {
  metadata: true,
  backend: true,
  otherBackends: true,
  policy: true,
  limits: true,
  clock: true,
  ids: true,
  observer: true,
  blobPrefix: true,
  hashWorkers: true,
  joins: true,
  background: true,
}

const SILENT: Observer = {
  event: () => {
    // Nobody wants to hear.
  },
}

/**
 * Opens the stores and begins: migrates the metadata, makes the backends ready, announces this process.
 *
 * Rejects with `InvalidArgument` for an option that is unknown or missing, a limit that is none, or a backend of another
 * contract; with what the stores say where they do not open, and then closes again what was opened.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  checkOptions(options)
  const limits = resolveLimits(options.limits ?? {})
  const joinRules = resolveJoins(options.joins)
  const backgroundRules = resolveBackground(options.background)
  const backends = new Map<string, Backend>([[MAIN_BACKEND_ID, options.backend], ...Object.entries(options.otherBackends ?? {})])
  const opened: (() => Promise<void>)[] = []
  try {
    // The metadata first: it keeps others out of a directory, and may say where a backend's bytes are.
    opened.push(() => options.metadata.close())
    await options.metadata.open()
    for (const backend of new Set(backends.values())) {
      opened.unshift(() => backend.close())
      await backend.init()
    }
    checkLag(options.metadata, limits)
    const context = await makeContext(options, { limits, joinRules, backends })
    opened.unshift(() => context.hashWorkers.close())
    const heartbeats = new Heartbeats(context)
    await heartbeats.start()
    const background = new BackgroundJobs(backgroundWorks(context, heartbeats, backgroundRules), {
      metadata: context.metadata,
      observer: context.observer,
      owner: context.processId,
      leaseSeconds: limits.processLeaseSeconds,
      renewEverySeconds: limits.heartbeatIntervalSeconds,
    })
    background.start()
    return new EngineImplementation(context, heartbeats, background)
  } catch (error) {
    await closeAll(opened).catch(() => undefined)
    throw error
  }
}

interface Resolved {
  readonly limits: Limits
  readonly joinRules: JoinRules | null
  readonly backends: ReadonlyMap<string, Backend>
}

async function makeContext(options: EngineOptions, { limits, joinRules, backends }: Resolved): Promise<EngineContext> {
  const { metadata, backend, policy, clock = systemClock } = options
  const observer = quietObserver(options.observer ?? SILENT)
  const ids = options.ids ?? createIds({ clock })
  const processId = ids.uuid()
  const blobPrefix = options.blobPrefix ?? ''
  const knownSince = clock()
  const policyVersion = new KnownPolicyVersion(await metadata.policyVersion())
  const policyVersionWatch = new PolicyVersionWatch({
    read: () => metadata.policyVersion(),
    heard: (version) => policyVersion.heard(version),
    failed: (error) => observer.event('policy.version-unknown', { error }),
    clock,
    knownSince,
  })
  return {
    metadata,
    backend,
    backends,
    policy,
    policyVersion,
    policyVersionWatch,
    limits,
    clock,
    ids,
    observer,
    blobPrefix,
    processId,
    buckets: new BucketCache(policyVersion),
    positions: new ListingPositions(metadata),
    hashWorkers: options.hashWorkers instanceof HashWorkerPool ? options.hashWorkers.lend() : new HashWorkerPool(options.hashWorkers),
    reservations: new BlobReservations({ metadata, ids, processId, backendId: MAIN_BACKEND_ID, prefix: blobPrefix, observer }),
    openReads: new OpenReads(),
    wholeBlobs: new WholeBlobs(backends),
    joins: new BackgroundJoins({ rules: joinRules, observer }),
    calls: new CallsUnderWay(),
  }
}

function checkOptions(options: EngineOptions): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(OPTION_NAMES, name)) throw invalid(name, 'is no option of openEngine')
  }
  // From JavaScript, they may be missing all the same.
  const { metadata, backend, policy }: Partial<EngineOptions> = options
  if (metadata === undefined) throw invalid('metadata', 'is missing: an engine keeps its names somewhere')
  if (backend === undefined) throw invalid('backend', 'is missing: an engine keeps its bytes somewhere')
  if (policy === undefined) throw invalid('policy', 'is missing: say who may do what, or allowAll()')
  const others = options.otherBackends ?? {}
  if (Object.hasOwn(others, MAIN_BACKEND_ID)) throw invalid('otherBackends', `'${MAIN_BACKEND_ID}' is the id of backend itself`)
  for (const each of [backend, ...Object.values(others)]) checkContract(each)
  if (options.blobPrefix !== undefined && options.blobPrefix !== '') checkPrefix(options.blobPrefix)
}

/** Whoever reads an answer that lags finds the blobs that it names. */
function checkLag({ name, lagMilliseconds }: MetadataStore, { garbageGraceSeconds }: Limits): void {
  if (lagMilliseconds === 0 || lagMilliseconds < garbageGraceSeconds * 1000) return
  throw invalid('limits.garbageGraceSeconds', `is longer than reads of ${name} may lag: ${lagMilliseconds} ms`)
}

function checkContract({ name, contract }: { readonly name: string; readonly contract: number }): void {
  if (contract !== 1) throw invalid('backend', `${name} was written against contract ${String(contract)}, this engine speaks 1`)
}

function checkPrefix(prefix: string): void {
  if (!prefix.endsWith('/')) throw invalid('blobPrefix', "ends with '/'")
  // With the longest name behind it that ids make.
  parseBlobKey(`${prefix}${'0'.repeat(32)}`)
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
