import type { Readable } from 'node:stream'
import type {
  Backend,
  BackendLimits,
  BlobEntry,
  ByteSource,
  CallOptions,
  CopyFacet,
  EveryMember,
  GetBlobOptions,
  JoinFacet,
  ListBlobsOptions,
  PresignFacet,
  PutBlobOptions,
  StoredBlob,
  UnfinishedFacet,
} from './backend.ts'
import type { BlobKey } from './blob-key.ts'

/**
 * One backend for the engines of many namespaces, each with a `blobPrefix` of its own: its connections, descriptors and buffers are those
 * of one. Every engine is given what `lend` gives; closing that leaves the backend open for the others, `close` closes it.
 */
export class SharedBackend {
  readonly #backend: Backend
  #ready: Promise<void> | null = null

  /** The backend has not been made ready: the first engine does that. */
  constructor(backend: Backend) {
    this.#backend = backend
  }

  /** The backend, as one engine uses it. */
  lend(): Backend {
    return new LentBackend(this.#backend, () => this.init())
  }

  /** Makes it ready. Where that fails, the next call tries again; where it was done, it is done. */
  init(): Promise<void> {
    this.#ready ??= this.#backend.init().catch((error: unknown) => {
      this.#ready = null
      throw error
    })
    return this.#ready
  }

  /** Closes the backend: to be called when the engines are closed. Calling it twice is fine. */
  async close(): Promise<void> {
    await this.#backend.close()
  }
}

class LentBackend implements EveryMember<Backend> {
  readonly contract = 1
  readonly #backend: Backend
  readonly #init: () => Promise<void>

  constructor(backend: Backend, init: () => Promise<void>) {
    this.#backend = backend
    this.#init = init
  }

  get name(): string {
    return this.#backend.name
  }

  get limits(): BackendLimits {
    return this.#backend.limits
  }

  get copying(): CopyFacet | undefined {
    return this.#backend.copying
  }

  get joining(): JoinFacet | undefined {
    return this.#backend.joining
  }

  get unfinished(): UnfinishedFacet | undefined {
    return this.#backend.unfinished
  }

  get presigning(): PresignFacet | undefined {
    return this.#backend.presigning
  }

  async init(options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted()
    await this.#init()
  }

  put(key: BlobKey, body: ByteSource, options: PutBlobOptions): Promise<StoredBlob> {
    return this.#backend.put(key, body, options)
  }

  get(key: BlobKey, options: GetBlobOptions): Promise<Readable> {
    return this.#backend.get(key, options)
  }

  delete(keys: readonly BlobKey[], options?: CallOptions): Promise<void> {
    return this.#backend.delete(keys, options)
  }

  list(options: ListBlobsOptions): AsyncIterable<BlobEntry> {
    return this.#backend.list(options)
  }

  async close(): Promise<void> {
    // The others go on.
  }
}
