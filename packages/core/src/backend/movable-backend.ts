import type { Readable } from 'node:stream'
import { isStorageError, StorageError } from '../errors/storage-error.ts'
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
  UnfinishedWrite,
} from './backend.ts'
import type { BlobKey } from './blob-key.ts'
import { copyBlobs, isThere } from './copy-blobs.ts'
import type { CopiedBlobs, CopyBlobsOptions } from './copy-blobs.ts'
import { pairedBlobs } from './paired-blobs.ts'

/** Where blobs are: new ones go to `current`; `former` is what a move that has not ended has left. Neither has been made ready. */
export interface BlobPlaces {
  readonly current: Backend
  readonly former: Backend | null
  /** Called once both are ready, and before anything is kept in them: what it throws is what `init` throws. Default: nothing. */
  readonly settle?: () => Promise<void>
}

/**
 * A backend whose blobs move to another one while an engine uses it: new blobs go to `current`, and `former` is asked first for
 * what is read: it is whole. Keys stay what they are, so that no metadata changes.
 *
 * While there is a `former` the optional powers that need all blobs in one place (copying, joining, presigning) are absent. Nothing is
 * deleted from `former` but what the engine deletes: it is whole, and its owner's to remove, once `dropFormer` was called.
 */
export class MovableBackend implements EveryMember<Backend> {
  readonly contract = 1
  readonly #find: () => Promise<BlobPlaces>
  #places: BlobPlaces | null = null
  /** Blobs being made, and deletions, by where: copying waits for those in `former`. */
  readonly #underWay = new Map<Backend, Set<Promise<unknown>>>()
  /** Which of the two a listed write belongs to. */
  readonly #unfinished = new WeakMap<UnfinishedWrite, Backend>()
  /** Dropped ones, that may still be read from. */
  readonly #dropped: Backend[] = []

  /** `places` is asked by `init`: an engine opens its metadata before, which may say where the blobs are. */
  constructor(places: BlobPlaces | (() => Promise<BlobPlaces>)) {
    this.#find = typeof places === 'function' ? places : () => Promise.resolve(places)
  }

  /** Where new blobs go. Throws before `init`. */
  get current(): Backend {
    return this.#known.current
  }

  /** Where blobs may be besides. Throws before `init`. */
  get former(): Backend | null {
    return this.#known.former
  }

