import type { BucketInfo } from '../model/bucket.ts'
import type { BlobRef } from '../model/extent.ts'
import type { ObjectInfo } from '../model/object.ts'
import type { UploadInfo } from '../model/upload.ts'
import type { Predicate } from '../policy/predicate.ts'
import type { Relation } from '../policy/relation.ts'
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
  SetBucketPolicyCommand,
  SetBucketPolicyOutcome,
  SetVersioningCommand,
  SetVersioningOutcome,
  UploadTarget,
} from './commands.ts'
import type {
  DocumentId,
  DocumentsRead,
  ListDocumentsPage,
  ListDocumentsQuery,
  ReadDocumentsQuery,
  StoredDocument,
  WriteDocumentsCommand,
  WriteDocumentsOutcome,
} from './documents.ts'
import type { StoreCopying } from './copying.ts'
import type {
  ChangeRelationRowsCommand,
  ChangeRelationRowsOutcome,
  ListRelationRowsPage,
  ListRelationRowsQuery,
  RelationTableFault,
} from './relations.ts'
import type { ExchangeExtentsCommand, ExchangeExtentsOutcome, PlacedManifest, VersionPlace } from './exchange.ts'
import type { StoreInspection } from './inspection.ts'
import type { FinishJobCommand, FinishJobOutcome, RenewJobCommand, RenewJobOutcome, TakeJobCommand, TakeJobOutcome } from './jobs.ts'
import type { HoldGarbageCommand, HoldGarbageOutcome, ReleaseGarbageOutcome } from './leases.ts'
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
  RowCondition,
  Verdict,
} from './queries.ts'

/** An upload with what only the engine needs. */
export interface UploadRecord extends UploadInfo {
  readonly status: 'open' | 'completed'
  /** What it became, where it is completed. */
  readonly result: ObjectInfo | null
  /** The running hashes of an append upload after its last durable byte. */
  readonly hashState: Uint8Array | null
  /** Of how many extents what was appended consists; 0 for parts. */
  readonly extentCount: number
  /** The last inline pieces of an append upload, oldest first, without their bytes: at most 256, up to the last blob. */
  readonly tail: readonly AppendPiece[]
}
/** One inline run of an append upload. */
export interface AppendPiece {
  readonly offset: number
  readonly length: number
}

/** Which upload, and for whom it is there: `visible` is held against its row: `owner_id`, and as `account` its `ownerAccount`. */
export interface UploadQuery {
  readonly uploadId: string
  readonly bucketId: string
  readonly key: string
  readonly visible: Predicate
}

/** A sign of life. Garbage that may still be read waits for it, see `claimGarbage`. */
export interface Heartbeat {
  readonly processId: string
  /** How long ago the oldest read that this process still has open was opened, in milliseconds; null where none is. */
  readonly oldestReadAgeMs: number | null
}

/** Which blobs the collector may have. */
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
 * Commits lock the policy version and the bucket (shared, by id) and the key, before they read what they replace. They
 * check in this order: bucket, policy version, the bucket's versioning, the upload's `visible`, replay of a completed upload, `proposed`, `existing`,
 * conditions (where `existing` is denied and looks absent they answer as on an absent key), locks, `finalCreated` or
 * `finalReplaced`, blobs. New references are made before old ones are dropped.
 * Promises: when a command resolves with success, it survives a power cut (unless the store was opened with less); a
 * reader that starts afterwards sees it. Rejects with `StoreUnavailable` when nothing was changed, and with
 * `OutcomeUnknown` when the commit may have happened; with `Conflict` where an id that must be new (of a bucket, an upload, a
 * blob) is taken, and with `InvalidArgument` for a value that no row may hold. Keys order by their UTF-8 bytes.
 * A store that others mark while it is open (see `StoreMark`), but for a backup, refuses every command and the policy version with `StoreNotUsable`:
 * a command has ended before the mark is there, or changes nothing.
 */
export interface MetadataStore {
  /** For messages, metrics and logs; never branched on. */
  readonly name: string
  /**
   * How old the answer to a query may be that says `mayLag`, in milliseconds; 0 where none is. What an answer names is garbage for longer than
   * that before it is deleted: the engine refuses a shorter grace.
   */
  readonly lagMilliseconds: number

  /** Connects, and brings the schema up to date where the store was not told otherwise. Rejects with `SchemaTooNew`, `SchemaTooOld`, `DirectoryInUse`, `StoreUnavailable`, or `StoreNotUsable` for one that has a `StoreMark`. */
  open(): Promise<void>
  /** Finishes what is under way, and breaks off what is read by `copying.held`: its next read rejects with `StoreUnavailable`. Calling it twice is fine. */
  close(): Promise<void>

  policyVersion(): Promise<number>
  /** Adds one to the version where it is still `expected`; gives back what it is then. */
  raisePolicyVersion(expected: number): Promise<number>

  createBucket(command: CreateBucketCommand): Promise<CreateBucketOutcome>
  findBucket(query: { readonly jurisdiction: string; readonly name: string }): Promise<BucketInfo | null>
  listBuckets(query: ListBucketsQuery): Promise<ListBucketsPage>
  deleteBucket(command: DeleteBucketCommand): Promise<DeleteBucketOutcome>
  setVersioning(command: SetVersioningCommand): Promise<SetVersioningOutcome>
  /** Kept as the document `BUCKET_POLICY_KIND` with the bucket's id; gone with the bucket. */
  setBucketPolicy(command: SetBucketPolicyCommand): Promise<SetBucketPolicyOutcome>

