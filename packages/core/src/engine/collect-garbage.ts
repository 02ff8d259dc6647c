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
/** Rows of a page of garbage. */
const PAGE_SIZE = 1_000
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
  signal?.throwIfAborted()
  const uploads = await expireUploads(engine, limit)
  const run = new CollectorRun(engine, signal)
  const blobs = await run.deleteGarbage(limit)
  await run.abortUnfinished()
  run.throwFailure()
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

  /** Throws what went wrong first, if anything did. */
  throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  /** Claims and deletes until there is nothing to claim or the limit is reached. Says how many blobs are gone. */
  async deleteGarbage(limit: number): Promise<number> {
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
  async abortUnfinished(): Promise<void> {
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
    const { inspection } = this.#engine.metadata
    let after: string | null = null
    do {
      this.#signal?.throwIfAborted()
      const page: Awaited<ReturnType<typeof inspection.garbage>> = await inspection.garbage({ after, limit: PAGE_SIZE })
      for (const row of page.rows) {
        if (row.state === 'reserved' && row.backendId === backendId && keys.has(row.blob)) reserved.add(row.blob)
      }
      after = page.next
    } while (after !== null)
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
