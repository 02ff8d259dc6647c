import { StorageError } from '@stowage/core'
import type { AnyStorageError, StorageErrorCode, StorageErrorDetails } from '@stowage/core'
import { describe, expect, test } from 'vitest'
import { s3ErrorFields, s3ErrorRow } from './errors.ts'
import { S3_ERROR_STATUS } from './s3-error.ts'

function make<C extends StorageErrorCode>(code: C, details: StorageErrorDetails[C]): AnyStorageError {
  return new StorageError(code, details) as AnyStorageError
}

/** Each code of the engine, what S3 calls it, and what stands beside the message. */
const ROWS: readonly (readonly [AnyStorageError, number, string, Readonly<Record<string, string>>])[] = [
  [make('AccessDenied', { action: 'object.read' }), 403, 'AccessDenied', {}],
  [make('BackendUnavailable', { backend: 'fs', operation: 'put' }), 503, 'ServiceUnavailable', {}],
  [make('BackendUnavailable', { backend: 's3', operation: 'put', throttled: true }), 503, 'SlowDown', {}],
  [make('BlobNotFound', { blob: 'abc' }), 500, 'InternalError', {}],
  [make('BlobDamaged', { blob: 'abc', reason: 'short' }), 500, 'InternalError', {}],
  [make('BucketAlreadyExists', { bucket: 'b', ownedByCaller: false }), 409, 'BucketAlreadyExists', { BucketName: 'b' }],
  [make('BucketAlreadyExists', { bucket: 'b', ownedByCaller: true }), 409, 'BucketAlreadyOwnedByYou', { BucketName: 'b' }],
  [make('BucketNotEmpty', { bucket: 'b' }), 409, 'BucketNotEmpty', { BucketName: 'b' }],
  [make('BucketNotFound', { bucket: 'b' }), 404, 'NoSuchBucket', { BucketName: 'b' }],
  [make('ChecksumMismatch', { algorithm: 'CRC32', expected: 'AAAA', actual: 'BBBB' }), 400, 'BadDigest', {}],
  [
    make('ChecksumMismatch', { algorithm: 'MD5', expected: 'AAAA', actual: 'BBBB' }),
    400,
    'BadDigest',
    { ExpectedDigest: 'AAAA', CalculatedDigest: 'BBBB' },
  ],
  [make('ChecksumMismatch', { algorithm: 'SHA256', expected: 'AAAA', actual: 'BBBB' }), 400, 'BadDigest', {}],
  [
    make('ChecksumMismatch', { algorithm: 'content-sha256', expected: '/w==', actual: 'AA==' }),
    400,
    'XAmzContentSHA256Mismatch',
    { ClientComputedContentSHA256: 'ff', S3ComputedContentSHA256: '00' },
  ],
  [make('BucketPolicyNotFound', { bucket: 'b' }), 404, 'NoSuchBucketPolicy', { BucketName: 'b' }],
  [make('Conflict', { what: 'the policy' }), 409, 'OperationAborted', {}],
  [make('DirectoryInUse', { directory: 'there' }), 503, 'ServiceUnavailable', {}],
  [make('DeleteMarkerFound', { bucket: 'b', key: 'k', versionId: 'v' }), 405, 'MethodNotAllowed', {}],
  [make('IncompleteBody', { expected: 2, actual: 1 }), 400, 'IncompleteBody', {}],
  [make('InvalidArgument', { argument: 'key', reason: 'has a NUL character' }), 400, 'InvalidArgument', { ArgumentName: 'key' }],
  [
    make('InvalidArgument', { argument: 'continuationToken', reason: 'is none' }),
    400,
    'InvalidArgument',
    { ArgumentName: 'continuation-token' },
  ],
  [make('InvalidArgument', { argument: 'source', reason: 'is the target' }), 400, 'InvalidRequest', { ArgumentName: 'source' }],
  [make('InvalidArgument', { argument: 'tags', reason: 'too long' }), 400, 'InvalidTag', { ArgumentName: 'tags' }],
  [make('InvalidBucketName', { bucket: 'B', reason: 'capital' }), 400, 'InvalidBucketName', { BucketName: 'B' }],
  [make('InvalidPart', { partNumber: 3, reason: 'gone' }), 400, 'InvalidPart', { PartNumber: '3' }],
  [make('InvalidPartOrder', { partNumber: 3 }), 400, 'InvalidPartOrder', { PartNumber: '3' }],
  [make('InvalidRange', { size: 7 }), 416, 'InvalidRange', { ActualObjectSize: '7' }],
  [make('KeyTooLong', { length: 1025, max: 1024 }), 400, 'KeyTooLongError', { Size: '1025', MaxSizeAllowed: '1024' }],
  [make('LimitExceeded', { limit: 'tagsMax', max: 10 }), 400, 'InvalidTag', {}],
  [make('LimitExceeded', { limit: 'userMetadataBytesMax', max: 2048 }), 400, 'MetadataTooLarge', {}],
  [make('LimitExceeded', { limit: 'headerBytesMax', max: 8192 }), 400, 'MetadataTooLarge', {}],
  [make('LimitExceeded', { limit: 'deleteObjectsMax', max: 1000 }), 400, 'InvalidRequest', {}],
  [make('MalformedPolicy', { place: 'Version', reason: 'is none' }), 400, 'MalformedPolicy', {}],
  [make('NotModified', { etag: 'e', lastModified: new Date(0) }), 304, 'NotModified', {}],
  [make('NotSupported', { feature: 'time travel' }), 501, 'NotImplemented', {}],
  [make('PolicyFailed', { reason: 'a text is no integer' }), 403, 'AccessDenied', {}],
  [make('ObjectLocked', { bucket: 'b', key: 'k', versionId: 'v' }), 403, 'AccessDenied', {}],
  [make('ObjectNotFound', { bucket: 'b', key: 'k' }), 404, 'NoSuchKey', { Key: 'k' }],
  [make('ObjectTooLarge', { size: 9, max: 8 }), 400, 'EntityTooLarge', { ProposedSize: '9', MaxSizeAllowed: '8' }],
  [make('OffsetMismatch', { expected: 1, actual: 2 }), 400, 'InvalidRequest', {}],
  [make('OutcomeUnknown', { command: 'commitObject' }), 503, 'ServiceUnavailable', {}],
  [
    make('PartTooSmall', { partNumber: 1, size: 4, min: 5 }),
    400,
    'EntityTooSmall',
    { ProposedSize: '4', MinSizeAllowed: '5', PartNumber: '1' },
  ],
  [make('PreconditionFailed', { condition: 'if-match' }), 412, 'PreconditionFailed', { Condition: 'If-Match' }],
  [make('PreconditionFailed', { condition: 'if-unmodified-since' }), 412, 'PreconditionFailed', { Condition: 'If-Unmodified-Since' }],
  [make('SchemaTooNew', { found: 2, supported: 1 }), 503, 'ServiceUnavailable', {}],
  [make('SchemaTooOld', { found: 1, needed: 2 }), 503, 'ServiceUnavailable', {}],
  [make('StorageFull', { where: 'the disk' }), 507, 'InsufficientStorage', {}],
  [make('StoreNotUsable', { reason: 'it is a backup' }), 503, 'ServiceUnavailable', {}],
  [make('StoreUnavailable', { store: 'sqlite', reason: 'closed' }), 503, 'ServiceUnavailable', {}],
  [make('UploadNotFound', { uploadId: 'u' }), 404, 'NoSuchUpload', { UploadId: 'u' }],
  [make('VersionNotFound', { bucket: 'b', key: 'k', versionId: 'v' }), 404, 'NoSuchVersion', { Key: 'k', VersionId: 'v' }],
]

