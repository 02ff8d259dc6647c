import type { HttpHeader, HttpInputError, HttpInputErrorCode } from '@stowage/http'

/** The status AWS gives with each code (AWS: "Error responses", list of error codes). What is not here cannot be answered. */
export const S3_ERROR_STATUS = {
  AccessControlListNotSupported: 400,
  AccessDenied: 403,
  AccountProblem: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyExists: 409,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  ConditionalRequestConflict: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  ExpiredToken: 400,
  IllegalLocationConstraintException: 400,
  IllegalVersioningConfigurationException: 400,
  IncompleteBody: 400,
  InsufficientStorage: 507,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidObjectState: 403,
  InvalidPart: 400,
  InvalidPartNumber: 416,
  InvalidPartOrder: 400,
  InvalidPolicyDocument: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidStorageClass: 400,
  InvalidTag: 400,
  InvalidToken: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedACLError: 400,
  MalformedPOSTRequest: 400,
  MalformedPolicy: 400,
  MalformedTrailerError: 400,
  MalformedXML: 400,
  MaxMessageLengthExceeded: 400,
  MaxPostPreDataLengthExceeded: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  MissingRequestBodyError: 400,
  MissingSecurityHeader: 400,
  NoSuchBucket: 404,
  NoSuchBucketPolicy: 404,
  NoSuchCORSConfiguration: 404,
  NoSuchKey: 404,
  NoSuchLifecycleConfiguration: 404,
  NoSuchPublicAccessBlockConfiguration: 404,
  NoSuchTagSet: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  NoSuchWebsiteConfiguration: 404,
  NotImplemented: 501,
  NotModified: 304,
  ObjectLockConfigurationNotFoundError: 404,
  OperationAborted: 409,
  PreconditionFailed: 412,
  ReplicationConfigurationNotFoundError: 404,
  RequestTimeTooSkewed: 403,
  RequestTimeout: 400,
  ServerSideEncryptionConfigurationNotFoundError: 404,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  TooManyBuckets: 400,
  UnexpectedContent: 400,
  XAmzContentChecksumMismatch: 400,
  XAmzContentSHA256Mismatch: 400,
} as const

/** The closed list of codes that this protocol answers with. */
export type S3ErrorCode = keyof typeof S3_ERROR_STATUS

/** What an answer carries besides code and message. */
export interface S3ErrorOptions {
  /** Further elements of the error document, such as `Region`, by name. Never a secret. */
  readonly fields?: Readonly<Record<string, string>>
  /** Further headers of the answer. */
  readonly headers?: readonly HttpHeader[]
  /** Where this code comes with another status than usual. */
  readonly status?: number
  /** What failed below: for logs, never in the answer. */
  readonly cause?: unknown
}

/** An error of the protocol itself: what a client gets to see, word for word. The engine's errors are of another class. */
export class S3Error extends Error {
  override readonly name = 'S3Error'
  readonly code: S3ErrorCode
  readonly status: number
  readonly fields: Readonly<Record<string, string>>
  readonly headers: readonly HttpHeader[]

  constructor(code: S3ErrorCode, message: string, options: S3ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status ?? S3_ERROR_STATUS[code]
    this.fields = options.fields ?? {}
    this.headers = options.headers ?? []
  }
}

const NAMES: Readonly<Record<HttpInputErrorCode, S3ErrorCode>> = {
  BodyTaken: 'InvalidRequest',
  BodyTimeout: 'RequestTimeout',
  BodyTooLarge: 'MaxMessageLengthExceeded',
  BodyTruncated: 'IncompleteBody',
  HeaderInvalid: 'InvalidArgument',
  HeaderMissing: 'InvalidRequest',
  TargetInvalid: 'InvalidURI',
}

const TOO_SLOW = 'Your socket connection to the server was not read from or written to within the timeout period.'

/** Gives a fault in the form of a request its S3 name. */
export function fromHttpInputError(error: HttpInputError): S3Error {
  const fields: Record<string, string> = error.code === 'HeaderInvalid' ? { ArgumentName: error.subject } : {}
  // In S3's own words (ErrorResponses): clients try again on account of the code, people look for the sentence.
  const message = error.code === 'BodyTimeout' ? TOO_SLOW : error.message
  return new S3Error(NAMES[error.code], message, { cause: error, fields })
}
