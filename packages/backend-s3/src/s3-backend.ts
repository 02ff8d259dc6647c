import type { Readable } from 'node:stream'
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
  UnfinishedFacet,
} from '@stowage/core/backend'
import { connect } from './client.ts'
import type { ConnectedClient } from './client.ts'
import { Closing } from './closing.ts'
import { copyBlob } from './copy.ts'
import { DELETE_BATCH_MAX, deleteBlobs } from './delete.ts'
import { BACKEND_NAME } from './errors.ts'
import { getBlob } from './get.ts'
import { initBucket } from './init.ts'
import { joinFacet } from './join.ts'
import { listBlobs } from './list.ts'
import { parseOptions } from './options.ts'
import type { ParsedOptions, S3BackendOptions } from './options.ts'
import { PartBuffers } from './part-buffers.ts'
import { presignFacet } from './presign.ts'
import { putBlob } from './put.ts'
import type { Store } from './store.ts'
import { unfinishedFacet } from './unfinished.ts'

/**
 * Keeps blobs as objects in a bucket of any S3-compatible service. A resolved `put` is as durable as the service is.
 *
 * One put takes partSize × (concurrency + 1) bytes of memory at most, and the backend keeps as much for the next ones; a read takes 256 KiB and
 * what its connection holds. The bucket must not be
 * versioned, locked or replicated into: what is deleted would stay, and be paid for.
 *
 *     const backend = s3Backend({ bucket: 'blobs', region: 'eu-central-1' })
 */
export function s3Backend(options: S3BackendOptions): Backend {
  return new S3Backend(parseOptions(options))
}

class S3Backend implements Backend {
  readonly contract = 1
  readonly name: string = BACKEND_NAME
  readonly limits: BackendLimits
  readonly copying: CopyFacet
  readonly joining: JoinFacet
  readonly unfinished: UnfinishedFacet | undefined
  readonly presigning: PresignFacet | undefined
  readonly #store: Store
  readonly #connected: ConnectedClient

  constructor(options: ParsedOptions) {
    const connected = connect(options)
    const { checksum, partSize, concurrency } = options
    const traits = {
      checksum: checksum === 'md5' ? checksum : 'crc32',
      detects: checksum === 'auto',
      deletesMany: true,
      deletesWithMd5: false,
    } as const
    const buffers = new PartBuffers({ size: partSize, keptMax: concurrency + 1 })
    const store: Store = { options, client: connected.client, traits: { ...traits }, closing: new Closing(), buffers }
    this.limits = Object.freeze({ blobSizeMax: options.blobSizeMax, deleteBatchMax: DELETE_BATCH_MAX })
    this.copying = { copy: (from, to, call) => copyBlob(store, { from, to }, call) }
    this.joining = joinFacet(store)
    this.unfinished = options.unfinished ? unfinishedFacet(store) : undefined
    this.presigning = options.presigning ? presignFacet(store) : undefined
    this.#store = store
    this.#connected = connected
  }

  init(options?: CallOptions): Promise<void> {
    return initBucket(this.#store, options)
  }

  put(key: BlobKey, body: ByteSource, options: PutBlobOptions): Promise<StoredBlob> {
    return putBlob(this.#store, { key, body, options })
  }

  get(key: BlobKey, options: GetBlobOptions): Promise<Readable> {
    return getBlob(this.#store, key, options)
  }

  delete(keys: readonly BlobKey[], options?: CallOptions): Promise<void> {
    return deleteBlobs(this.#store, keys, options)
  }

  list(options: ListBlobsOptions): AsyncIterable<BlobEntry> {
    return listBlobs(this.#store, options)
  }

  /**
   * Ends what is under way with an error, streams that are being read included, and closes all connections; a client that was given in stays
   * as it is. What a put had sent by then is left to the collector.
   */
  async close(): Promise<void> {
    this.#store.closing.close()
    this.#connected.destroy()
  }
}
