import type { BlobRef, ExtentFacts } from '../model/extent.ts'
import type { ObjectInfo } from '../model/object.ts'

/*
 * Bytes that have come to lie in other blobs: joined ones, or those of another backend. What is exchanged is where they
 * are, never what they are: size, ETag, checksums, times, version id and part facts stay as they were.
 */

/** One version of an object; its sequence tells it from every other that has, or had, its key. */
export type VersionPlace = Pick<ObjectInfo, 'bucketId' | 'key' | 'sequence'>

/** An extent without inline bytes, and whether its blob is held by others, too. */
export type PlacedExtent = ExtentFacts &
  (
    | { readonly kind: 'inline' }
    | ({
        readonly kind: 'blob'
        readonly storedOffset: number
        readonly storedLength: number
        /** Held by other manifests as well: to let go of it frees nothing. */
        readonly shared: boolean
      } & BlobRef)
  )

/** Where the bytes of a version lie. */
export interface PlacedManifest {
  readonly manifestId: number
  readonly extents: readonly PlacedExtent[]
}

/** Says that the bytes of a blob lie in another one as well, all of them and in one run. */
export interface BlobMove {
  readonly from: BlobRef
  readonly to: BlobRef
  /** Where the first byte of `from` lies in `to`, in stored bytes. */
  readonly offset: number
}

/** Makes one version name other blobs for the same bytes. */
export interface ExchangeExtentsCommand extends VersionPlace {
  readonly manifestId: number
  /** At most one from each blob. The version must name all of them still. */
  readonly moves: readonly BlobMove[]
  /** Which of the blobs that it comes to name are brought by this command (they were reserved); others are shared with versions that hold them. */
  readonly fresh: readonly BlobRef[]
}
/** What became of it. Only `exchanged` changed anything. */
export type ExchangeExtentsOutcome =
  | { readonly outcome: 'exchanged' }
  /** The version is gone, or names other blobs by now. */
  | { readonly outcome: 'changed' }
  /** A blob can gain no reference any more: see `Refusal`. */
  | { readonly outcome: 'blob-gone'; readonly fresh: boolean }
