import type { ObjectChecksum } from './object-checksum.ts'
import type { Extent } from './extent.ts'

/** The version id of an object that was written while its bucket was not versioned. */
export const NULL_VERSION = 'null'

/** Until when a version must not be destroyed. `governance` can be bypassed by right, `compliance` by nobody. */
export interface Retention {
  readonly mode: 'governance' | 'compliance'
  readonly until: Date
}

/** What a client may say about an object's content; kept and given back as it came. */
export interface ObjectHeaders {
  readonly contentType?: string
  readonly cacheControl?: string
  readonly contentDisposition?: string
  readonly contentEncoding?: string
  readonly contentLanguage?: string
  readonly expires?: string
  readonly websiteRedirectLocation?: string
  readonly storageClass?: string
}

/** One version of an object, or a delete marker, without its bytes. */
export interface ObjectInfo {
  readonly bucketId: string
  readonly key: string
  /** `'null'` where the bucket was not versioned when it was written. */
  readonly versionId: string
  readonly deleteMarker: boolean
  /** Whether it is the current version of its key. */
  readonly latest: boolean
  /** Orders the versions of a key; clocks do not. */
  readonly sequence: number
  readonly size: number
  /** Without quotes. MD5 in hex, or `MD5-of-MD5s-N` for a multipart object. */
  readonly etag: string
  /** How many parts it was completed from; null where it was written in one go. */
  readonly partCount: number | null
  readonly checksum: ObjectChecksum | null
  readonly headers: ObjectHeaders
  readonly userMetadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  /** The `sub`, or the account, of who wrote it. */
  readonly ownerId: string | null
  readonly retention: Retention | null
  readonly legalHold: boolean
  /** Milliseconds are kept; HTTP shows seconds. */
  readonly createdAt: Date
}

/**
 * What a page of a bucket says of a current object: no more than a store can keep in an index, beside the object itself. For tags, user
 * metadata, the checksum's value and locks, ask for the object.
 */
export interface ObjectSummary extends Pick<
  ObjectInfo,
  'bucketId' | 'key' | 'versionId' | 'sequence' | 'size' | 'etag' | 'headers' | 'ownerId' | 'createdAt'
> {
  readonly checksum: Pick<ObjectChecksum, 'algorithm' | 'type'> | null
}

/** An object with where its bytes are. Listings and HEAD never drag this along. */
export interface ObjectRecord extends ObjectInfo {
  /** Names the extents as a set: blobs are counted by it, part facts are found by it. */
  readonly manifestId: number
  readonly extents: readonly Extent[]
}
