import { parseBlobKey } from '../backend/blob-key.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { BlobRef } from '../model/extent.ts'
import type { Ids } from '../util/ids.ts'
import type { Observer } from './engine.ts'

/** Names reserved in one commit. Each costs the store a row, and the collector a look if it is never used. */
const BATCH_SIZE = 64
/** Fewer names than this in stock: more are fetched while these are used up. */
const STOCK_LOW = 32

/** A blob that nobody wants, and whether a commit may have named it all the same: one whose outcome is unknown. */
export interface AbandonedBlob {
  readonly blob: BlobRef
  readonly mayBeNamed: boolean
}

/** What `BlobReservations` needs of its engine. */
export interface BlobReservationsOptions {
  /** Keeps the traces. */
  readonly metadata: MetadataStore
  /** Makes the names. */
  readonly ids: Ids
  /** Whose reservations they are. */
  readonly processId: string
  /** The backend that the blobs will be written to. */
  readonly backendId: string
  /** Begins every name; '' or ends with '/'. */
  readonly prefix: string
  /** Hears what went wrong in the background. */
  readonly observer: Observer
}

/**
 * Names for new blobs, reserved ahead: a blob must have left a trace in the store before its bytes go out, and a put
 * must not pay a commit of its own for that. Unused names need no clean-up: `endProcess` makes them garbage.
 */
export class BlobReservations {
  readonly #options: BlobReservationsOptions
  #stock: BlobRef[] = []
  #refill: Promise<void> | null = null
  /** Grows with `forgetUnused`: a batch that was under way then is dropped when it comes. */
  #generation = 0
  /** Blobs that could not be handed over yet. */
  #abandoned: AbandonedBlob[] = []

  constructor(options: BlobReservationsOptions) {
    this.#options = options
  }

  /** A name that nobody else has, with its trace in the store. */
  async take(): Promise<BlobRef> {
    for (;;) {
      const blob = this.#stock.pop()
      if (this.#stock.length < STOCK_LOW) this.#refillInBackground()
      if (blob !== undefined) return blob
      await this.#refillOnce()
    }
  }

  /**
   * Hands blobs that were not committed to the collector; also those whose commit has an unknown outcome, because the
   * store hands over only what is still reserved, after the commit in doubt has ended: what was committed stays. Where
   * the store fails, the blobs are kept and handed over with a later heartbeat: the caller has an error of its own already.
   *
   * Gives back those that no commit has named, and that the store has no reservation of any more: they were taken for a dead
   * process's, and nobody knows of what has been written since.
   */
  async abandon(blobs: readonly AbandonedBlob[]): Promise<readonly BlobRef[]> {
    if (blobs.length === 0) return []
    this.#abandoned.push(...blobs)
    try {
      return await this.#handOver()
    } catch (error) {
      this.#options.observer.event('blob.abandon-failed', { error })
      return []
    }
  }

  /** Tries again for what `abandon` could not hand over, and gives back the same. */
  async abandonRest(): Promise<readonly BlobRef[]> {
    return this.#abandoned.length > 0 ? this.#handOver() : []
  }

  async #handOver(): Promise<readonly BlobRef[]> {
    const blobs = this.#abandoned
    this.#abandoned = []
    try {
      const handedOver = await this.#options.metadata.abandonBlobs(blobs.map(({ blob }) => blob))
      for (const { blob } of handedOver) this.#options.observer.event('blob.abandoned', { blob })
      const known = new Set(handedOver.map(({ blob }) => blob))
      return blobs.flatMap(({ blob, mayBeNamed }) => (mayBeNamed || known.has(blob.blob) ? [] : [blob]))
    } catch (error) {
      this.#abandoned.push(...blobs)
      throw error
    }
  }

  /** Forgets every name in stock, because the store may have taken them back. */
  forgetUnused(): void {
    this.#stock = []
    this.#generation += 1
  }

  #refillInBackground(): void {
    this.#refillOnce().catch((error: unknown) => {
      // Whoever needs a name tries again, and hears the error if it stays.
      this.#options.observer.event('blob.reserve-failed', { error })
    })
  }

  #refillOnce(): Promise<void> {
    this.#refill ??= this.#reserve().finally(() => {
      this.#refill = null
    })
    return this.#refill
  }

  async #reserve(): Promise<void> {
    const { metadata, ids, processId, backendId, prefix } = this.#options
    const generation = this.#generation
    const blobs = Array.from({ length: BATCH_SIZE }, () => ({ backendId, blob: parseBlobKey(prefix + ids.blobName()) }))
    await metadata.reserveBlobs({ processId, blobs })
    if (generation === this.#generation) this.#stock.unshift(...blobs)
  }
}
