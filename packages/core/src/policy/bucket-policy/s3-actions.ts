import type { OperationName } from '../operation.ts'
import { OPERATION_NAMES } from '../operation.ts'
import type { Access } from '../policy.ts'

/** What AWS's action is about: a bucket, or objects in it. */
export type S3Resource = 'bucket' | 'object'

const OBJECT_ACTIONS = `AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion
DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent
GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging
GetObjectVersionTorrent ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold
PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateTags RestoreObject`

const BUCKET_ACTIONS = `CreateBucket DeleteBucket DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration GetAnalyticsConfiguration
GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging GetBucketNotification GetBucketObjectLockConfiguration
GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging
GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration
GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions
PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification
PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketRequestPayment
PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration PutIntelligentTieringConfiguration
PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration PutReplicationConfiguration`

/**
 * The actions that a bucket policy may name, and what each is about. Those that are not served here are never asked for. AWS: Service
 * Authorization Reference, list_amazons3.
 */
export const S3_ACTIONS: ReadonlyMap<string, S3Resource> = new Map([
  ...OBJECT_ACTIONS.split(/\s+/).map((name) => [`s3:${name}`, 'object'] as const),
  ...BUCKET_ACTIONS.split(/\s+/).map((name) => [`s3:${name}`, 'bucket'] as const),
])

/** AWS's name of what is asked; a request may ask several things, a copy one of each side. */
export function s3ActionOf({ action, request, versionId }: Pick<Access, 'action' | 'request' | 'versionId'>): string {
  switch (action) {
    case 'object.read':
      return versionId === null ? 's3:GetObject' : 's3:GetObjectVersion'
    case 'object.delete':
      return versionId === null ? 's3:DeleteObject' : 's3:DeleteObjectVersion'
    case 'object.write':
      if (request.operation === 'PutObjectAcl' && versionId !== null) return 's3:PutObjectVersionAcl'
      return nameOf(request.operation, WRITES, 's3:PutObject')
    case 'object.list':
      return nameOf(request.operation, LISTS, 's3:ListBucket')
    case 'bucket.list':
      return 's3:ListAllMyBuckets'
    case 'bucket.create':
      return 's3:CreateBucket'
    case 'bucket.delete':
      return 's3:DeleteBucket'
    case 'bucket.update':
      return nameOf(request.operation, UPDATES, 's3:PutBucketVersioning')
    case 'bucket.read':
      return 's3:ListBucket'
    case 'bucket.explain':
      // AWS has no such action, so that no statement speaks of it.
      return 'stowage:Explain'
    case 'bucket.policy.read':
      return nameOf(request.operation, POLICY_READS, 's3:GetBucketPolicy')
    case 'bucket.policy.write':
      return nameOf(request.operation, POLICY_WRITES, 's3:PutBucketPolicy')
    default:
      return action satisfies never
  }
}

const WRITES: ReadonlySet<OperationName> = new Set([
  'PutObjectAcl',
  'AbortMultipartUpload',
  'ListParts',
  'GetAppendUpload',
  'AbortAppendUpload',
])
const LISTS: ReadonlySet<OperationName> = new Set(['ListObjects', 'ListObjectVersions', 'ListMultipartUploads'])
const UPDATES: ReadonlySet<OperationName> = new Set(['PutBucketVersioning', 'PutBucketAcl'])
const POLICY_READS: ReadonlySet<OperationName> = new Set(['GetBucketPolicy', 'GetBucketPolicyStatus'])
const POLICY_WRITES: ReadonlySet<OperationName> = new Set(['PutBucketPolicy', 'DeleteBucketPolicy'])

/** A request may ask what its name does not say, such as the look at a bucket on the way to a copy. */
function nameOf(operation: OperationName, among: ReadonlySet<OperationName>, otherwise: string): string {
  return among.has(operation) ? OPERATION_NAMES[operation].s3 : otherwise
}