/** A new code does not compile until it is here, and does not pass until it has a row. */
const CODES: Readonly<Record<StorageErrorCode, true>> = {
  AccessDenied: true,
  BackendUnavailable: true,
  BlobNotFound: true,
  BlobDamaged: true,
  BucketAlreadyExists: true,
  BucketNotEmpty: true,
  BucketNotFound: true,
  BucketPolicyNotFound: true,
  MalformedPolicy: true,
  ChecksumMismatch: true,
  Conflict: true,
  DirectoryInUse: true,
  DeleteMarkerFound: true,
  IncompleteBody: true,
  InvalidArgument: true,
  InvalidBucketName: true,
  InvalidPart: true,
  InvalidPartOrder: true,
  InvalidRange: true,
  KeyTooLong: true,
  LimitExceeded: true,
  NotModified: true,
  NotSupported: true,
  ObjectLocked: true,
  ObjectNotFound: true,
  ObjectTooLarge: true,
  OffsetMismatch: true,
  OutcomeUnknown: true,
  PartTooSmall: true,
  PolicyFailed: true,
  PreconditionFailed: true,
  SchemaTooNew: true,
  SchemaTooOld: true,
  StorageFull: true,
  StoreNotUsable: true,
  StoreUnavailable: true,
  UploadNotFound: true,
  VersionNotFound: true,
}

describe('what S3 calls the errors of the engine', () => {
  test.each(ROWS.map((row) => [`${row[0].code} ${JSON.stringify(row[0].details)}`, ...row] as const))(
    '%s',
    (_, error, status, code, fields) => {
      expect(s3ErrorRow(error)).toMatchObject({ status, code })
      expect(s3ErrorFields(error)).toEqual(fields)
    },
  )

  test('each has the status that its name has elsewhere', () => {
    for (const [error] of ROWS) {
      const row = s3ErrorRow(error)
      expect([row.code, row.status]).toEqual([row.code, S3_ERROR_STATUS[row.code]])
    }
  })

  test('every code is among them', () => {
    expect(new Set(ROWS.map(([error]) => error.code))).toEqual(new Set(Object.keys(CODES)))
  })

  test('what may not leave the server is not in its message', () => {
    const silent = new Set(['BlobNotFound', 'BlobDamaged', 'BackendUnavailable', 'StoreUnavailable', 'DirectoryInUse', 'StorageFull'])
    for (const [error] of ROWS)
      if (silent.has(error.code)) expect([error.code, s3ErrorRow(error).message]).toEqual([error.code, expect.any(String)])
  })
})
