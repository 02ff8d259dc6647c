import type { Readable } from 'node:stream'
import type {
  Backend,
  BackendLimits,
  BlobEntry,
  BlobKey,
  ByteSource,
  CallOptions,
  GetBlobOptions,
  ListBlobsOptions,
  PutBlobOptions,
  StoredBlob,
} from '@stowage/core/backend'
import { BufferPool } from './buffer-pool.ts'
import { deleteBlobs } from './delete.ts'
import { DirectorySync } from './directory-sync.ts'
import { BACKEND_NAME, translate } from './errors.ts'
import { FanOut } from './fan-out.ts'
import { nodeFileSystem } from './file-system.ts'
import type { FileSystem } from './file-system.ts'
import { getBlob } from './get.ts'
import { listBlobs } from './list.ts'
import { parseOptions } from './options.ts'
import type { FsBackendOptions } from './options.ts'
import { putBlob } from './put.ts'
import type { Store } from './store.ts'
import { WriteHealth } from './write-health.ts'

/**
 * Keeps blobs as files in a directory of its own; a resolved `put` survives a power cut.
 *
 * Several processes may have one directory, where they share metadata too: names are never used twice, and no directory goes. A listing shows
 * what another process is writing, unfinished: only metadata says what is whole. After a sync has failed, no write is accepted until the
 * directory is opened anew. Windows cannot sync directories: there the journal of its
 * file systems stands in. On macOS, Node's fsync and fdatasync flush the drive as well (F_FULLFSYNC).
 *
 *     const backend = fsBackend({ directory: '/srv/stowage' })
 */
export function fsBackend(options: FsBackendOptions): Backend {
  return fsBackendOn(nodeFileSystem, options)
}

/** The same on another file system, or on this one with faults. */
export function fsBackendOn(fileSystem: FileSystem, options: FsBackendOptions, platform: NodeJS.Platform = process.platform): Backend {
  const parsed = parseOptions(options)
  const health = new WriteHealth()
  const root = `${parsed.directory}/blobs`
  const syncsDirectories = parsed.durability === 'power-cut' && platform !== 'win32'
  const directorySync = syncsDirectories ? new DirectorySync(fileSystem, (cause) => health.syncFailed(cause)) : null
  return new FsBackend({
    options: parsed,
    fileSystem,
    root,
    fanOut: new FanOut(fileSystem, root, directorySync),
    directorySync,
    health,
    pool: new BufferPool(parsed.readPoolSizeMax),
    unreadable: new Map(),
  })
}

class FsBackend implements Backend {
  readonly contract = 1
  readonly name: string = BACKEND_NAME
  readonly limits: BackendLimits
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
    this.limits = Object.freeze({ blobSizeMax: store.options.blobSizeMax, deleteBatchMax: 1_000 })
  }

  async init(options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted()
    try {
      await this.#store.fanOut.init()
    } catch (error) {
      throw translate(error, { operation: 'init' })
    }
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

  /** Refuses further writes; streams that are being read go on. */
  async close(): Promise<void> {
    this.#store.health.close()
    await this.#store.directorySync?.close()
    this.#store.pool.clear()
  }
}