  get name(): string {
    if (this.#places === null) return 'movable'
    const { current, former } = this.#places
    return former === null ? current.name : `${former.name} to ${current.name}`
  }

  get limits(): Backend['limits'] {
    const { blobSizeMax, deleteBatchMax } = this.current.limits
    return { blobSizeMax, deleteBatchMax: Math.min(deleteBatchMax, this.former?.limits.deleteBatchMax ?? deleteBatchMax) }
  }

  get copying(): CopyFacet | undefined {
    const { current, former } = this.#known
    const { copying } = current
    if (former !== null || copying === undefined) return undefined
    return { copy: (from, to, options) => this.#atRest(current, () => copying.copy(from, to, options)) }
  }

  get joining(): JoinFacet | undefined {
    const { current, former } = this.#known
    const { joining } = current
    if (former !== null || joining === undefined) return undefined
    return { ...joining, join: (to, sources, options) => this.#atRest(current, () => joining.join(to, sources, options)) }
  }

  get presigning(): PresignFacet | undefined {
    return this.former === null ? this.current.presigning : undefined
  }

  get unfinished(): UnfinishedFacet | undefined {
    const places = this.#both.filter(({ unfinished }) => unfinished !== undefined)
    if (places.length === 0) return undefined
    return {
      list: (options) => this.#listUnfinished(places, options),
      abort: async (write) => {
        const known = this.#unfinished.get(write)
        for (const place of known === undefined ? places : [known]) await place.unfinished?.abort(write)
      },
    }
  }

  async init(options?: CallOptions): Promise<void> {
    const places = await this.#find()
    this.#places = places
    for (const place of this.#both) await place.init(options)
    await places.settle?.()
  }

  put(key: BlobKey, body: ByteSource, options: PutBlobOptions): Promise<StoredBlob> {
    const { current } = this.#known
    return this.#follow(current, current.put(key, body, options))
  }

  /** From `former` first: a copy that a crash has cut off may stand in `current` until it is made anew. */
  async get(key: BlobKey, options: GetBlobOptions): Promise<Readable> {
    const { current, former } = this.#known
    if (former === null) return current.get(key, options)
    try {
      return await former.get(key, options)
    } catch (error) {
      if (!isStorageError(error) || error.code !== 'BlobNotFound') throw error
      return current.get(key, options)
    }
  }

  /** From `former` first: who copies looks there again afterwards, and so never brings a deleted blob back. */
  async delete(keys: readonly BlobKey[], options?: CallOptions): Promise<void> {
    const { current, former } = this.#known
    const inBoth = async (): Promise<void> => {
      if (former !== null) await former.delete(keys, options)
      await current.delete(keys, options)
    }
    await this.#follow(current, inBoth())
  }

  list(options: ListBlobsOptions): AsyncIterable<BlobEntry> {
    return this.former === null ? this.current.list(options) : either(this.current.list(options), this.former.list(options))
  }

  /** Closes both, and what was dropped. */
  async close(): Promise<void> {
    const all = [...(this.#places === null ? [] : this.#both), ...this.#dropped.splice(0)]
    const closed = await Promise.allSettled(all.map((place) => place.close()))
    for (const each of closed) if (each.status === 'rejected') throw each.reason
  }

  /** From now on new blobs go to this backend, which is ready. Throws where a move has not ended. */
  moveTo(backend: Backend): void {
    const { current, former } = this.#known
    if (former !== null) throw new Error('a move has begun already')
    this.#places = { current: backend, former: current }
  }

  /**
   * Copies what only `former` has, as `copyBlobs` does, once what was being written or deleted there has ended. When it resolves, `current` has every blob:
   * then the move may be noted as done, and `dropFormer` be called.
   */
  async copyFormer(options: CopyBlobsOptions): Promise<CopiedBlobs> {
    const former = this.former
    if (former === null) return { blobs: 0, bytes: 0, present: 0 }
    const underWay = this.#underWay.get(former) ?? new Set<Promise<unknown>>()
    await Promise.allSettled(underWay)
    return copyBlobs(former, this.current, options)
  }

  /** Forgets `former`. Reads that have begun there go on; `close` closes it. */
  dropFormer(): void {
    const { current, former } = this.#known
    if (former !== null) this.#dropped.push(former)
    this.#places = { current, former: null }
  }

  /** Makes a blob by an optional power that may have been asked for before a move: what came behind the move would not be copied. */
  async #atRest(place: Backend, make: () => Promise<StoredBlob>): Promise<StoredBlob> {
    const { current, former } = this.#known
    if (former !== null || current !== place) throw new StorageError('NotSupported', { feature: 'making blobs of others while they move' })
    return this.#follow(place, make())
  }

  /** Remembers what changes a place until it has ended. */
  #follow<T>(place: Backend, change: Promise<T>): Promise<T> {
    const underWay = this.#underWay.get(place) ?? new Set()
    this.#underWay.set(place, underWay)
    const forget = (): void => void underWay.delete(change)
    underWay.add(change)
    change.then(forget, forget)
    return change
  }

  get #known(): BlobPlaces {
    if (this.#places === null) throw new Error('the backend is not ready: init finds its places')
    return this.#places
  }

  get #both(): readonly Backend[] {
    const { current, former } = this.#known
    return former === null ? [current] : [current, former]
  }

  async *#listUnfinished(places: readonly Backend[], options: { readonly before: Date }): AsyncGenerator<UnfinishedWrite> {
    for (const place of places) {
      if (place.unfinished === undefined) continue
      for await (const write of place.unfinished.list(options)) {
        if (await this.#isBeingCopied(place, write.key)) continue
        this.#unfinished.set(write, place)
        yield write
      }
    }
  }

  /** Or was, by a run that broke off: either way that is nobody's to abort before the move has ended. No reservation says so. */
  async #isBeingCopied(place: Backend, key: BlobKey): Promise<boolean> {
    const { current, former } = this.#known
    return former !== null && place === current && (await isThere(former, { key, size: 0 }))
  }
}

async function* either(current: AsyncIterable<BlobEntry>, former: AsyncIterable<BlobEntry>): AsyncGenerator<BlobEntry> {
  for await (const { left, right } of pairedBlobs(current, former)) {
    // `former` first, as in `get`: a copy that is being made is shorter than its blob.
    const entry = right ?? left
    if (entry !== null) yield entry
  }
}