  /** Holds conditions against rows that are given, as commits do: relations are looked into as they are now. For explanations. */
  judge(conditions: readonly RowCondition[]): Promise<readonly Verdict[]>

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
  /** Null where there is none, it was aborted, it belongs to another bucket or key, or `visible` does not hold over its row. */
  findUpload(query: UploadQuery): Promise<UploadRecord | null>
  /** The inline bytes of an append upload from an offset on, in order; none where no inline piece begins there any more. */
  readAppendTail(query: UploadQuery & { readonly from: number }): Promise<Uint8Array>
  listUploads(query: ListUploadsQuery): Promise<ListUploadsPage>
  listParts(query: UploadQuery & { readonly after: number; readonly limit: number }): Promise<PartPage>
  /** A part sent again replaces the former one; the last to finish wins. */
  commitPart(command: CommitPartCommand): Promise<CommitPartOutcome>
  commitAppend(command: CommitAppendCommand): Promise<CommitAppendOutcome>
  /** O(parts), no byte moved. A replay of a completed upload with the same parts gives the first answer again. */
  completeUpload(command: CompleteUploadCommand): Promise<CompleteUploadOutcome>
  abortUpload(command: UploadTarget): Promise<AbortUploadOutcome>
  /** Aborts uploads that are past their `expiresAt`, and forgets the answers of those completed longer ago. By the store's clock. Says how many. */
  expireUploads(query: { readonly answersKeptSeconds: number; readonly limit: number }): Promise<number>

  /** Leaves a trace of blobs before their bytes go out. They are garbage once the process is dead, or says so. */
  reserveBlobs(command: { readonly processId: string; readonly blobs: readonly BlobRef[] }): Promise<void>
  /**
   * Hands blobs that are still reserved to the collector, and gives back which those were. Never queues anything else. After
   * `OutcomeUnknown` it waits for the commit in doubt and fences it: given back means that the commit did not happen and
   * never will, not given back means that it did.
   */
  abandonBlobs(blobs: readonly BlobRef[]): Promise<readonly BlobRef[]>
  /** Those of some blobs that are reserved. `StoreNotUsable` where the store is marked: what is not reserved in it may be so in another one. */
  reservedAmong(blobs: readonly BlobRef[]): Promise<readonly BlobRef[]>
  /** States that the process lives, and the oldest read it has open. `lapsed`: it had been taken for dead, its reservations may be gone. */
  heartbeat(beat: Heartbeat): Promise<{ readonly lapsed: boolean }>
  /** Says that the process has ended: what it reserved and never wrote is garbage at once. */
  endProcess(processId: string): Promise<void>
  /**
   * Blobs to delete now. A claimed blob gains no reference any more. Claims of a collector that died are given out again.
   * A blob is claimed only when its grace is over, every live process has sent a heartbeat since it was queued, and none
   * has a read open that began before it was queued, or within the grace after it; and none at all while somebody holds
   * garbage back.
   */
  claimGarbage(query: ClaimGarbageQuery): Promise<readonly BlobRef[]>
  /** The claimed blobs are deleted. */
  forgetGarbage(blobs: readonly BlobRef[]): Promise<void>
  /**
   * The pause that a backup needs. From the answer on nothing is claimed, by no process, until the lease runs out or is given back;
   * the same call by the same holder renews it. What was claimed before may still be deleted: no row that is read after the
   * answer refers to it, nor will one. Commits go on, and blobs that lose their last reference are queued.
   */
  holdGarbage(command: HoldGarbageCommand): Promise<HoldGarbageOutcome>
  /** Gives the lease back. The answer says whether it was held to the end. */
  releaseGarbage(holder: string): Promise<ReleaseGarbageOutcome>

  /** Takes a job that is due; of several who want it, one gets it. */
  takeJob(command: TakeJobCommand): Promise<TakeJobOutcome>
  renewJob(command: RenewJobCommand): Promise<RenewJobOutcome>
  finishJob(command: FinishJobCommand): Promise<FinishJobOutcome>

  /** Where the bytes of a version lie, for whoever means to move them: it asks for no right, and gives no bytes. Null where the version is gone. */
  findPlaces(query: VersionPlace): Promise<PlacedManifest | null>
  /**
   * Makes a version name other blobs for the same bytes, with all its parts, in one unit; what it named before is garbage where
   * nothing else holds it. Nothing that a user sees of it changes. Locks the key, as commits do.
   */
  exchangeExtents(command: ExchangeExtentsCommand): Promise<ExchangeExtentsOutcome>

  /** All documents of some kinds, and the policy version that they belong to. */
  readDocuments(query: ReadDocumentsQuery): Promise<DocumentsRead>
  /** Null where there is none. */
  readDocument(query: DocumentId): Promise<StoredDocument | null>
  listDocuments(query: ListDocumentsQuery): Promise<ListDocumentsPage>
  /**
   * Writes all of them or none, with the tables of relations that go with them. Rejects with `LimitExceeded` for what is beyond
   * `DOCUMENT_LIMITS`, with `InvalidArgument` for what no table can become, and with `Conflict` where such a table is there already.
   */
  writeDocuments(command: WriteDocumentsCommand): Promise<WriteDocumentsOutcome>

  /** Puts and deletes rows of a relation that the engine keeps. Rejects with `InvalidArgument`, with the place, for values that its columns may not hold. */
  changeRelationRows(command: ChangeRelationRowsCommand): Promise<ChangeRelationRowsOutcome>
  listRelationRows(query: ListRelationRowsQuery): Promise<ListRelationRowsPage>
  /** Why policies cannot look into each of these relations that the database keeps; null where they can. In their order. */
  inspectRelationTables(relations: readonly Relation[]): Promise<readonly (RelationTableFault | null)[]>

  /** For fsck: what the rows say, page by page. */
  readonly inspection: StoreInspection
  /** For those who bring the whole store elsewhere: rows as they are. */
  readonly copying: StoreCopying
}
