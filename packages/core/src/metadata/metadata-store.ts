import type { BucketInfo } from '../model/bucket.ts'
import type { BlobRef, Extent } from '../model/extent.ts'
import type { UploadInfo } from '../model/upload.ts'
import type {
  AbortUploadOutcome,
  CommitAppendCommand,
  CommitAppendOutcome,
  CommitObjectCommand,
  CommitObjectOutcome,
  CommitPartCommand,
  CommitPartOutcome,
  CompleteUploadCommand,
  CompleteUploadOutcome,
  CreateBucketCommand,
  CreateBucketOutcome,
  CreateUploadCommand,
  CreateUploadOutcome,
  DeleteBucketCommand,
  DeleteBucketOutcome,
  DeleteObjectsCommand,
  DeleteOutcome,
  PartPage,
  UploadTarget,
} from './commands.ts'
import type { StoreInspection } from './inspection.ts'
import type {
  FindObjectQuery,
  FoundInfo,
  FoundRecord,
  ListBucketsPage,
  ListBucketsQuery,
  ListObjectsPage,
  ListObjectsQuery,
  ListUploadsPage,
  ListUploadsQuery,
  ListVersionsPage,
  ListVersionsQuery,
} from './queries.ts'

/** An upload with what only the engine needs: the hash state and the stored bytes behind the last merge of an append upload. */
export interface UploadRecord extends UploadInfo {
  readonly hashState: Uint8Array | null
  /** The last pieces of an append upload, oldest first, while they are small enough to be worth merging. */
  readonly tail: readonly AppendPiece[]
}
export interface AppendPiece {
  readonly offset: number
  readonly extent: Extent
}

export interface Heartbeat {
  readonly processId: string
  /** How long ago the oldest read that this process still has open was opened, in milliseconds; null where none is. */
  readonly oldestReadAgeMs: number | null
}

export interface ClaimGarbageQuery {
  /** How long a blob stays after its last reference went, in seconds. */
  readonly graceSeconds: number
  /** A process that has not been heard of for this long is dead: its reservations are garbage, its reads are over. */
  readonly leaseSeconds: number
  readonly limit: number
}

/**
 * Keeps names, versions and settings of one namespace. Every method is one atomic unit: there is no transaction to hold.
 *
 * Commits lock the policy version and the bucket's row (shared, by id) and the key, before they read what they replace.
 * Promises: when a command resolves with success, it survives a power cut (unless the store was opened with less); a
 * reader that starts afterwards sees it. Rejects with `StoreUnavailable` when nothing was changed, and with
 * `OutcomeUnknown` when the commit may have happened. Keys order by their UTF-8 bytes.
 */
export interface MetadataStore {
  /** For messages, metrics and logs; never branched on. */
  readonly name: string

  /** Connects, and brings the schema up to date. Rejects with `SchemaTooNew`, `DirectoryInUse` or `StoreUnavailable`. */
  open(): Promise<void>
  /** Finishes what is under way. Calling it twice is fine. */
  close(): Promise<void>

  policyVersion(): Promise<number>
  /** Adds one to the version where it is still `expected`; gives back what it is then. */
  raisePolicyVersion(expected: number): Promise<number>

  createBucket(command: CreateBucketCommand): Promise<CreateBucketOutcome>
  findBucket(query: { readonly jurisdiction: string; readonly name: string }): Promise<BucketInfo | null>
  listBuckets(query: ListBucketsQuery): Promise<ListBucketsPage>
  deleteBucket(command: DeleteBucketCommand): Promise<DeleteBucketOutcome>

  findObject(query: FindObjectQuery): Promise<FoundInfo>
  /** As `findObject`, with where the bytes are, inline bytes included. */
  findRecord(query: FindObjectQuery): Promise<FoundRecord>
  /** The parts that a current or former version was completed from; empty for an object that was written in one go. */
  listObjectParts(query: FindObjectQuery & { readonly after: number; readonly limit: number }): Promise<PartPage>
  listObjects(query: ListObjectsQuery): Promise<ListObjectsPage>
  listVersions(query: ListVersionsQuery): Promise<ListVersionsPage>
  commitObject(command: CommitObjectCommand): Promise<CommitObjectOutcome>
  deleteObjects(command: DeleteObjectsCommand): Promise<readonly DeleteOutcome[]>

  createUpload(command: CreateUploadCommand): Promise<CreateUploadOutcome>
  /** Null where there is none, it belongs to another bucket or key, or it is completed or aborted. */
  findUpload(query: { readonly uploadId: string; readonly bucketId: string; readonly key: string }): Promise<UploadRecord | null>
  listUploads(query: ListUploadsQuery): Promise<ListUploadsPage>
  listParts(query: { readonly uploadId: string; readonly after: number; readonly limit: number }): Promise<PartPage>
  /** A part sent again replaces the former one; the last to finish wins. */
  commitPart(command: CommitPartCommand): Promise<CommitPartOutcome>
  commitAppend(command: CommitAppendCommand): Promise<CommitAppendOutcome>
  /** O(parts), no byte moved. A replay of a completed upload with the same parts gives the first answer again. */
  completeUpload(command: CompleteUploadCommand): Promise<CompleteUploadOutcome>
  abortUpload(command: UploadTarget): Promise<AbortUploadOutcome>
  /** Aborts uploads begun before the time, and forgets the answers of those completed before it. Says how many. */
  expireUploads(query: { readonly before: Date; readonly limit: number }): Promise<number>

  /** Leaves a trace of blobs before their bytes go out. They are garbage once the process is dead, or says so. */
  reserveBlobs(command: { readonly processId: string; readonly blobs: readonly BlobRef[] }): Promise<void>
  /** Hands reserved blobs that will not be committed to the collector. Blobs that have a reference are left alone. */
  abandonBlobs(blobs: readonly BlobRef[]): Promise<void>
  /** States that the process lives, and the oldest read it has open. */
  heartbeat(beat: Heartbeat): Promise<void>
  /** Says that the process has ended: what it reserved and never wrote is garbage at once. */
  endProcess(processId: string): Promise<void>
  /** Blobs to delete now. A claimed blob gains no reference any more. Claims of a collector that died are given out again. */
  claimGarbage(query: ClaimGarbageQuery): Promise<readonly BlobRef[]>
  /** The claimed blobs are deleted. */
  forgetGarbage(blobs: readonly BlobRef[]): Promise<void>

  /** For fsck: what the rows say, page by page. */
  readonly inspection: StoreInspection
}
