import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { abandonSource, parseBlobKey, StorageError } from '@stowage/core/backend'
import type {
  Backend,
  BackendLimits,
  BlobEntry,
  BlobKey,
  ByteSource,
  CallOptions,
  CopyFacet,
  GetBlobOptions,
  JoinFacet,
  ListBlobsOptions,
  PresignFacet,
  PutBlobOptions,
  StoredBlob,
} from '@stowage/core/backend'
import { checkBucket } from './check-bucket.ts'
import { ChunkPieces } from './chunk-pieces.ts'
import { openClient } from './client.ts'
import { copyBlob } from './copy.ts'
import { deleteBlobs } from './delete.ts'
import { BACKEND_NAME, Closed, CLOSED_MESSAGE, translate } from './errors.ts'
import type { FailedCall } from './errors.ts'
import { getBlob } from './get.ts'
import { JOIN_LIMITS, joinBlobs } from './join.ts'
import { listBlobs } from './list.ts'
import { CHUNK_UNIT, parseOptions } from './options.ts'
import type { GcsBackendOptions, ParsedOptions } from './options.ts'
import { PRESIGN_SECONDS_MAX, presignGet } from './presign.ts'
import { putBlob } from './put.ts'
import type { Store } from './store.ts'
import { Transport } from './transport.ts'

/** How long `close` waits for clean-ups that are under way, in milliseconds. */
const CLOSE_WAIT_MILLISECONDS = 5_000

/** Single deletions are what the service has; more than this many in one call would keep a caller waiting for long. */
const DELETE_BATCH_MAX = 100

/**
 * Keeps blobs as objects of a bucket in Google Cloud Storage.
 *
 * Everything that makes an object does so only where there is none (`ifGenerationMatch=0`), and every content is held against its
 * CRC-32C on the way up, and on the way down where a blob is read whole. One name is written once, so the service's limit of one
 * write a second and name is never met. Upload sessions that were never finished cannot be listed by this API: there is no facet
 * `unfinished`; they hold no object, are not paid for, and the service drops them after a week.
 *
 *     const backend = gcsBackend({ bucket: 'my-blobs' })
 */
export function gcsBackend(options: GcsBackendOptions): Backend {
  return new GcsBackend(parseOptions(options))
}

class GcsBackend implements Backend {
  readonly contract = 1
  readonly name: string = BACKEND_NAME
  readonly limits: BackendLimits
  readonly copying: CopyFacet = { copy: (from, to, options) => this.#with('copy', (store) => copyBlob(store, { from, to, ...options })) }
  readonly joining: JoinFacet
  readonly presigning: PresignFacet | undefined
  readonly #options: ParsedOptions
  #store: Store | null = null
  #isClosed = false

  constructor(options: ParsedOptions) {
    this.#options = options
    this.limits = Object.freeze({ blobSizeMax: options.blobSizeMax, deleteBatchMax: DELETE_BATCH_MAX })
    this.joining = {
      ...JOIN_LIMITS,
      sourceSizeMax: options.blobSizeMax,
      join: (to, sources, joinOptions) => this.#with('join', (store) => joinBlobs(store, to, { sources, options: joinOptions })),
    }
    this.presigning = options.presigning
      ? { presignGet: (key, presignOptions) => this.#with('presign', (store) => presignGet(store, key, presignOptions)) }
      : undefined
  }

  async init(options?: CallOptions): Promise<void> {
    const signal = options?.signal
    signal?.throwIfAborted()
    try {
      const client = await openClient(this.#options)
      if (this.#isClosed) throw new Closed()
      const transport = new Transport(client, this.#options)
      const store = {
        options: this.#options,
        client,
        transport,
        // Of one put: two chunks.
        pieces: new ChunkPieces((2 * this.#options.chunkSize) / CHUNK_UNIT),
        closed: transport.closed,
        cleanups: new Set<Promise<void>>(),
        readers: new Set<Readable>(),
      }
      this.#store = store
      await checkBucket(store, signal)
      // Asked for now, so that credentials that cannot sign are no surprise of the first reader.
      if (this.#options.presigning) {
        const probe = { expiresInSeconds: PRESIGN_SECONDS_MAX, ...(signal === undefined ? {} : { signal }) }
        await presignGet(store, parseBlobKey('probe'), probe)
      }
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : translate(error, { operation: 'init' })
    }
  }

  async put(key: BlobKey, body: ByteSource, options: PutBlobOptions): Promise<StoredBlob> {
    const store = this.#readyFor(body)
    return putBlob(store, { key, body, options })
  }

  get(key: BlobKey, options: GetBlobOptions): Promise<Readable> {
    return this.#with('get', (store) => getBlob(store, key, options))
  }

  delete(keys: readonly BlobKey[], options?: CallOptions): Promise<void> {
    return this.#with('delete', (store) => deleteBlobs(store, keys, options))
  }

  async *list(options: ListBlobsOptions): AsyncGenerator<BlobEntry> {
    yield* listBlobs(this.#ready('list'), options)
  }

  /**
   * Waits a moment for clean-ups, then breaks every connection. Calls that are under way, and streams of which not every byte has come, end
   * with an error that says so; a stream that has all of them can be read to its end.
   */
  async close(): Promise<void> {
    this.#isClosed = true
    const store = this.#store
    if (store === null) return
    const giveUp = new AbortController()
    await Promise.race([
      Promise.all(store.cleanups),
      wait(CLOSE_WAIT_MILLISECONDS, undefined, { signal: giveUp.signal }).catch(() => undefined),
    ])
    giveUp.abort()
    store.transport.close()
    for (const reader of store.readers) reader.destroy(closed('get'))
  }

  async #with<T>(operation: FailedCall['operation'], run: (store: Store) => Promise<T>): Promise<T> {
    return run(this.#ready(operation))
  }

  #readyFor(body: ByteSource): Store {
    try {
      return this.#ready('put')
    } catch (error) {
      abandonSource(body)
      throw error
    }
  }

  #ready(operation: FailedCall['operation']): Store {
    if (this.#store !== null && !this.#isClosed) return this.#store
    if (this.#isClosed) throw closed(operation)
    const message = 'The backend was not made ready (init).'
    throw new StorageError('BackendUnavailable', { backend: BACKEND_NAME, operation }, { message })
  }
}

function closed(operation: FailedCall['operation']): StorageError {
  return new StorageError('BackendUnavailable', { backend: BACKEND_NAME, operation }, { message: CLOSED_MESSAGE })
}
