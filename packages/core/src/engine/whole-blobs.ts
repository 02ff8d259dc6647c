import type { Backend } from '../backend/backend.ts'
import type { Extent } from '../model/extent.ts'

type BlobExtent = Extract<Extent, { readonly kind: 'blob' }>

/** Blobs whose size is remembered, about 150 bytes each. */
const REMEMBERED_MAX = 10_000

/**
 * Knows of which objects a backend has all bytes in one plain blob, and nothing else in it. An extent may be a stretch of a longer blob
 * (a part that was copied, and copies of what it became): the rows do not say how long the blob is, so the backend is asked, once a blob.
 */
export class WholeBlobs {
  readonly #backends: ReadonlyMap<string, Backend>
  readonly #sizes = new Map<string, number>()

  constructor(backends: ReadonlyMap<string, Backend>) {
    this.#backends = backends
  }

  /** The blob that is all of an object, and its backend, which presigns; null where there is none. */
  async find(extents: readonly Extent[]): Promise<{ readonly extent: BlobExtent; readonly backend: Backend } | null> {
    const [extent] = extents
    if (extent === undefined || extents.length !== 1 || extent.kind !== 'blob') return null
    if (extent.envelope !== null || extent.storedOffset !== 0 || extent.storedLength !== extent.length) return null
    const backend = this.#backends.get(extent.backendId)
    // Who presigns nothing need not be asked, as long as blobs move, say.
    if (backend?.presigning === undefined) return null
    return (await this.#sizeOf(extent, backend)) === extent.length ? { extent, backend } : null
  }

  async #sizeOf({ backendId, blob }: BlobExtent, backend: Backend): Promise<number | null> {
    const name = `${backendId} ${blob}`
    const known = this.#sizes.get(name)
    if (known !== undefined) return known
    for await (const { key, size } of backend.list({ prefix: blob })) {
      if (key !== blob) break
      if (this.#sizes.size === REMEMBERED_MAX) this.#sizes.clear()
      this.#sizes.set(name, size)
      return size
    }
    return null
  }
}
