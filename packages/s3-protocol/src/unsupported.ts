import type { OperationMatch } from './operation.ts'

/** An operation of S3 that this door does not answer, and how a request for it looks. */
export interface UnsupportedOperation {
  readonly name: string
  readonly match: Pick<OperationMatch, 'method' | 'on' | 'query'>
}

type Row = readonly [name: string, method: OperationMatch['method'], on: OperationMatch['on'], word: string]

const bucket = (word: string, names: { get?: string; put?: string; remove?: string }): readonly Row[] => [
  ...(names.get === undefined ? [] : [[names.get, 'GET', 'bucket', word] as const]),
  ...(names.put === undefined ? [] : [[names.put, 'PUT', 'bucket', word] as const]),
  ...(names.remove === undefined ? [] : [[names.remove, 'DELETE', 'bucket', word] as const]),
]

const ROWS: readonly Row[] = [
  ...bucket('abac', { get: 'GetBucketAbac', put: 'PutBucketAbac' }),
  ...bucket('accelerate', { put: 'PutBucketAccelerateConfiguration' }),
  ...bucket('analytics', {
    get: 'GetBucketAnalyticsConfiguration',
    put: 'PutBucketAnalyticsConfiguration',
    remove: 'DeleteBucketAnalyticsConfiguration',
  }),
  ['ListBucketAnalyticsConfigurations', 'GET', 'bucket', 'analytics'],
  ...bucket('cors', { put: 'PutBucketCors', remove: 'DeleteBucketCors' }),
  ...bucket('encryption', { put: 'PutBucketEncryption', remove: 'DeleteBucketEncryption' }),
  ...bucket('intelligent-tiering', {
    get: 'GetBucketIntelligentTieringConfiguration',
    put: 'PutBucketIntelligentTieringConfiguration',
    remove: 'DeleteBucketIntelligentTieringConfiguration',
  }),
  ['ListBucketIntelligentTieringConfigurations', 'GET', 'bucket', 'intelligent-tiering'],
  ...bucket('inventory', {
    get: 'GetBucketInventoryConfiguration',
    put: 'PutBucketInventoryConfiguration',
    remove: 'DeleteBucketInventoryConfiguration',
  }),
  ['ListBucketInventoryConfigurations', 'GET', 'bucket', 'inventory'],
  ...bucket('lifecycle', {
    put: 'PutBucketLifecycleConfiguration',
    remove: 'DeleteBucketLifecycle',
  }),
  ...bucket('logging', { put: 'PutBucketLogging' }),
  ...bucket('metadataConfiguration', { get: 'GetBucketMetadataConfiguration', remove: 'DeleteBucketMetadataConfiguration' }),
  ['CreateBucketMetadataConfiguration', 'POST', 'bucket', 'metadataConfiguration'],
  ['UpdateBucketMetadataAnnotationTableConfiguration', 'PUT', 'bucket', 'metadataAnnotationTable'],
  ['UpdateBucketMetadataInventoryTableConfiguration', 'PUT', 'bucket', 'metadataInventoryTable'],
  ['UpdateBucketMetadataJournalTableConfiguration', 'PUT', 'bucket', 'metadataJournalTable'],
  ...bucket('metadataTable', { get: 'GetBucketMetadataTableConfiguration', remove: 'DeleteBucketMetadataTableConfiguration' }),
  ['CreateBucketMetadataTableConfiguration', 'POST', 'bucket', 'metadataTable'],
  ...bucket('metrics', {
    get: 'GetBucketMetricsConfiguration',
    put: 'PutBucketMetricsConfiguration',
    remove: 'DeleteBucketMetricsConfiguration',
  }),
  ['ListBucketMetricsConfigurations', 'GET', 'bucket', 'metrics'],
  ...bucket('notification', { put: 'PutBucketNotificationConfiguration' }),
  ...bucket('object-lock', { put: 'PutObjectLockConfiguration' }),
  ...bucket('ownershipControls', {
    put: 'PutBucketOwnershipControls',
    remove: 'DeleteBucketOwnershipControls',
  }),
  ...bucket('publicAccessBlock', { put: 'PutPublicAccessBlock', remove: 'DeletePublicAccessBlock' }),
  ...bucket('replication', { put: 'PutBucketReplication', remove: 'DeleteBucketReplication' }),
  ...bucket('requestPayment', { put: 'PutBucketRequestPayment' }),
  ...bucket('session', { get: 'CreateSession' }),
  ...bucket('tagging', { put: 'PutBucketTagging', remove: 'DeleteBucketTagging' }),
  ...bucket('website', { put: 'PutBucketWebsite', remove: 'DeleteBucketWebsite' }),
  ['DeleteObjectAnnotation', 'DELETE', 'object', 'annotation'],
  ['GetObjectAnnotation', 'GET', 'object', 'annotation'],
  ['ListObjectAnnotations', 'GET', 'object', 'annotation'],
  ['PutObjectAnnotation', 'PUT', 'object', 'annotation'],
  ['UpdateObjectEncryption', 'PUT', 'object', 'encryption'],
  ['PutObjectLegalHold', 'PUT', 'object', 'legal-hold'],
  ['RenameObject', 'PUT', 'object', 'renameObject'],
  ['RestoreObject', 'POST', 'object', 'restore'],
  ['PutObjectRetention', 'PUT', 'object', 'retention'],
  ['SelectObjectContent', 'POST', 'object', 'select'],
  ['PutObjectTagging', 'PUT', 'object', 'tagging'],
  ['DeleteObjectTagging', 'DELETE', 'object', 'tagging'],
  ['GetObjectTorrent', 'GET', 'object', 'torrent'],
]

/** Known to S3, not to us: each is answered 501 with its name, never by a neighbouring operation. */
export const UNSUPPORTED_OPERATIONS: readonly UnsupportedOperation[] = ROWS.map(([name, method, on, word]) => ({
  name,
  match: { method, on, query: { [word]: true } },
}))

/** Operations with hosts or forms of their own, which a request to this door cannot even name. */
export const ELSEWHERE: ReadonlySet<string> = new Set(['ListDirectoryBuckets', 'WriteGetObjectResponse'])
