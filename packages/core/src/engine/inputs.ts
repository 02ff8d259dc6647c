import type { Readable } from 'node:stream'
import type { ByteRange, ByteSource } from '../backend/backend.ts'
import type { CompletedPart } from '../metadata/commands.ts'
import type { BucketAddress, Versioning } from '../model/bucket.ts'
import type { Conditions } from '../model/conditions.ts'
import type { ChecksumAlgorithm, ChecksumType, ObjectChecksum } from '../model/object-checksum.ts'
import type { ObjectHeaders, ObjectInfo, ObjectSummary, Retention } from '../model/object.ts'
import type { PartInfo, UploadInfo } from '../model/upload.ts'

/** What a client says of the bytes it sends; each is verified, a wrong one commits nothing. */
export interface ExpectedContent {
  /** The exact length, in bytes. */
  readonly size?: number
  /** MD5 in base64, as in Content-MD5. */
  readonly md5?: string
  /** SHA-256 in hex, as signed in x-amz-content-sha256. */
  readonly sha256?: string
  /** Known before the bytes. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string }
  /** Known only behind them (a trailer): computed, and held against what `trailingChecksum` gives at the end. */
  readonly trailingChecksum?: { readonly algorithm: ChecksumAlgorithm; value(): string | null }
  /** Wanted without a value to hold it against. */
  readonly checksumAlgorithm?: ChecksumAlgorithm
}

/** What an object carries besides its bytes. */
export interface ObjectAttributes {
  readonly headers?: ObjectHeaders
  readonly userMetadata?: Readonly<Record<string, string>>
  readonly tags?: Readonly<Record<string, string>>
  readonly retention?: Retention
  readonly legalHold?: boolean
}

/** Fields that every call takes. */
export interface CallInput {
  /** Aborting rejects with `signal.reason`; nothing is written. */
  readonly signal?: AbortSignal
}
/** Which bucket; `BucketNotFound` where there is none, or the caller must not know of it. */
export interface BucketInput extends CallInput {
  readonly bucket: BucketAddress
}
/** Which key: 1 to 1,024 bytes of UTF-8, without NUL and lone surrogates. `KeyTooLong` or `InvalidArgument` otherwise. */
export interface KeyInput extends BucketInput {
  readonly key: string
}
/** Which version of a key, the current one where none is named, and on what conditions. */
export interface ObjectInput extends KeyInput {
  readonly versionId?: string
  readonly conditions?: Conditions
}

/** A bucket to be made, for the caller's account. Names as AWS, "General purpose bucket naming rules"; others are `InvalidBucketName`. */
export interface CreateBucketInput extends BucketInput {
  readonly public?: boolean
  /** Default 'off'. */
  readonly versioning?: Versioning
}
/** How a bucket keeps versions from now on. Once it was `enabled` it can only be `suspended`, never `off` again. */
export interface SetVersioningInput extends BucketInput {
  readonly versioning: Exclude<Versioning, 'off'>
}
/** What a bucket's policy is to be. */
export interface PutBucketPolicyInput extends BucketInput {
  /** The JSON of AWS's policy language, at most 20 KiB. */
  readonly policy: string
}
/** Whom the caller believes a bucket to belong to. */
export interface ExpectOwnerInput extends BucketInput {
  readonly account: string
}
/** A page of buckets, by name. */
export interface ListBucketsInput extends CallInput {
  /** Only those of this one. Default: of all. */
  readonly jurisdiction?: string
  readonly prefix?: string
  readonly continuationToken?: string
  /** 1 to 10,000; default 10,000. */
  readonly limit?: number
}

/** An object to be stored. A body of bytes has its size; `size` says it for a stream, and is not needed. */
export interface PutObjectInput extends KeyInput, ObjectAttributes, ExpectedContent {
  readonly body: ByteSource | Uint8Array
  readonly conditions?: Conditions
}

