import { StorageError } from '../errors/storage-error.ts'
import type { Action, OperationName } from '../policy/operation.ts'
import type { SessionContext } from './context.ts'
import type { ExplainInput } from './explanation.ts'
import { bucketQuestion, listQuestion, objectQuestion } from './object-question.ts'
import type { BucketQuestion } from './with-requirement.ts'

/** What each operation asks of the bucket, or the key, that it is about. */
const ACTIONS: Readonly<Record<OperationName, Action>> = {
  CreateBucket: 'bucket.create',
  HeadBucket: 'bucket.read',
  ListBuckets: 'bucket.list',
  DeleteBucket: 'bucket.delete',
  PutBucketVersioning: 'bucket.update',
  PutBucketAcl: 'bucket.update',
  GetBucketPolicy: 'bucket.policy.read',
  PutBucketPolicy: 'bucket.policy.write',
  DeleteBucketPolicy: 'bucket.policy.write',
  GetBucketPolicyStatus: 'bucket.policy.read',
  PutObject: 'object.write',
  GetObject: 'object.read',
  HeadObject: 'object.read',
  PutObjectAcl: 'object.write',
  DeleteObject: 'object.delete',
  DeleteObjects: 'object.delete',
  CopyObject: 'object.write',
  ListObjects: 'object.list',
  ListObjectVersions: 'object.list',
  CreateMultipartUpload: 'object.write',
  UploadPart: 'object.write',
  UploadPartCopy: 'object.write',
  CompleteMultipartUpload: 'object.write',
  AbortMultipartUpload: 'object.write',
  ListParts: 'object.write',
  ListMultipartUploads: 'object.list',
  CreateAppendUpload: 'object.write',
  AppendToUpload: 'object.write',
  GetAppendUpload: 'object.write',
  FinishAppendUpload: 'object.write',
  AbortAppendUpload: 'object.write',
}
const COPIES: ReadonlySet<OperationName> = new Set(['CopyObject', 'UploadPartCopy'])

/**
 * The questions that a request would ask, in their order. Throws `InvalidArgument` where it does not say what it is about, `NotSupported`
 * for buckets that are to be made and for the list of all buckets: there is no one bucket whose owner could ask.
 */
export function explainedQuestions(session: SessionContext, input: ExplainInput): readonly BucketQuestion[] {
  const { operation, overwrite = 'allowed', source } = input
  const action = ACTIONS[operation]
  if (action === undefined) throw invalid('operation', 'is none')
  if (action === 'bucket.create' || action === 'bucket.list') throw new StorageError('NotSupported', { feature: `Explaining ${operation}` })
  if (action === 'object.list') return [listQuestion({ operation, action }, { ...input.listing, bucket: input.bucket })]
  if (action.startsWith('bucket.')) return [bucketQuestion({ operation, action }, input.bucket)]
  if (input.key === undefined) throw invalid('key', `is missing: ${operation} is about an object`)
  const object = { bucket: input.bucket, key: input.key, ...(input.versionId === undefined ? {} : { versionId: input.versionId }) }
  if (action !== 'object.write') return [objectQuestion(session, { operation, action }, object)]
  const target = objectQuestion(session, { operation, action, overwrite }, object)
  if (!COPIES.has(operation)) return [target]
  if (source === undefined) throw invalid('source', `is missing: ${operation} reads an object`)
  return [objectQuestion(session, { operation, action: 'object.read', side: 'source' }, source), target]
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
