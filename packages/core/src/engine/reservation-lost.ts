import { isStorageError, StorageError } from '../errors/storage-error.ts'
import type { BlobRef } from '../model/extent.ts'
import { backendOf } from './context.ts'
import type { EngineContext } from './context.ts'

/** A blob of this write is no longer reserved: this process was silent for too long and taken for dead. Nothing was committed. */
export class ReservationLost extends StorageError<'StoreUnavailable'> {
  constructor() {
    const reason = 'the blob of this write was taken for abandoned, its bytes must be sent again'
    super('StoreUnavailable', { store: 'engine', reason }, { retryable: true })
  }
}

/**
 * Hands the blobs of a write that failed to the collector. An error of the store or of the policy says that nothing was committed, but for
 * `OutcomeUnknown`: then as `discardBlobs` does.
 */
export async function abandonBlobs(engine: EngineContext, blobs: readonly BlobRef[], error: unknown): Promise<void> {
  const mayBeNamed = !isStorageError(error) || error.code === 'OutcomeUnknown'
  await deleteLost(engine, await engine.reservations.abandon(blobs.map((blob) => ({ blob, mayBeNamed }))))
}

/**
 * Hands blobs to the collector that no commit has named, and certainly none ever will. Those whose reservation is gone are
 * deleted here: the collector that took it has looked for the bytes before they came, and nobody else knows of them.
 */
export async function discardBlobs(engine: EngineContext, blobs: readonly BlobRef[]): Promise<void> {
  await deleteLost(engine, await engine.reservations.abandon(blobs.map((blob) => ({ blob, mayBeNamed: false }))))
}

/** Hands over what could not be handed over before; rejects where the store is still away. */
export async function abandonRest(engine: EngineContext): Promise<void> {
  await deleteLost(engine, await engine.reservations.abandonRest())
}

async function deleteLost(engine: EngineContext, blobs: readonly BlobRef[]): Promise<void> {
  for (const { backendId, blob } of blobs) {
    try {
      await backendOf(engine, backendId).delete([blob], {})
    } catch (error) {
      // The caller has an error of its own already; fsck finds the bytes.
      engine.observer.event('blob.abandon-failed', { blob, error })
    }
  }
}