/** As HTTP says it: from an offset (`end` exclusive, or to the end), the last bytes, or one part. */
export type RequestedRange = { readonly start: number; readonly end?: number } | { readonly suffix: number } | { readonly part: number }
/** An object to be read, or a range of it. A range that has nothing of it is `InvalidRange`. */
export interface GetObjectInput extends ObjectInput {
  readonly range?: RequestedRange
  /** Asks for what is there now, also where the metadata store reads on a replica that lags. Default false. */
  readonly newest?: boolean
}
/** An object found. Holds garbage back until its bytes are read to the end, their stream is destroyed, or it is closed. */
export interface OpenedObject {
  readonly info: ObjectInfo
  /** Null where the whole object was asked for. */
  readonly range: ByteRange | null
  /** How many bytes `open` gives. */
  readonly length: number
  /** Of the bytes that `open` gives: the object's, or the part's that was asked for. Null for a range, and where none was computed. */
  readonly checksum: ObjectChecksum | null
  /** The bytes that were asked for, where they are at hand without reading (small objects); then `open` is not needed. */
  readonly bytes: Uint8Array | null
  open(): Promise<Readable>
  /**
   * A URL at which the backend itself gives the whole object; null where it cannot: a range was asked for, the bytes are not one whole
   * blob, or are encrypted, or the backend presigns nothing. Whoever has the URL reads the object until it expires, whatever is revoked
   * meanwhile, and sees the backend's ETag and no user metadata. The object is still to be closed.
   */
  directUrl(options: DirectUrlOptions): Promise<URL | null>
  close(): void
}
/** What a direct URL is good for. */
export interface DirectUrlOptions {
  /** From 1 to 60. */
  readonly expiresInSeconds: number
  /** What the answer says of its content. Default: what the backend says. */
  readonly contentType?: string
}

/** Metadata and tags of a copy: the source's, or new ones. */
export interface CopyObjectInput extends KeyInput, ObjectAttributes {
  readonly source: { readonly bucket: BucketAddress; readonly key: string; readonly versionId?: string; readonly conditions?: Conditions }
  readonly metadataDirective?: 'COPY' | 'REPLACE'
  readonly taggingDirective?: 'COPY' | 'REPLACE'
  readonly checksumAlgorithm?: ChecksumAlgorithm
  readonly conditions?: Conditions
}
/** What a copy made, and which version of the source it was made of. */
export interface CopiedObject {
  readonly info: ObjectInfo
  readonly sourceVersionId: string
}

/** A key to be deleted, or one version of it. `bypassGovernance` destroys a version under governance retention, where the caller has that right. */
export interface DeleteObjectInput extends ObjectInput {
  readonly bypassGovernance?: boolean
}
/** `versionId` and `deleteMarker` as S3's headers say them; null where the bucket is not versioned. */
export interface DeletedObject {
  readonly versionId: string | null
  readonly deleteMarker: boolean
}
/** At most 1,000 keys of one bucket, each with its own version and conditions. */
export interface DeleteObjectsInput extends BucketInput {
  readonly objects: readonly { readonly key: string; readonly versionId?: string; readonly conditions?: Conditions }[]
  readonly bypassGovernance?: boolean
}
/** What became of one key: what was deleted, or why it was not. */
export type DeleteResult =
  | { readonly key: string; readonly requestedVersionId: string | null; readonly deleted: DeletedObject; readonly error: null }
  | { readonly key: string; readonly requestedVersionId: string | null; readonly deleted: null; readonly error: Error }

/** A page of current objects. With a delimiter, keys that share what comes before its first place behind `prefix` are one common prefix. */
export interface ListObjectsInput extends BucketInput {
  readonly prefix?: string
  readonly delimiter?: string
  /** Keys greater than this one; with a delimiter, also behind the common prefix it names (v1's Marker, v2's StartAfter). */
  readonly startAfter?: string
  /** From `nextToken` of the page before; outranks `startAfter`. */
  readonly continuationToken?: string
  /** 0 to 1,000; default 1,000. */
  readonly limit?: number
}
/** One page. Objects and common prefixes count together, each in the order of its bytes; a page that a policy filters may be short, and still lead on. */
export interface ListedObjects {
  readonly objects: readonly ObjectSummary[]
  readonly commonPrefixes: readonly string[]
  readonly truncated: boolean
  /** Opaque; null on the last page. */
  readonly nextToken: string | null
  /** The last key or common prefix of a page that has more behind it, for v1's NextMarker; opaque where the page shows neither. */
  readonly nextMarker: string | null
}
/** A page of versions. `versionIdMarker`, from the page before or the id of a version seen, needs its `keyMarker`. `limit` is 0 to 1,000, default 1,000. */
export interface ListVersionsInput extends BucketInput {
  readonly prefix?: string
  readonly delimiter?: string
  readonly keyMarker?: string
  readonly versionIdMarker?: string
  readonly limit?: number
}
/**
 * One page: by key, within a key the newest first, delete markers included. The markers are null on the last page. Where a page was cut
 * short behind what the caller may not see, the marker of the key is an opaque text that only the same listing understands.
 */
