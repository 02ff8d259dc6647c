import type { BlobRef } from '../../model/extent.ts'
import type { InspectedGarbage, InspectedManifest } from '../../metadata/inspection.ts'

/** Whose bytes they are: a version of an object, or a part. */
export type Holder = Pick<InspectedManifest, 'kind' | 'bucketId' | 'key' | 'versionId' | 'uploadId' | 'partNumber' | 'manifestId'>

/** Everything that may be wrong, by a name that does not change, with what is needed to find the place. Sizes are in bytes. */
export interface FsckDetails {
  /** Rows name a blob that the backend does not have: the holder cannot be read. */
  'blob-missing': BlobRef & { readonly holder: Holder }
  /** The blob is shorter than what rows say lies in it. */
  'blob-too-short': BlobRef & { readonly holder: Holder; readonly size: number; readonly needed: number }
  /** The backend could not give the bytes of an extent (deep). */
  'blob-unreadable': BlobRef & { readonly holder: Holder; readonly reason: string }
  /** The stored bytes have another CRC-32C than the row says (deep). `blob` is null for inline bytes. */
  'bytes-damaged': { readonly holder: Holder; readonly blob: BlobRef | null; readonly expected: number; readonly actual: number }
  /** Extents name a backend that was not given to `fsck`. Nothing in it was looked at. */
  'backend-unknown': { readonly backendId: string }
  /** The row says another size than its extents have together. */
  'size-wrong': { readonly holder: Holder; readonly size: number; readonly extents: number }
  /** Inline bytes that an extent names are not there, or are not as many as it says. */
  'inline-missing': { readonly holder: Holder; readonly length: number }
  /** Inline bytes that nobody names. */
  'inline-stray': { readonly inlineId: number }
  /** An extent's blob is not counted for its holder: the collector could delete it. */
  'reference-missing': BlobRef & { readonly holder: Holder }
  /** A blob is counted for a holder that is not there: it is never deleted. */
  'reference-stray': BlobRef & { readonly manifestId: number; readonly partNumber: number | null }
  /** A blob that is in use is listed as garbage: the collector will delete it. */
  'garbage-referenced': BlobRef & { readonly state: InspectedGarbage['state'] }
  /** A blob that no row knows. */
  'blob-orphan': BlobRef & { readonly size: number; readonly modifiedAt: Date }
  /** Rows contradict each other. */
  'rows-contradict': { readonly reason: string }
  /** The database says that it is damaged itself. */
  'database-damaged': { readonly reason: string }
  /** So many extents have no CRC-32C, because they were cut out of a blob: their bytes were not verified (deep). */
  'bytes-unverified': { readonly extents: number }
}

/** The closed list of what `fsck` may find. */
export type FsckKind = keyof FsckDetails

/** `damage`: bytes or names are lost, wrong or in danger. `garbage`: only space is lost. `note`: nothing is wrong. */
export type FsckSeverity = 'damage' | 'garbage' | 'note'

/** One finding. Switch on `kind`. */
export type FsckFinding = {
  [K in FsckKind]: { readonly kind: K; readonly severity: FsckSeverity; readonly details: FsckDetails[K] }
}[FsckKind]

/** How bad each kind is. */
export const SEVERITIES: Readonly<Record<FsckKind, FsckSeverity>> = {
  'blob-missing': 'damage',
  'blob-too-short': 'damage',
  'blob-unreadable': 'damage',
  'bytes-damaged': 'damage',
  'backend-unknown': 'damage',
  'size-wrong': 'damage',
  'inline-missing': 'damage',
  'inline-stray': 'garbage',
  'reference-missing': 'damage',
  'reference-stray': 'garbage',
  'garbage-referenced': 'damage',
  'blob-orphan': 'damage',
  'rows-contradict': 'damage',
  'database-damaged': 'damage',
  'bytes-unverified': 'note',
}

/** The part of a manifest that says whose it is. */
export function holderOf(manifest: InspectedManifest): Holder {
  const { kind, bucketId, key, versionId, uploadId, partNumber, manifestId } = manifest
  return { kind, bucketId, key, versionId, uploadId, partNumber, manifestId }
}
