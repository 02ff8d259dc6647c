import type { Backend, MetadataStore } from '@stowage/core'
import type { BlobKey, CopiedBlobs, CopyBlobsStep, MovableBackend } from '@stowage/core/backend'
import { formatBackendLocation, parseBackendLocation } from '../stores/backend-location.ts'
import type { BackendLocation } from '../stores/backend-location.ts'
import { readKeptBackend, writeKeptBackend } from '../stores/kept-backend.ts'
import { locationOf, openBackend } from '../stores/open-backend.ts'
import type { OpenBackendOptions } from '../stores/open-backend.ts'

/** Where blobs are to be copied. */
export interface CopyBackendRequest {
  /** As `--backend` says it. */
  readonly to: string
  /** Where they must be now; null for wherever that is. */
  readonly from: string | null
  /** How many blobs at once; null for the default. */
  readonly concurrency: number | null
}

/** What hears of it, and stops it. */
export interface CopyBackendOptions {
  /** Hears of every blob that has been copied. */
  readonly onProgress?: (step: CopyBlobsStep) => void
  /** Stops it; it rejects then, and the next call goes on. */
  readonly signal?: AbortSignal
}

/** The parts of an open store that copying is about. */
export interface CopiedStore {
  readonly metadata: MetadataStore
  /** Null where nothing is kept. */
  readonly movable: MovableBackend | null
  readonly dataDirectory: string | null
  /** Whether reads may be sent on to the backend. */
  readonly presigning: boolean
}

/**
 * Brings all blobs of a store that is open, and may be in use, to another backend. From its beginning new blobs go there, and the
 * metadata says so, before the first of them does: whatever stops it, calling it again goes on. The former backend keeps what it had.
 */
export async function copyBackend(
  { metadata, movable, dataDirectory, presigning }: CopiedStore,
  { to, from, concurrency }: CopyBackendRequest,
  { onProgress, signal }: CopyBackendOptions,
): Promise<CopiedBlobs> {
  if (dataDirectory === null) throw new Error('A server that keeps its bytes in memory has nothing to copy.')
  if (movable === null) throw new Error('The bytes of a tenant are in the backend of its server: they move with those of all.')
  const target = parseBackendLocation(to, dataDirectory)
  const source = from === null ? null : parseBackendLocation(from, dataDirectory)
  const targetText = formatBackendLocation(target)
  const kept = await readKeptBackend(metadata)
  const sourceText = kept.former ?? kept.current
  if (source !== null && formatBackendLocation(source) !== sourceText) {
    throw new Error(`The bytes of this store come from ${sourceText}, not from ${formatBackendLocation(source)}.`)
  }
  if (kept.former !== null && kept.current !== targetText) {
    throw new Error(`The bytes of this store are on their way to ${kept.current}: that must end before they go elsewhere.`)
  }
  // What one of them says of a move and the other does not, another server has done, or a write whose end nobody heard of.
  const isMoving = movable.former !== null
  const opened = locationOf(movable.current)
  const isElsewhere = opened !== undefined && opened !== kept.current
  if ((isMoving || isElsewhere) && kept.former === null)
    throw new Error('The bytes of this store have been moved without this server: start this one anew.')
  let version = kept.version
  if (kept.former === null) {
    if (kept.current === targetText) throw new Error(`The bytes of this store are in ${targetText} already.`)
    const place = parseBackendLocation(kept.current, dataDirectory)
    if (isWithin(place, target) || isWithin(target, place)) {
      throw new Error(`One of ${kept.current} and ${targetText} lies within the other: its blobs would be taken for the other's.`)
    }
    const backend = await openReady(target, { dataDirectory, presigning })
    // Known before the first blob goes there; then whatever stops this is found by the next one who opens the store.
    version = await writeKeptBackend(
      metadata,
      { current: target, former: parseBackendLocation(kept.current, dataDirectory), through: null },
      version,
    )
    movable.moveTo(backend)
  }
  if (movable.former === null) throw new Error('Another server of this store has begun to move its bytes: start this one anew.')
  const way = { current: target, former: parseBackendLocation(sourceText, dataDirectory) }
  const marks = new Marks(kept.former === null ? null : kept.through, async (through) => {
    version = await writeKeptBackend(metadata, { ...way, through }, version)
  })
  const copied = await movable.copyFormer({
    after: marks.through,
    ...(signal === undefined ? {} : { signal }),
    ...(concurrency === null ? {} : { concurrency }),
    onProgress(step) {
      marks.reach(step)
      onProgress?.(step)
    },
  })
  await marks.settle()
  await writeKeptBackend(metadata, { current: target, former: null, through: null }, version)
  movable.dropFormer()
  return copied
}

/** Names of blobs have slashes: in Google Cloud Storage, where they are kept as they are, a listing comes by what lies deeper. */
function isWithin(inner: BackendLocation, outer: BackendLocation): boolean {
  if (inner.kind !== 'gs' || outer.kind !== 'gs' || inner.bucket !== outer.bucket || inner.apiEndpoint !== outer.apiEndpoint) return false
  return outer.prefix === '' || `${inner.prefix}/`.startsWith(`${outer.prefix}/`)
}

/** How many blobs are copied between two marks: after a crash as many are compared anew. */
const MARK_EVERY = 500

/** Writes down now and then how far copying is; one write at a time. */
class Marks {
  through: BlobKey | null
  readonly #write: (through: BlobKey | null) => Promise<void>
  #sinceMark = 0
  #writing: Promise<void> | null = null
  #failure: unknown = null

  constructor(through: BlobKey | null, write: (through: BlobKey | null) => Promise<void>) {
    this.through = through
    this.#write = write
  }

  reach({ through }: CopyBlobsStep): void {
    this.#sinceMark += 1
    if (this.#sinceMark < MARK_EVERY || this.#writing !== null || through === this.through) return
    this.#sinceMark = 0
    this.through = through
    this.#writing = this.#write(through).then(
      () => void (this.#writing = null),
      (error: unknown) => void (this.#failure = error),
    )
  }

  /** Waits for the last one; throws where one could not be written. */
  async settle(): Promise<void> {
    await this.#writing
    if (this.#failure !== null) throw this.#failure
  }
}

async function openReady(location: BackendLocation, options: OpenBackendOptions): Promise<Backend> {
  const backend = await openBackend(location, options)
  try {
    await backend.init()
    return backend
  } catch (error) {
    await backend.close()
    throw error
  }
}