export interface ListedVersions {
  readonly versions: readonly ObjectInfo[]
  readonly commonPrefixes: readonly string[]
  readonly truncated: boolean
  readonly nextKeyMarker: string | null
  readonly nextVersionIdMarker: string | null
}

/** An upload in parts to be begun. Its checksum binds every part; the type defaults as in S3, by algorithm. */
export interface CreateUploadInput extends KeyInput, ObjectAttributes {
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly type?: ChecksumType }
}
/** Which upload; `UploadNotFound` where there is none of this id, bucket and key, or not for this caller. */
export interface UploadInput extends KeyInput {
  readonly uploadId: string
}
/** A part to be stored. The same number again replaces it. */
export interface UploadPartInput extends UploadInput, ExpectedContent {
  /** 1 to 10,000. */
  readonly partNumber: number
  readonly body: ByteSource | Uint8Array
}
/** A part to be made of a stretch of an object. No byte moves; the bytes are read once where their sums are not known. */
export interface UploadPartCopyInput extends UploadInput {
  readonly partNumber: number
  readonly source: CopyObjectInput['source'] & { readonly range?: ByteRange }
}
/** What it made, and of which version of the source. */
export interface CopiedPart {
  readonly part: PartInfo
  readonly sourceVersionId: string
}
/** The parts that become the object, ascending, and what the client expects of the whole. Parts that are not named become garbage. */
export interface CompleteUploadInput extends UploadInput {
  readonly parts: readonly CompletedPart[]
  readonly conditions?: Conditions
  readonly size?: number
  readonly checksum?: ObjectChecksum
}
/** A page of an upload's parts, behind the part with the marker's number. `limit` is 0 to 1,000, default 1,000. */
export interface ListPartsInput extends UploadInput {
  readonly partNumberMarker?: number
  readonly limit?: number
}
/** One page, by part number. The marker is null on the last page. */
export interface ListedParts {
  readonly upload: UploadInfo
  readonly parts: readonly PartInfo[]
  readonly truncated: boolean
  readonly nextPartNumberMarker: number | null
}
/** A page of unfinished uploads in parts. `uploadIdMarker` counts only beside its `keyMarker`. `limit` is 0 to 1,000, default 1,000. */
export interface ListUploadsInput extends BucketInput {
  readonly prefix?: string
  readonly delimiter?: string
  readonly keyMarker?: string
  readonly uploadIdMarker?: string
  readonly limit?: number
}
/** One page: by key, within a key the oldest first. The markers are null on the last page, and opaque as those of `ListedVersions` may be. */
export interface ListedUploads {
  readonly uploads: readonly UploadInfo[]
  readonly commonPrefixes: readonly string[]
  readonly truncated: boolean
  readonly nextKeyMarker: string | null
  readonly nextUploadIdMarker: string | null
}

/** An upload to be begun that grows at its end. */
export interface CreateAppendUploadInput extends KeyInput, ObjectAttributes {
  /** How long it will be, in bytes, where that is known already. */
  readonly size?: number
  readonly checksumAlgorithm?: ChecksumAlgorithm
}
/** Bytes to be added. `size` is how many `body` has, where that is known before. */
export interface AppendInput extends UploadInput {
  /** Where the upload must stand; otherwise `OffsetMismatch`. */
  readonly offset: number
  readonly body: ByteSource | Uint8Array
  readonly size?: number
  /** Declares how long the whole upload will be, where that was not known when it was created. */
  readonly uploadSize?: number
}
/** Where an append upload stands. `size` is the declared length in bytes, null where none was declared. */
export interface AppendState {
  /** Bytes that are durable. */
  readonly offset: number
  readonly size: number | null
}
/** An append upload to be made an object, on conditions over what its key holds. `IncompleteBody` while declared bytes are missing. */
export interface FinishAppendInput extends UploadInput {
  readonly conditions?: Conditions
}
