import type { UnfinishedFacet, UnfinishedWrite } from '../backend/backend.ts'
import type { BlobKey } from '../backend/blob-key.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { BlobRef } from '../model/extent.ts'
import { backendOf } from './context.ts'
import type { EngineContext } from './context.ts'
import type { CollectedGarbage, CollectGarbageOptions } from './engine.ts'
import { isOwnBlob } from './own-blob.ts'

const LIMIT_DEFAULT = 1_000
/** Blobs of one claim: few enough that a collector that dies leaves little behind for its lease. */
const CLAIM_SIZE = 1_000
/** Blobs that the store is asked about at once. */
const ASKED_SIZE = 1_000
/** Unfinished writes looked at in one run; the next run sees the rest. */
const UNFINISHED_MAX = 10_000

/**
 * One run of the collector: aborts uploads that are past their time, deletes blobs that nothing refers to, and frees what
 * backends keep of writes that never finished. Any number of collectors may run at once, in any number of processes: a
 * blob is claimed by one of them.
 *
 * A backend that fails keeps its claims, which are given out again after the lease; the others are cleaned all the same.
 * Then, at the end, rejects with the first failure. Events: `uploads.expired`, `garbage.deleted`, `garbage.failed`,
 * `unfinished.aborted`.
 */
export async function collectGarbage(engine: EngineContext, options: CollectGarbageOptions = {}): Promise<CollectedGarbage> {
  const { limit = LIMIT_DEFAULT, signal } = options
  if (!(Number.isInteger(limit) && limit >= 0))
    throw new StorageError('InvalidArgument', { argument: 'limit', reason: 'is a whole number, 0 or more' })
  const run = new CollectorRun(engine, signal)
  const collected = await run.round(limit)
  await run.finish()
  return collected
}

/** What collecting all there is needs beside. */
interface CollectAllOptions {
  /** Blobs, and uploads, at once. */
  readonly roundSize: number
  /** Before each round. */
  readonly prepare: () => Promise<void>
  readonly signal: AbortSignal
}

/** The same, round after round until there is nothing left. What backends keep of unfinished writes is looked at once, at the end. */
export async function collectAllGarbage(
  engine: EngineContext,
  { roundSize, prepare, signal }: CollectAllOptions,
): Promise<CollectedGarbage> {
  const run = new CollectorRun(engine, signal)
  let [blobs, uploads] = [0, 0]
  for (;;) {
    await prepare()
    const round = await run.round(roundSize)
    blobs += round.blobs
    uploads += round.uploads
    if (round.blobs < roundSize && round.uploads < roundSize) break
  }
  await run.finish()
  return { blobs, uploads }
}

/** First, because what they held becomes garbage; it has its grace still to come. */
async function expireUploads({ metadata, limits, observer }: EngineContext, limit: number): Promise<number> {
  const uploads = await metadata.expireUploads({ answersKeptSeconds: limits.uploadExpirySeconds, limit })
  if (uploads > 0) observer.event('uploads.expired', { uploads })
  return uploads
}

class CollectorRun {
  readonly #engine: EngineContext
  readonly #signal: AbortSignal | undefined
  readonly #failures: unknown[] = []

  constructor(engine: EngineContext, signal: AbortSignal | undefined) {
    this.#engine = engine
    this.#signal = signal
  }

