import type { Readable } from 'node:stream'
import type { BlobKey } from './blob-key.ts'

/**
 * A stream of bytes: a Readable, a web stream, a generator. The consumer reads it once; on failure it calls the
 * iterator's `return()`. Chunks belong to the consumer as long as it needs them, to read: somebody else may be reading
 * them at the same time, so nobody writes to them. They may be views of shared memory.
 */
export interface ByteSource extends AsyncIterable<Uint8Array> {
  /**
   * Optional. Takes back a chunk of this source, so that its memory is used again; without it, a source never reuses the
   * memory of its chunks. Giving back is never needed. A consumer that does so must not touch the chunk afterwards, so
   * whoever passes chunks on, or keeps any view of them, keeps them. Chunks of others, and those given back before, are
   * ignored.
   */
  releaseChunk?(chunk: Uint8Array): void
}

/** Bytes from `start` up to but not including `end`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** What a backend says of a blob that it has stored whole. */
export interface StoredBlob {
  readonly size: number
}

/** One blob in a listing: its name, its size in bytes, and when the store last wrote it, by its own clock. */
export interface BlobEntry {
  readonly key: BlobKey
  readonly size: number
  readonly modifiedAt: Date
}

/** What every call takes that may last. */
export interface CallOptions {
  /** Aborting rejects with `signal.reason`. */
  readonly signal?: AbortSignal
}

/** What a backend can take; the engine stays below it. */
export interface BackendLimits {
  /** The largest blob, in bytes. */
  readonly blobSizeMax: number
  /** How many keys `delete` takes at once; the engine splits longer lists. */
  readonly deleteBatchMax: number
}

/** What is known of a blob before its bytes are. */
export interface PutBlobOptions extends CallOptions {
  /** The exact size, in bytes, where the caller knows it; a body of another length fails and leaves nothing readable. */
  readonly size?: number
}

/** How much of a blob is read. */
export interface GetBlobOptions extends CallOptions {
  /** Must lie within the blob. Default: all of it. */
  readonly range?: ByteRange
}

/** Which blobs are listed. */
export interface ListBlobsOptions extends CallOptions {
  /** Only keys that begin with it; empty for every blob. */
  readonly prefix: string
  /** Keys greater than this one, by bytes. */
  readonly after?: BlobKey
}

/**
 * Keeps the bytes of blobs. Knows nothing of buckets, names, owners, metadata or policy.
 *
 * Every method that fails rejects with a `StorageError` (with `cause` where something lower failed), or with
 * `signal.reason` when aborted. What the body of a `put` throws comes out as it is: it belongs to whoever made the body.
 * No caller's options object is ever changed. A constructor or factory does no I/O; `init` does.
 */
export interface Backend {
  /** The contract this backend was written against. */
  readonly contract: 1
  /** For messages, metrics and logs; never branched on. */
  readonly name: string
  readonly limits: BackendLimits

  /** Makes the backend ready. Called once, before anything else. */
  init(options?: CallOptions): Promise<void>

  /**
   * Writes the blob whole or not at all: no `get` ever sees part of it.
   *
   * Promises: when it resolves, the blob survives a power cut. After a failure or an abort nothing is readable under
   * the key, and what may be left behind is found by `list` or `unfinished`.
   * Does not promise anything about a second put of the same key: the engine never does that.
   */
  put(key: BlobKey, body: ByteSource, options: PutBlobOptions): Promise<StoredBlob>

  /**
   * Opens the blob for reading.
   *
   * Promises: a missing key rejects with `BlobNotFound` before the first byte; destroying the stream frees everything
   * it held; a stream that cannot deliver all its bytes errors, it never just ends.
   */
  get(key: BlobKey, options: GetBlobOptions): Promise<Readable>

  /** Deletes the blobs, at most `limits.deleteBatchMax` of them. A missing key is fine. */
  delete(keys: readonly BlobKey[], options?: CallOptions): Promise<void>

  /** Every readable blob whose key begins with the prefix, in byte order; for the collector and fsck only. */
  list(options: ListBlobsOptions): AsyncIterable<BlobEntry>

  /** Frees what `init` took. Calling it twice is fine. */
  close(): Promise<void>

  /** Optional powers. Presence is the claim (`undefined` is absence); each changes speed or cost, never outcomes. */
  readonly copying?: CopyFacet | undefined
  readonly joining?: JoinFacet | undefined
  readonly unfinished?: UnfinishedFacet | undefined
  readonly presigning?: PresignFacet | undefined
}

/** Copies inside the store. CopyObject does not need it: copies share their blobs. */
export interface CopyFacet {
  /** Copies a blob inside the store, without moving bytes through us. */
  copy(from: BlobKey, to: BlobKey, options?: CallOptions): Promise<StoredBlob>
}

/** Joins blobs that lie in the store into one, without moving bytes through us (UploadPartCopy, compose). Used after the commit. */
export interface JoinFacet {
  readonly sourceCountMax: number
  /** The least size of every source but the last, in bytes. */
  readonly sourceSizeMin: number
  readonly sourceSizeMax: number
  /** All sources but the last must be of one size (R2). */
  readonly sourceSizesEqual: boolean
  join(to: BlobKey, sources: readonly BlobKey[], options: JoinOptions): Promise<StoredBlob>
}

/** What a join may need on its way. */
export interface JoinOptions extends CallOptions {
  /** Reserves a name before it is used, so that the collector knows it. */
  temporary(): Promise<BlobKey>
}

/** What a store keeps of writes that never finished (multipart uploads, resumable sessions): for the collector. */
export interface UnfinishedFacet {
  list(options: { readonly before: Date }): AsyncIterable<UnfinishedWrite>
  abort(write: UnfinishedWrite): Promise<void>
}

/** A write that the store still keeps open: whose blob it was to be, its name at the vendor, and since when. */
export interface UnfinishedWrite {
  readonly key: BlobKey
  readonly id: string
  readonly startedAt: Date
}

/** Lets a client read a blob from the store itself, without its bytes passing through us. */
export interface PresignFacet {
  /** A URL that reads the blob directly; it cannot be taken back before it expires. */
  presignGet(key: BlobKey, options: { readonly expiresInSeconds: number; readonly contentType?: string }): Promise<URL>
}

/** What a wrapper implements: every facet must be forwarded or refused in so many words. */
export type EveryMember<T> = { [K in keyof Required<T>]: T[K] | (undefined extends T[K] ? undefined : never) }
