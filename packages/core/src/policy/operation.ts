/** What an operation does to its bucket or key, as a policy sees it. */
export type Action =
  | 'bucket.create'
  | 'bucket.read'
  | 'bucket.list'
  | 'bucket.update'
  | 'bucket.delete'
  | 'bucket.policy.read'
  | 'bucket.policy.write'
  | 'bucket.explain'
  | 'object.read'
  | 'object.list'
  | 'object.write'
  | 'object.delete'

/** The name of an operation, from the one closed list. */
export type OperationName =
  | 'CreateBucket'
  | 'HeadBucket'
  | 'ListBuckets'
  | 'DeleteBucket'
  | 'PutBucketVersioning'
  | 'PutBucketAcl'
  | 'GetBucketPolicy'
  | 'PutBucketPolicy'
  | 'DeleteBucketPolicy'
  | 'GetBucketPolicyStatus'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'PutObjectAcl'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'CopyObject'
  | 'ListObjects'
  | 'ListObjectVersions'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'UploadPartCopy'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts'
  | 'ListMultipartUploads'
  | 'CreateAppendUpload'
  | 'AppendToUpload'
  | 'GetAppendUpload'
  | 'FinishAppendUpload'
  | 'AbortAppendUpload'

interface OperationRow {
  /** Supabase Storage's operation string: policies in the wild contain them. */
  readonly supabase: string
  /** AWS's action name. */
  readonly s3: string
}

/** The names that other worlds give to an operation. */
export const OPERATION_NAMES: Readonly<Record<OperationName, OperationRow>> = {
  CreateBucket: { supabase: 'storage.s3.bucket.create', s3: 's3:CreateBucket' },
  HeadBucket: { supabase: 'storage.s3.bucket.head', s3: 's3:ListBucket' },
  ListBuckets: { supabase: 'storage.s3.bucket.list', s3: 's3:ListAllMyBuckets' },
  DeleteBucket: { supabase: 'storage.s3.bucket.delete', s3: 's3:DeleteBucket' },
  PutBucketVersioning: { supabase: 'storage.bucket.update', s3: 's3:PutBucketVersioning' },
  PutBucketAcl: { supabase: 'storage.s3.bucket.put_acl', s3: 's3:PutBucketAcl' },
  GetBucketPolicy: { supabase: 'storage.s3.bucket.get_policy', s3: 's3:GetBucketPolicy' },
  PutBucketPolicy: { supabase: 'storage.s3.bucket.put_policy', s3: 's3:PutBucketPolicy' },
  DeleteBucketPolicy: { supabase: 'storage.s3.bucket.delete_policy', s3: 's3:DeleteBucketPolicy' },
  GetBucketPolicyStatus: { supabase: 'storage.s3.bucket.get_policy_status', s3: 's3:GetBucketPolicyStatus' },
  PutObject: { supabase: 'storage.s3.upload', s3: 's3:PutObject' },
  GetObject: { supabase: 'storage.s3.object.get', s3: 's3:GetObject' },
  HeadObject: { supabase: 'storage.s3.object.info', s3: 's3:GetObject' },
  PutObjectAcl: { supabase: 'storage.s3.object.put_acl', s3: 's3:PutObjectAcl' },
  DeleteObject: { supabase: 'storage.s3.object.delete', s3: 's3:DeleteObject' },
  DeleteObjects: { supabase: 'storage.s3.object.delete_many', s3: 's3:DeleteObject' },
  CopyObject: { supabase: 'storage.s3.object.copy', s3: 's3:PutObject' },
  ListObjects: { supabase: 'storage.s3.object.list', s3: 's3:ListBucket' },
  ListObjectVersions: { supabase: 'storage.s3.object.list', s3: 's3:ListBucketVersions' },
  CreateMultipartUpload: { supabase: 'storage.s3.upload.create_multipart', s3: 's3:PutObject' },
  UploadPart: { supabase: 'storage.s3.upload.part', s3: 's3:PutObject' },
  UploadPartCopy: { supabase: 'storage.s3.upload.part_copy', s3: 's3:PutObject' },
  CompleteMultipartUpload: { supabase: 'storage.s3.upload.complete_multipart', s3: 's3:PutObject' },
  AbortMultipartUpload: { supabase: 'storage.s3.upload.abort_multipart', s3: 's3:AbortMultipartUpload' },
  ListParts: { supabase: 'storage.s3.upload.list_parts', s3: 's3:ListMultipartUploadParts' },
  ListMultipartUploads: { supabase: 'storage.s3.upload.list_multipart', s3: 's3:ListBucketMultipartUploads' },
  CreateAppendUpload: { supabase: 'storage.tus.upload.create', s3: 's3:PutObject' },
  AppendToUpload: { supabase: 'storage.tus.upload.part', s3: 's3:PutObject' },
  GetAppendUpload: { supabase: 'storage.tus.upload.get', s3: 's3:ListMultipartUploadParts' },
  FinishAppendUpload: { supabase: 'storage.tus.upload.part', s3: 's3:PutObject' },
  AbortAppendUpload: { supabase: 'storage.tus.upload.delete', s3: 's3:AbortMultipartUpload' },
}