  /** Expires, and then deletes, as many of each. */
  async round(limit: number): Promise<CollectedGarbage> {
    this.#signal?.throwIfAborted()
    const uploads = await expireUploads(this.#engine, limit)
    return { blobs: await this.#deleteGarbage(limit), uploads }
  }

  /** What is left to do behind the rounds. Throws what went wrong first, if anything did. */
  async finish(): Promise<void> {
    await this.#abortUnfinished()
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  /** Claims and deletes until there is nothing to claim or the limit is reached. Says how many blobs are gone. */
  async #deleteGarbage(limit: number): Promise<number> {
    const { metadata, limits } = this.#engine
    let claimed = 0
    let deleted = 0
    while (claimed < limit) {
      this.#signal?.throwIfAborted()
      const wanted = Math.min(CLAIM_SIZE, limit - claimed)
      const blobs = await metadata.claimGarbage({
        graceSeconds: limits.garbageGraceSeconds,
        leaseSeconds: limits.processLeaseSeconds,
        limit: wanted,
      })
      claimed += blobs.length
      for (const [backendId, keys] of byBackend(blobs)) deleted += await this.#deleteFrom(backendId, keys)
      if (blobs.length < wanted) break
    }
    return deleted
  }

  async #deleteFrom(backendId: string, keys: readonly BlobKey[]): Promise<number> {
    const { metadata, observer } = this.#engine
    let deleted = 0
    try {
      const backend = backendOf(this.#engine, backendId)
      const batchSize = backend.limits.deleteBatchMax
      for (let at = 0; at < keys.length; at += batchSize) {
        const batch = keys.slice(at, at + batchSize)
        await backend.delete(batch, this.#signal === undefined ? {} : { signal: this.#signal })
        // Only now: a row that is forgotten first would leave a blob that nobody knows.
        await metadata.forgetGarbage(batch.map((blob) => ({ backendId, blob })))
        deleted += batch.length
        observer.event('garbage.deleted', { backendId, blobs: batch })
      }
    } catch (error) {
      this.#fail(backendId, error)
    }
    return deleted
  }

  /**
   * Aborts what backends keep of unfinished writes: those older than lease and grace whose blob is not reserved any more.
   * However long a write takes, its process lives and its reservation stands until the commit.
   */
  async #abortUnfinished(): Promise<void> {
    for (const [backendId, { unfinished }] of this.#engine.backends) {
      if (unfinished === undefined) continue
      try {
        await this.#abortUnfinishedOf(backendId, unfinished)
      } catch (error) {
        this.#fail(backendId, error)
      }
    }
  }

  async #abortUnfinishedOf(backendId: string, unfinished: UnfinishedFacet): Promise<void> {
    const { clock, limits, blobPrefix, observer } = this.#engine
    const age = limits.processLeaseSeconds + limits.garbageGraceSeconds
    const writes: UnfinishedWrite[] = []
    for await (const write of unfinished.list({ before: new Date(clock().getTime() - age * 1000) })) {
      this.#signal?.throwIfAborted()
      if (isOwnBlob(blobPrefix, write.key)) writes.push(write)
      if (writes.length === UNFINISHED_MAX) break
    }
    if (writes.length === 0) return
    const reserved = await this.#reservedAmong(backendId, new Set(writes.map((write) => write.key)))
    for (const write of writes) {
      if (reserved.has(write.key)) continue
      await unfinished.abort(write)
      observer.event('unfinished.aborted', { backendId, blob: write.key })
    }
  }

  async #reservedAmong(backendId: string, keys: ReadonlySet<BlobKey>): Promise<ReadonlySet<BlobKey>> {
    const reserved = new Set<BlobKey>()
    const blobs = [...keys].map((blob): BlobRef => ({ backendId, blob }))
    for (let at = 0; at < blobs.length; at += ASKED_SIZE) {
      this.#signal?.throwIfAborted()
      for (const { blob } of await this.#engine.metadata.reservedAmong(blobs.slice(at, at + ASKED_SIZE))) reserved.add(blob)
    }
    return reserved
  }

  #fail(backendId: string, error: unknown): void {
    this.#signal?.throwIfAborted()
    this.#failures.push(error)
    this.#engine.observer.event('garbage.failed', { backendId, error })
  }
}

function byBackend(blobs: readonly BlobRef[]): ReadonlyMap<string, readonly BlobKey[]> {
  const keys = new Map<string, BlobKey[]>()
  for (const { backendId, blob } of blobs) {
    const list = keys.get(backendId)
    if (list === undefined) keys.set(backendId, [blob])
    else list.push(blob)
  }
  return keys
}
