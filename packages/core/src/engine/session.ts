import type { BucketInfo } from '../model/bucket.ts'
import type { ObjectInfo } from '../model/object.ts'
import type { PartInfo, UploadInfo } from '../model/upload.ts'
import type { ExplainInput, Explanation } from './explanation.ts'
import type { PartPage } from '../metadata/commands.ts'
import type { Caller } from '../policy/caller.ts'
import type {
  AppendInput,
  AppendState,
  BucketInput,
  CompleteUploadInput,
  CopiedObject,
  CopiedPart,
  CopyObjectInput,
  CreateAppendUploadInput,
  CreateBucketInput,
  CreateUploadInput,
  DeletedObject,
  DeleteObjectInput,
  DeleteObjectsInput,
  DeleteResult,
  ExpectOwnerInput,
  FinishAppendInput,
  GetObjectInput,
  ListBucketsInput,
  ListedObjects,
  ListedParts,
  ListedUploads,
  ListedVersions,
  ListObjectsInput,
  ListPartsInput,
  ListUploadsInput,
  ListVersionsInput,
  ObjectInput,
  OpenedObject,
  PutBucketPolicyInput,
  PutObjectInput,
  SetVersioningInput,
  UploadInput,
  UploadPartCopyInput,
  UploadPartInput,
} from './inputs.ts'

/**
 * What one caller may do in one request: the only door to data. Every method asks the policy, and the store holds the
 * answer against the rows it has locked. Every method rejects with a `StorageError`, or with `signal.reason`.
 */
export interface Session {
  readonly caller: Caller

  createBucket(input: CreateBucketInput): Promise<BucketInfo>
  headBucket(input: BucketInput): Promise<BucketInfo>
  listBuckets(input?: ListBucketsInput): Promise<{ readonly buckets: readonly BucketInfo[]; readonly nextToken: string | null }>
  /** `AccessDenied` where the bucket belongs to another account than is said; needs no permission. */
  expectOwner(input: ExpectOwnerInput): Promise<void>
  /** There is one ACL, its owner in full control, and it stays: this asks whether the caller may set it, as `setVersioning` would. */
  putBucketAcl(input: BucketInput): Promise<BucketInfo>
  /** The same of an object, of any of its versions: whether the caller may replace it by itself. */
  putObjectAcl(input: ObjectInput): Promise<ObjectInfo>
  /** Versions that are there stay. Commits under way are decided before it, or anew. */
  setVersioning(input: SetVersioningInput): Promise<void>
  /** The policy's text, as it was put. `BucketPolicyNotFound` where there is none. */
  getBucketPolicy(input: BucketInput): Promise<string>
  /** Takes effect at once in this process, within a second in others. `MalformedPolicy` for what is not understood to the last word. */
  putBucketPolicy(input: PutBucketPolicyInput): Promise<void>
  /** Deleting what is not there succeeds. */
  deleteBucketPolicy(input: BucketInput): Promise<void>
  /** Whether the policy lets in everybody. `BucketPolicyNotFound` where there is none. */
  getBucketPolicyStatus(input: BucketInput): Promise<{ readonly isPublic: boolean }>
  /**
   * Why a request would be allowed or refused: what had a say, and the values it saw. For the operator, about whomever; for the account that
   * the bucket belongs to, about accounts and anonymous callers. `AccessDenied` for everybody else, about their own requests too, and for
   * the account about users: the policies that decide on them are the namespace's.
   */
  explain(input: ExplainInput): Promise<Explanation>
  /** Unfinished uploads go with the bucket; objects, versions and delete markers keep it (`BucketNotEmpty`). */
  deleteBucket(input: BucketInput): Promise<void>

  /** Stores the object whole or not at all; when it resolves, the object is durable and visible. */
  putObject(input: PutObjectInput): Promise<ObjectInfo>
  getObject(input: GetObjectInput): Promise<OpenedObject>
  headObject(input: GetObjectInput): Promise<Omit<OpenedObject, 'open' | 'bytes' | 'close' | 'directUrl'>>
  /** The parts that a multipart object was completed from. */
  listObjectParts(input: ObjectInput & { readonly partNumberMarker?: number; readonly limit?: number }): Promise<PartPage>
  /** Deleting what is not there succeeds. */
  deleteObject(input: DeleteObjectInput): Promise<DeletedObject>
  /** At most 1,000 keys; each has its own result, in the order asked. */
  deleteObjects(input: DeleteObjectsInput): Promise<readonly DeleteResult[]>
  /** Moves no bytes: the copy shares the blobs. */
  copyObject(input: CopyObjectInput): Promise<CopiedObject>
  listObjects(input: ListObjectsInput): Promise<ListedObjects>
  listVersions(input: ListVersionsInput): Promise<ListedVersions>

  createUpload(input: CreateUploadInput): Promise<UploadInfo>
  uploadPart(input: UploadPartInput): Promise<PartInfo>
  uploadPartCopy(input: UploadPartCopyInput): Promise<CopiedPart>
  /** One commit, no byte moved. The same call again gives the same answer. */
  completeUpload(input: CompleteUploadInput): Promise<ObjectInfo>
  abortUpload(input: UploadInput): Promise<void>
  listParts(input: ListPartsInput): Promise<ListedParts>
  listUploads(input: ListUploadsInput): Promise<ListedUploads>

  createAppendUpload(input: CreateAppendUploadInput): Promise<UploadInfo>
  /**
   * Adds bytes at the end. A body that breaks off keeps what became durable: `getAppendUpload` says how far.
   * Limited by bytes, not by the number of calls.
   */
  append(input: AppendInput): Promise<AppendState>
  getAppendUpload(input: UploadInput): Promise<AppendState & { readonly upload: UploadInfo }>
  finishAppendUpload(input: FinishAppendInput): Promise<ObjectInfo>
  abortAppendUpload(input: UploadInput): Promise<void>
}
