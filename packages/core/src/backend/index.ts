export type {
  Backend,
  BackendLimits,
  BlobEntry,
  ByteRange,
  ByteSource,
  CallOptions,
  CopyFacet,
  EveryMember,
  GetBlobOptions,
  JoinFacet,
  JoinOptions,
  ListBlobsOptions,
  PresignFacet,
  PutBlobOptions,
  StoredBlob,
  UnfinishedFacet,
  UnfinishedWrite,
} from './backend.ts'
export { copyBlobs } from './copy-blobs.ts'
export type { CopiedBlobs, CopyBlobsOptions, CopyBlobsStep } from './copy-blobs.ts'
export { abandonSource, eachChunk } from './each-chunk.ts'
export { isLendingReadable } from './lending-readable.ts'
export type { LendingReadable } from './lending-readable.ts'
export { memoryBackend } from './memory-backend.ts'
export type { MemoryBackendOptions } from './memory-backend.ts'
export { MovableBackend } from './movable-backend.ts'
export type { BlobPlaces } from './movable-backend.ts'
export { SharedBackend } from './shared-backend.ts'
export { FACET_NAMES, without } from './without-facets.ts'
export type { FacetName } from './without-facets.ts'
export { BLOB_KEY_LENGTH_MAX, parseBlobKey } from './blob-key.ts'
export type { BlobKey } from './blob-key.ts'
export { isStorageError, StorageError } from '../errors/storage-error.ts'
export type { AnyStorageError, StorageErrorOptions } from '../errors/storage-error.ts'
export type { StorageErrorCode, StorageErrorDetails } from '../errors/error-details.ts'
export { combineCrcs } from '../checksums/combine-crc.ts'
export type { CrcPiece } from '../checksums/combine-crc.ts'
export { crc32c } from '../checksums/crc32c.ts'
export { systemClock } from '../util/clock.ts'
export type { Clock } from '../util/clock.ts'
