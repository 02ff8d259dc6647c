import type { PartPage } from '../metadata/commands.ts'
import type { BucketInfo } from '../model/bucket.ts'
import type { ObjectInfo } from '../model/object.ts'
import type { PartInfo, UploadInfo } from '../model/upload.ts'
import type { Caller } from '../policy/caller.ts'
import { abortAppendUpload } from './append/abort-append-upload.ts'
import { abortUpload } from './multipart/abort-upload.ts'
import { append } from './append/append.ts'
import { completeUpload } from './multipart/complete-upload.ts'
import { createAppendUpload } from './append/create-append-upload.ts'
import { createUpload } from './multipart/create-upload.ts'
import { finishAppendUpload } from './append/finish-append-upload.ts'
import { getAppendUpload } from './append/get-append-upload.ts'
import { listParts } from './multipart/list-parts.ts'
import { listUploads } from './multipart/list-uploads.ts'
import { uploadPart } from './multipart/upload-part.ts'
import { uploadPartCopy } from './multipart/upload-part-copy.ts'
import type { SessionContext } from './context.ts'
import { copyObject } from './copy-object.ts'
import { createBucket } from './create-bucket.ts'
import { deleteBucket } from './delete-bucket.ts'
import { deleteBucketPolicy, getBucketPolicy, getBucketPolicyStatus, putBucketPolicy } from './bucket-policies.ts'
import { explain } from './explain.ts'
import type { ExplainInput, Explanation } from './explanation.ts'
import { setVersioning } from './set-versioning.ts'
import { deleteObject, deleteObjects } from './delete-objects.ts'
import { getObject } from './get-object.ts'
import { expectOwner } from './expect-owner.ts'
import { putBucketAcl, putObjectAcl } from './put-acl.ts'
import { headBucket } from './head-bucket.ts'
import { headObject } from './head-object.ts'
import type * as inputs from './inputs.ts'
import { listBuckets } from './list-buckets.ts'
import { listObjectParts } from './list-object-parts.ts'
import { listObjects } from './list-objects.ts'
import { listVersions } from './list-versions.ts'
import { putObject } from './put-object.ts'
import type { Session } from './session.ts'

/** The session: each method forwards to the one file that does it, counted as a call under way. */
export class SessionImplementation implements Session {
  readonly #context: SessionContext

  constructor(context: SessionContext) {
    this.#context = context
  }

  get caller(): Caller {
    return this.#context.caller
  }

  createBucket(input: inputs.CreateBucketInput): Promise<BucketInfo> {
    return this.#call(createBucket, input)
  }

  headBucket(input: inputs.BucketInput): Promise<BucketInfo> {
    return this.#call(headBucket, input)
  }

  expectOwner(input: inputs.ExpectOwnerInput): Promise<void> {
    return this.#call(expectOwner, input)
  }

  putBucketAcl(input: inputs.BucketInput): Promise<BucketInfo> {
    return this.#call(putBucketAcl, input)
  }

  putObjectAcl(input: inputs.ObjectInput): Promise<ObjectInfo> {
    return this.#call(putObjectAcl, input)
  }

  listBuckets(input: inputs.ListBucketsInput = {}): ReturnType<Session['listBuckets']> {
    return this.#call(listBuckets, input)
  }

  setVersioning(input: inputs.SetVersioningInput): Promise<void> {
    return this.#call(setVersioning, input)
  }

  getBucketPolicy(input: inputs.BucketInput): Promise<string> {
    return this.#call(getBucketPolicy, input)
  }

  putBucketPolicy(input: inputs.PutBucketPolicyInput): Promise<void> {
    return this.#call(putBucketPolicy, input)
  }

  deleteBucketPolicy(input: inputs.BucketInput): Promise<void> {
    return this.#call(deleteBucketPolicy, input)
  }

  getBucketPolicyStatus(input: inputs.BucketInput): Promise<{ readonly isPublic: boolean }> {
    return this.#call(getBucketPolicyStatus, input)
  }

  explain(input: ExplainInput): Promise<Explanation> {
    return this.#call(explain, input)
  }

  deleteBucket(input: inputs.BucketInput): Promise<void> {
    return this.#call(deleteBucket, input)
  }

  putObject(input: inputs.PutObjectInput): Promise<ObjectInfo> {
    return this.#call(putObject, input)
  }

  getObject(input: inputs.GetObjectInput): Promise<inputs.OpenedObject> {
    return this.#call(getObject, input)
  }

  headObject(input: inputs.GetObjectInput): ReturnType<Session['headObject']> {
    return this.#call(headObject, input)
  }

  listObjectParts(input: Parameters<Session['listObjectParts']>[0]): Promise<PartPage> {
    return this.#call(listObjectParts, input)
  }

  deleteObject(input: inputs.DeleteObjectInput): Promise<inputs.DeletedObject> {
    return this.#call(deleteObject, input)
  }

  deleteObjects(input: inputs.DeleteObjectsInput): Promise<readonly inputs.DeleteResult[]> {
    return this.#call(deleteObjects, input)
  }

  copyObject(input: inputs.CopyObjectInput): Promise<inputs.CopiedObject> {
    return this.#call(copyObject, input)
  }

  listObjects(input: inputs.ListObjectsInput): Promise<inputs.ListedObjects> {
    return this.#call(listObjects, input)
  }

  listVersions(input: inputs.ListVersionsInput): Promise<inputs.ListedVersions> {
    return this.#call(listVersions, input)
  }

  createUpload(input: inputs.CreateUploadInput): Promise<UploadInfo> {
    return this.#call(createUpload, input)
  }

  uploadPart(input: inputs.UploadPartInput): Promise<PartInfo> {
    return this.#call(uploadPart, input)
  }

  uploadPartCopy(input: inputs.UploadPartCopyInput): Promise<inputs.CopiedPart> {
    return this.#call(uploadPartCopy, input)
  }

  completeUpload(input: inputs.CompleteUploadInput): Promise<ObjectInfo> {
    return this.#call(completeUpload, input)
  }

  abortUpload(input: inputs.UploadInput): Promise<void> {
    return this.#call(abortUpload, input)
  }

  listParts(input: inputs.ListPartsInput): Promise<inputs.ListedParts> {
    return this.#call(listParts, input)
  }

  listUploads(input: inputs.ListUploadsInput): Promise<inputs.ListedUploads> {
    return this.#call(listUploads, input)
  }

  createAppendUpload(input: inputs.CreateAppendUploadInput): Promise<UploadInfo> {
    return this.#call(createAppendUpload, input)
  }

  append(input: inputs.AppendInput): Promise<inputs.AppendState> {
    return this.#call(append, input)
  }

  getAppendUpload(input: inputs.UploadInput): ReturnType<Session['getAppendUpload']> {
    return this.#call(getAppendUpload, input)
  }

  finishAppendUpload(input: inputs.FinishAppendInput): Promise<ObjectInfo> {
    return this.#call(finishAppendUpload, input)
  }

  abortAppendUpload(input: inputs.UploadInput): Promise<void> {
    return this.#call(abortAppendUpload, input)
  }

  #call<I, T>(call: (session: SessionContext, input: I) => Promise<T>, input: I): Promise<T> {
    return this.#context.engine.calls.run(call, this.#context, input)
  }
}
