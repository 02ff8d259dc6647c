import type { BlobRef, Extent } from '../model/extent.ts'

/**
 * One holder of extents: a version of an object, or a part of an upload, completed ones included. An unfinished append
 * upload, or each piece of it, is a part without a number.
 */
export interface InspectedManifest {
  readonly kind: 'object' | 'part'
  readonly bucketId: string
  readonly key: string
  readonly versionId: string | null
  readonly uploadId: string | null
  readonly partNumber: number | null
  readonly manifestId: number
  /** Of an object that was completed from parts, how many: its blobs are held by those, not by the object. Null for all else. */
  readonly partCount: number | null
  /** What the row says the size is. */
  readonly size: number
  /** Inline bytes included; an inline extent whose bytes are missing has `bytes: null`. */
  readonly extents: readonly (Extent | MissingInline)[]
}
/** An inline extent whose bytes are gone: damage, found by fsck. */
export interface MissingInline {
  readonly kind: 'missing-inline'
  readonly length: number
  readonly inlineId: number
}
/** A row that holds a blob: whoever wants to delete the blob finds it here. */
export interface InspectedReference extends BlobRef {
  readonly manifestId: number
  /** Of a part; null for the extents of an object that was written in one go, and of an append upload. One blob may be held by several parts. */
  readonly partNumber: number | null
}
/** A blob that no reference holds: reserved by a write under way, queued for the collector, or claimed by it. */
export interface InspectedGarbage extends BlobRef {
  readonly state: 'reserved' | 'queued' | 'claimed'
}
/** One page of an inspection. */
export interface InspectionPage<T> {
  readonly rows: readonly T[]
  /** Opaque; null at the end. */
  readonly next: string | null
}
/** Which page: at most `limit` rows behind `after`, a `next` of the page before; null begins. */
export interface InspectionQuery {
  readonly after: string | null
  readonly limit: number
}

/** How much there is. */
export interface RowCounts {
  readonly buckets: number
  /** Current ones. */
  readonly objects: number
  /** Former ones, delete markers included. */
  readonly versions: number
  /** Unfinished ones. */
  readonly uploads: number
  /** Sizes of current and former versions together. */
  readonly bytes: number
}

/** Reads every row that the invariants speak of, in pages, so that memory is bounded. Each page is one consistent read. */
export interface StoreInspection {
  counts(): Promise<RowCounts>
  manifests(query: InspectionQuery): Promise<InspectionPage<InspectedManifest>>
  references(query: InspectionQuery): Promise<InspectionPage<InspectedReference>>
  garbage(query: InspectionQuery): Promise<InspectionPage<InspectedGarbage>>
  /** Inline bytes that no manifest names, by id. */
  strayInline(query: InspectionQuery): Promise<InspectionPage<number>>
  /** What the rows contradict each other in: rows of buckets that are gone, versions without order, two current ones. Sentences. */
  contradictions(): Promise<readonly string[]>
  /** The database's own check of its pages and indexes. Sentences; empty when all is well. */
  integrity(): Promise<readonly string[]>
}
