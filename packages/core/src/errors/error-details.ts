/**
 * Everything that may go wrong in the engine, by a name that never changes once released, with what a caller
 * needs to act on it. The keys are the closed list of codes: a protocol's error table that misses one does not compile.
 */
export interface StorageErrorDetails {
  /** The caller may not do this. Says which action was refused, never why (that is `session.explain`). */
  AccessDenied: { readonly action: string }
  /** The backend cannot be reached, or answered with a fault of its own; the same call may succeed later. `throttled`: it asks for fewer requests. */
  BackendUnavailable: { readonly backend: string; readonly operation: string; readonly throttled?: true }
  /** A blob that a committed row names is not in the backend: damage, see `stowage fsck`. */
  BlobNotFound: { readonly blob: string }
  /** The bytes of a blob are not the bytes that were committed: damage, see `stowage fsck --deep`. */
  BlobDamaged: { readonly blob: string; readonly reason: string }
  BucketAlreadyExists: { readonly bucket: string; readonly ownedByCaller: boolean }
  BucketNotEmpty: { readonly bucket: string }
  BucketNotFound: { readonly bucket: string }
  /** What the client said about the content is not what arrived; nothing was written. `content-sha256` is `ExpectedContent.sha256`. */
  ChecksumMismatch: { readonly algorithm: string; readonly expected: string; readonly actual: string }
  /** Another writer was faster, more often than we retry; the same call may succeed later. */
  Conflict: { readonly what: string }
  /** Another process has this directory open. */
  DirectoryInUse: { readonly directory: string }
  /** The named version, or the current one, is a delete marker. */
  DeleteMarkerFound: { readonly bucket: string; readonly key: string; readonly versionId: string }
  /** The body ended before, or went on after, the length that was promised; nothing was written. */
  IncompleteBody: { readonly expected: number; readonly actual: number }
  InvalidArgument: { readonly argument: string; readonly reason: string }
  InvalidBucketName: { readonly bucket: string; readonly reason: string }
  /** A part that Complete names is not there, or has another ETag or checksum. */
  InvalidPart: { readonly partNumber: number; readonly reason: string }
  /** The list of parts is not in ascending order. */
  InvalidPartOrder: { readonly partNumber: number }
  InvalidRange: { readonly size: number }
  KeyTooLong: { readonly length: number; readonly max: number }
  /** A named limit of `limits.ts` was reached. */
  LimitExceeded: { readonly limit: string; readonly max: number }
  /** A policy that is not understood to the last word; it was not stored. */
  MalformedPolicy: { readonly place: string; readonly reason: string }
  /** If-None-Match or If-Modified-Since: what the caller has is current. */
  NotModified: { readonly etag: string; readonly lastModified: Date }
  /** Something that this engine, or the backend it runs on, does not do. */
  NotSupported: { readonly feature: string }
  ObjectLocked: { readonly bucket: string; readonly key: string; readonly versionId: string }
  ObjectNotFound: { readonly bucket: string; readonly key: string }
  ObjectTooLarge: { readonly size: number; readonly max: number }
  /** An append that does not start where the upload stands: `expected` is where it starts, `actual` where the upload stands. */
  OffsetMismatch: { readonly expected: number; readonly actual: number }
  /** The commit may or may not have happened; reading back tells. Nothing is cleaned up on the strength of this error. */
  OutcomeUnknown: { readonly command: string }
  PartTooSmall: { readonly partNumber: number; readonly size: number; readonly min: number }
  /** A bucket without a policy was asked for it. */
  BucketPolicyNotFound: { readonly bucket: string }
  /**
   * A policy could not be evaluated over a row: a text that is no number was cast to one, say. A refusal, as an error in a policy is in
   * Postgres. Says what went wrong, never with which value.
   */
  PolicyFailed: { readonly reason: string }
  PreconditionFailed: { readonly condition: 'if-match' | 'if-none-match' | 'if-modified-since' | 'if-unmodified-since' }
  /** The metadata store was written by a newer release. */
  SchemaTooNew: { readonly found: number; readonly supported: number }
  /** The metadata store is of an older release, or empty, and was opened with `migrate: false`. */
  SchemaTooOld: { readonly found: number; readonly needed: number }
  /** The disk, or the quota of the store, is full; nothing was written. */
  StorageFull: { readonly where: string }
  /** The metadata store is not to be served, or copied: why. */
  StoreNotUsable: { readonly reason: string }
  /** The metadata store cannot be reached or written to; the same call may succeed later. */
  StoreUnavailable: { readonly store: string; readonly reason: string }
  UploadNotFound: { readonly uploadId: string }
  VersionNotFound: { readonly bucket: string; readonly key: string; readonly versionId: string }
}

/** The closed list of codes. One more does not compile until every protocol says how it answers it. */
export type StorageErrorCode = keyof StorageErrorDetails
