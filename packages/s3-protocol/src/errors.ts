import { Buffer } from 'node:buffer'
import type { AnyStorageError, StorageErrorCode, StorageErrorDetails } from '@stowage/core'
import type { S3ErrorCode } from './s3-error.ts'

/** What S3 calls an error of the engine, and how it says it. */
export interface S3ErrorRow {
  readonly code: S3ErrorCode
  readonly status: number
  /** A sentence in S3's own words where it has some; else the error's own message, which holds no secret. */
  readonly message: string | null
}

/**
 * A new error of the engine does not compile until S3 has a name for it.
 * Source: the list of error codes in the Amazon S3 API reference (ErrorResponses).
 */
const S3_ERRORS: Readonly<Record<StorageErrorCode, S3ErrorRow>> = {
  AccessDenied: { code: 'AccessDenied', status: 403, message: 'Access Denied' },
  BackendUnavailable: { code: 'ServiceUnavailable', status: 503, message: 'Service is unable to handle request.' },
  BlobNotFound: { code: 'InternalError', status: 500, message: 'We encountered an internal error. Please try again.' },
  BlobDamaged: { code: 'InternalError', status: 500, message: 'We encountered an internal error. Please try again.' },
  BucketAlreadyExists: {
    code: 'BucketAlreadyExists',
    status: 409,
    message:
      'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
  },
  BucketNotEmpty: { code: 'BucketNotEmpty', status: 409, message: 'The bucket you tried to delete is not empty' },
  BucketPolicyNotFound: { code: 'NoSuchBucketPolicy', status: 404, message: 'The bucket policy does not exist' },
  BucketNotFound: { code: 'NoSuchBucket', status: 404, message: 'The specified bucket does not exist' },
  ChecksumMismatch: { code: 'BadDigest', status: 400, message: null },
  Conflict: {
    code: 'OperationAborted',
    status: 409,
    message: 'A conflicting conditional operation is currently in progress against this resource. Please try again.',
  },
  DirectoryInUse: { code: 'ServiceUnavailable', status: 503, message: 'Service is unable to handle request.' },
  DeleteMarkerFound: { code: 'MethodNotAllowed', status: 405, message: 'The specified method is not allowed against this resource.' },
  IncompleteBody: {
    code: 'IncompleteBody',
    status: 400,
    message: 'You did not provide the number of bytes specified by the Content-Length HTTP header',
  },
  InvalidArgument: { code: 'InvalidArgument', status: 400, message: null },
  InvalidBucketName: { code: 'InvalidBucketName', status: 400, message: 'The specified bucket is not valid.' },
  InvalidPart: {
    code: 'InvalidPart',
    status: 400,
    message:
      "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  },
  InvalidPartOrder: {
    code: 'InvalidPartOrder',
    status: 400,
    message: 'The list of parts was not in ascending order. The parts list must be specified in order by part number.',
  },
  InvalidRange: { code: 'InvalidRange', status: 416, message: 'The requested range is not satisfiable' },
  KeyTooLong: { code: 'KeyTooLongError', status: 400, message: 'Your key is too long' },
  LimitExceeded: { code: 'InvalidRequest', status: 400, message: null },
  MalformedPolicy: { code: 'MalformedPolicy', status: 400, message: null },
  NotModified: { code: 'NotModified', status: 304, message: null },
  NotSupported: { code: 'NotImplemented', status: 501, message: null },
  ObjectLocked: { code: 'AccessDenied', status: 403, message: 'Access Denied because object protected by object lock.' },
  ObjectNotFound: { code: 'NoSuchKey', status: 404, message: 'The specified key does not exist.' },
  ObjectTooLarge: { code: 'EntityTooLarge', status: 400, message: 'Your proposed upload exceeds the maximum allowed size' },
  OffsetMismatch: { code: 'InvalidRequest', status: 400, message: null },
  OutcomeUnknown: { code: 'ServiceUnavailable', status: 503, message: 'Service is unable to handle request.' },
  PartTooSmall: {
    code: 'EntityTooSmall',
    status: 400,
    message: 'Your proposed upload is smaller than the minimum allowed size',
  },
  // What is wrong is the operator's to know, not the client's.
  PolicyFailed: { code: 'AccessDenied', status: 403, message: 'Access Denied' },
  PreconditionFailed: {
    code: 'PreconditionFailed',
    status: 412,
    message: 'At least one of the pre-conditions you specified did not hold',
  },
  SchemaTooNew: { code: 'ServiceUnavailable', status: 503, message: 'Service is unable to handle request.' },
  SchemaTooOld: { code: 'ServiceUnavailable', status: 503, message: 'Service is unable to handle request.' },
  StoreNotUsable: { code: 'ServiceUnavailable', status: 503, message: 'Service is unable to handle request.' },
  // RFC 4918 §11.5. Clients retry 503 for minutes; a full disk wants a human.
  StorageFull: { code: 'InsufficientStorage', status: 507, message: 'The server has no space left to store the request.' },
  StoreUnavailable: { code: 'ServiceUnavailable', status: 503, message: 'Service is unable to handle request.' },
  UploadNotFound: {
    code: 'NoSuchUpload',
    status: 404,
    message: 'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
  },
  VersionNotFound: { code: 'NoSuchVersion', status: 404, message: 'The specified version does not exist.' },
}

const METADATA_TOO_LARGE: S3ErrorRow = {
  code: 'MetadataTooLarge',
  status: 400,
  message: 'Your metadata headers exceed the maximum allowed metadata size',
}

const COPY_TO_ITSELF: S3ErrorRow = {
  code: 'InvalidRequest',
  status: 400,
  message:
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
}

/** Clients wait longer before they repeat a request than after other failures. */
const SLOW_DOWN: S3ErrorRow = { code: 'SlowDown', status: 503, message: 'Please reduce your request rate.' }

/** The row for an error, where its details change what S3 calls it. */
export function s3ErrorRow(error: AnyStorageError): S3ErrorRow {
  switch (error.code) {
    case 'BackendUnavailable':
      return error.details.throttled === true ? SLOW_DOWN : S3_ERRORS.BackendUnavailable
    case 'BucketAlreadyExists':
      return error.details.ownedByCaller
        ? {
            code: 'BucketAlreadyOwnedByYou',
            status: 409,
            message: 'Your previous request to create the named bucket succeeded and you already own it.',
          }
        : S3_ERRORS.BucketAlreadyExists
    case 'ChecksumMismatch':
      return error.details.algorithm === 'content-sha256'
        ? {
            code: 'XAmzContentSHA256Mismatch',
            status: 400,
            message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
          }
        : S3_ERRORS.ChecksumMismatch
    case 'LimitExceeded':
      if (error.details.limit === 'userMetadataBytesMax' || error.details.limit === 'headerBytesMax') return METADATA_TOO_LARGE
      return error.details.limit === 'tagsMax' ? INVALID_TAG : S3_ERRORS.LimitExceeded
    case 'InvalidArgument':
      if (error.details.argument === 'source') return COPY_TO_ITSELF
      return error.details.argument === 'tags' ? INVALID_TAG : S3_ERRORS.InvalidArgument
    default:
      return S3_ERRORS[error.code]
  }
}

const INVALID_TAG: S3ErrorRow = { code: 'InvalidTag', status: 400, message: null }

/** What S3 calls the arguments of the engine, where it has another word. */
const ARGUMENT_NAMES: Readonly<Record<string, string>> = {
  checksumAlgorithm: 'x-amz-checksum-algorithm',
  checksumType: 'x-amz-checksum-type',
  continuationToken: 'continuation-token',
  keyMarker: 'key-marker',
  uploadIdMarker: 'upload-id-marker',
}

const CONDITION_NAMES = {
  'if-match': 'If-Match',
  'if-none-match': 'If-None-Match',
  'if-modified-since': 'If-Modified-Since',
  'if-unmodified-since': 'If-Unmodified-Since',
} as const

/** What S3 puts beside code and message, by the details of the error. */
export function s3ErrorFields(error: AnyStorageError): Readonly<Record<string, string>> {
  switch (error.code) {
    case 'BucketNotFound':
    case 'BucketPolicyNotFound':
    case 'BucketNotEmpty':
    case 'BucketAlreadyExists':
    case 'InvalidBucketName':
      return { BucketName: error.details.bucket }
    case 'ObjectNotFound':
      return { Key: error.details.key }
    case 'VersionNotFound':
      return { Key: error.details.key, VersionId: error.details.versionId }
    case 'UploadNotFound':
      return { UploadId: error.details.uploadId }
    case 'InvalidArgument':
      return { ArgumentName: ARGUMENT_NAMES[error.details.argument] ?? error.details.argument }
    case 'KeyTooLong':
      return { Size: String(error.details.length), MaxSizeAllowed: String(error.details.max) }
    case 'ObjectTooLarge':
      return { ProposedSize: String(error.details.size), MaxSizeAllowed: String(error.details.max) }
    case 'PartTooSmall':
      return {
        ProposedSize: String(error.details.size),
        MinSizeAllowed: String(error.details.min),
        PartNumber: String(error.details.partNumber),
      }
    case 'InvalidPart':
    case 'InvalidPartOrder':
      return { PartNumber: String(error.details.partNumber) }
    case 'InvalidRange':
      return { ActualObjectSize: String(error.details.size) }
    case 'PreconditionFailed':
      return { Condition: CONDITION_NAMES[error.details.condition] }
    case 'ChecksumMismatch':
      return checksumFields(error.details)
    default:
      return {}
  }
}

function checksumFields({ algorithm, expected, actual }: StorageErrorDetails['ChecksumMismatch']): Readonly<Record<string, string>> {
  if (algorithm === 'MD5') return { ExpectedDigest: expected, CalculatedDigest: actual }
  if (algorithm !== 'content-sha256') return {}
  const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex')
  return { ClientComputedContentSHA256: hex(expected), S3ComputedContentSHA256: hex(actual) }
}
