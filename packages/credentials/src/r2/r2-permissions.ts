import type { OperationName, Scope } from '@stowage/core'

/** What R2 lets a credential do, in its own words. */
export type R2Permission = 'admin-read-write' | 'admin-read-only' | 'object-read-write' | 'object-read-only'

type Kind = 'account-read' | 'configuration-read' | 'bucket-read' | 'bucket-write' | 'object-read' | 'object-write'

/** What each operation is to R2. */
const KINDS: Readonly<Record<OperationName, Kind>> = {
  CreateBucket: 'bucket-write',
  HeadBucket: 'bucket-read',
  ListBuckets: 'account-read',
  DeleteBucket: 'bucket-write',
  PutBucketVersioning: 'bucket-write',
  PutBucketAcl: 'bucket-write',
  GetBucketPolicy: 'configuration-read',
  PutBucketPolicy: 'bucket-write',
  DeleteBucketPolicy: 'bucket-write',
  GetBucketPolicyStatus: 'configuration-read',
  PutObject: 'object-write',
  GetObject: 'object-read',
  HeadObject: 'object-read',
  PutObjectAcl: 'object-write',
  DeleteObject: 'object-write',
  DeleteObjects: 'object-write',
  CopyObject: 'object-write',
  ListObjects: 'object-read',
  ListObjectVersions: 'object-read',
  CreateMultipartUpload: 'object-write',
  UploadPart: 'object-write',
  UploadPartCopy: 'object-write',
  CompleteMultipartUpload: 'object-write',
  AbortMultipartUpload: 'object-write',
  ListParts: 'object-read',
  ListMultipartUploads: 'object-read',
  CreateAppendUpload: 'object-write',
  AppendToUpload: 'object-write',
  GetAppendUpload: 'object-read',
  FinishAppendUpload: 'object-write',
  AbortAppendUpload: 'object-write',
}

const PERMISSIONS: Readonly<Record<R2Permission, readonly Kind[]>> = {
  'admin-read-write': ['account-read', 'configuration-read', 'bucket-read', 'bucket-write', 'object-read', 'object-write'],
  'admin-read-only': ['account-read', 'configuration-read', 'bucket-read', 'object-read'],
  'object-read-write': ['bucket-read', 'object-read', 'object-write'],
  'object-read-only': ['bucket-read', 'object-read'],
}

/** The actions that a locally signed credential may be limited to, and what they are here. Both listings are one operation. */
const ACTIONS: ReadonlyMap<string, OperationName> = new Map([
  ['HeadObject', 'HeadObject'],
  ['GetObject', 'GetObject'],
  ['GetBucketLocation', 'HeadBucket'],
  ['ListObjectsV1', 'ListObjects'],
  ['ListObjectsV2', 'ListObjects'],
  ['ListMultipartUploads', 'ListMultipartUploads'],
  ['ListParts', 'ListParts'],
  ['PutObject', 'PutObject'],
  ['DeleteObject', 'DeleteObject'],
  ['DeleteObjects', 'DeleteObjects'],
  ['CopyObject', 'CopyObject'],
  ['CreateMultipartUpload', 'CreateMultipartUpload'],
  ['UploadPart', 'UploadPart'],
  ['UploadPartCopy', 'UploadPartCopy'],
  ['AbortMultipartUpload', 'AbortMultipartUpload'],
  ['CompleteMultipartUpload', 'CompleteMultipartUpload'],
])

/** The permission groups of R2 API tokens, by name, and the resources that each is given for. */
export const R2_PERMISSION_GROUPS: ReadonlyMap<string, { readonly permission: R2Permission; readonly level: 'account' | 'bucket' }> =
  new Map([
    ['Workers R2 Storage Write', { permission: 'admin-read-write', level: 'account' }],
    ['Workers R2 Storage Read', { permission: 'admin-read-only', level: 'account' }],
    ['Workers R2 Storage Bucket Item Write', { permission: 'object-read-write', level: 'bucket' }],
    ['Workers R2 Storage Bucket Item Read', { permission: 'object-read-only', level: 'bucket' }],
  ] as const)

/** Whether a text is the name of a permission. */
export function isR2Permission(name: unknown): name is R2Permission {
  return typeof name === 'string' && Object.hasOwn(PERMISSIONS, name)
}

/** What a permission lets a credential do, in every bucket. */
export function r2PermissionScope(permission: R2Permission): Scope {
  const kinds = PERMISSIONS[permission]
  const names = Object.keys(KINDS) as OperationName[]
  return { operations: new Set(names.filter((name) => kinds.includes(KINDS[name]))) }
}

/** What a list of actions lets a credential do; null where one is not known. */
export function r2ActionsScope(actions: readonly string[]): Scope | null {
  const names = actions.map((action) => ACTIONS.get(action))
  return names.every((name) => name !== undefined) ? { operations: new Set(names) } : null
}
