import type { Readable } from 'node:stream'
import type {
  Backend,
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

/** The optional powers of a backend, by name. */
export type FacetName = 'copying' | 'joining' | 'unfinished' | 'presigning'

/** Every optional power there is: what a suite compares claims with. */
export const FACET_NAMES: readonly FacetName[] = ['copying', 'joining', 'unfinished', 'presigning']

/**
 * The same backend without the named powers, so that the engine's own way of doing their work is used and tested.
 * The inner backend stays the caller's; closing the wrapper closes it.
 */
export function without(backend: Backend, ...facets: readonly FacetName[]): Backend {
  return new WithoutFacets(backend, new Set(facets))
}

class WithoutFacets implements EveryMember<Backend> {
  readonly contract = 1
  readonly #inner: Backend
  readonly #removed: ReadonlySet<FacetName>

  constructor(inner: Backend, removed: ReadonlySet<FacetName>) {
    this.#inner = inner
    this.#removed = removed
  }

  get name(): string {
    return this.#inner.name
  }

  get limits(): Backend['limits'] {
    return this.#inner.limits
  }

  get copying(): CopyFacet | undefined {
    return this.#removed.has('copying') ? undefined : this.#inner.copying
  }

  get joining(): JoinFacet | undefined {
    return this.#removed.has('joining') ? undefined : this.#inner.joining
  }

  get unfinished(): UnfinishedFacet | undefined {
    return this.#removed.has('unfinished') ? undefined : this.#inner.unfinished
  }

  get presigning(): PresignFacet | undefined {
    return this.#removed.has('presigning') ? undefined : this.#inner.presigning
  }

  init(options?: CallOptions): Promise<void> {
    return this.#inner.init(options)
  }

  put(key: BlobKey, body: ByteSource, options: PutBlobOptions): Promise<StoredBlob> {
    return this.#inner.put(key, body, options)
  }

  get(key: BlobKey, options: GetBlobOptions): Promise<Readable> {
    return this.#inner.get(key, options)
  }

  delete(keys: readonly BlobKey[], options?: CallOptions): Promise<void> {
    return this.#inner.delete(keys, options)
  }

  list(options: ListBlobsOptions): AsyncIterable<BlobEntry> {
    return this.#inner.list(options)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}
