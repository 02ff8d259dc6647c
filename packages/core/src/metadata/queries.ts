import type { BucketInfo } from '../model/bucket.ts'
import type { ObjectInfo, ObjectRecord, ObjectSummary } from '../model/object.ts'
import type { UploadInfo } from '../model/upload.ts'
import type { Requirement } from '../policy/policy.ts'
import type { PolicyRow } from '../policy/predicate-row.ts'
import type { Predicate } from '../policy/predicate.ts'

/** A condition, folded, and the row that it is held against. */
export interface RowCondition {
  readonly predicate: Predicate
  readonly row: PolicyRow
}
/** What a condition is over a row; null for unknown. */
export type Verdict = boolean | null | { readonly failed: string }

/** A query whose answer nobody writes by. */
export interface MayLag {
  /** Whether the answer may be as old as `MetadataStore.lagMilliseconds`. Default: it is the newest. */
  readonly mayLag?: boolean
}

/** Where a reader looks for one version; `versionId` absent means the current one. */
export interface FindObjectQuery extends MayLag {
  readonly bucketId: string
  readonly key: string
  readonly versionId?: string
  readonly require: Requirement
}

/** A delete marker is found as such: what that means is the engine's business. */
export type Found<T> = { readonly outcome: 'found'; readonly object: T } | { readonly outcome: 'absent' | 'forbidden' }
/** What is found where only facts are asked for (HEAD, conditions of a copy). */
export type FoundInfo = Found<ObjectInfo>
/** What is found where the bytes are to be read: with their extents. */
export type FoundRecord = Found<ObjectRecord>

/** Where a page goes on: behind a key, or behind everything that begins with a common prefix. */
export interface ListPosition {
  readonly after: string
  readonly skipPrefix: boolean
}

/**
 * Where the next page goes on. `shown` only where that is behind an entry of this page: any other place may be a row that `visible`
 * hides, and whoever asked must not hear of its key.
 */
export interface NextPosition extends ListPosition {
  readonly shown: boolean
}

/** A page of the current objects of a bucket; delete markers hide their keys. */
export interface ListObjectsQuery extends MayLag {
  readonly bucketId: string
  readonly prefix: string
  /** Null or non-empty. */
  readonly delimiter: string | null
  readonly position: ListPosition | null
  /** Objects and common prefixes together; at least 1. */
  readonly limit: number
  readonly visible: Predicate
  /** How many rows the page may look at. */
  readonly rowsScannedMax: number
}

/**
 * Objects and common prefixes in byte order, counted and cut after the filter: a common prefix is there only if a visible
 * row is below it. A page is full unless `rowsScannedMax` was reached: then it is short, and `next` moves on.
 */
export interface ListObjectsPage {
  readonly objects: readonly ObjectSummary[]
  readonly commonPrefixes: readonly string[]
  /** Null on the last page. */
  readonly next: NextPosition | null
}

/** A page of all versions and delete markers of a bucket. */
export interface ListVersionsQuery extends Omit<ListObjectsQuery, 'position'> {
  /**
   * Behind the version of this key with this sequence (which need not exist any more); behind all versions of the key where
   * `sequence` is null; behind a prefix where `skipPrefix`.
   */
  readonly position: (ListPosition & { readonly sequence: number | null }) | null
}
/** Keys ascending, within a key the newest first, delete markers included. */
export interface ListVersionsPage {
  readonly versions: readonly ObjectInfo[]
  readonly commonPrefixes: readonly string[]
  readonly next: (NextPosition & { readonly sequence: number | null }) | null
}

/** A page of the uploads of a bucket that are neither finished nor aborted. The kinds never mix: S3 must not show TUS uploads. */
export interface ListUploadsQuery {
  readonly bucketId: string
  readonly kind: 'parts' | 'append'
  readonly prefix: string
  readonly delimiter: string | null
  readonly position: (ListPosition & { readonly uploadId: string | null }) | null
  readonly limit: number
  readonly visible: Predicate
  readonly rowsScannedMax: number
}
/** By key, then by upload id: ids sort by the time they were made. */
export interface ListUploadsPage {
  readonly uploads: readonly UploadInfo[]
  readonly commonPrefixes: readonly string[]
  readonly next: (NextPosition & { readonly uploadId: string | null }) | null
}

/** A page of buckets, in the order of their names' bytes. */
export interface ListBucketsQuery {
  /** Only those of this jurisdiction; null for all. */
  readonly jurisdiction: string | null
  /** Only this account's buckets; null for all that `visible` lets through. */
  readonly account: string | null
  readonly visible: Predicate
  readonly prefix: string
  /** Names greater than this one. */
  readonly after: string | null
  readonly limit: number
}
/** Buckets that `visible` lets through. `next` is the name to go on behind; null on the last page. */
export interface ListBucketsPage {
  readonly buckets: readonly BucketInfo[]
  readonly next: string | null
}
