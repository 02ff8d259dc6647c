import { isStorageError, StorageError } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import { DEPTH_MAX, safeCause } from './safe-cause.ts'

/** The name this backend goes by in errors, metrics and logs. */
export const BACKEND_NAME = 's3'

/** What we were doing when the service, or the way to it, failed. */
export interface FailedCall {
  readonly operation:
    | 'init'
    | 'put'
    | 'get'
    | 'delete'
    | 'list'
    | 'copy'
    | 'join'
    | 'presign'
    | 'list unfinished writes'
    | 'abort an unfinished write'
  /** The blob that a 404 is about. */
  readonly key?: BlobKey
  /** The operation of S3, for services that do not have it. */
  readonly request: string
}

type Row = keyof typeof SENTENCES

/** What is wrong, for whoever runs the service; and whether it passes by itself. */
const SENTENCES = {
  bucket: { retryable: false, says: 'the bucket is not there' },
  refused: { retryable: false, says: 'these credentials may not do that' },
  credentials: { retryable: false, says: 'the service does not accept the credentials' },
  expired: { retryable: false, says: 'the credentials have expired' },
  'no credentials': { retryable: false, says: 'no credentials were found' },
  'no region': { retryable: false, says: 'no region is configured' },
  region: { retryable: false, says: 'the bucket is in another region, or at another endpoint' },
  clock: { retryable: false, says: 'the clock of this machine and that of the service differ too much' },
  throttled: { retryable: true, says: 'the service asks for fewer requests' },
  busy: { retryable: true, says: 'the service failed' },
  timeout: { retryable: true, says: 'the service did not answer in time' },
  network: { retryable: true, says: 'the service cannot be reached, or the connection broke' },
  damaged: { retryable: true, says: 'the bytes did not arrive as they were sent' },
  upload: { retryable: true, says: 'the upload, or a part of it, is gone' },
  unsaid: { retryable: true, says: 'a 404 came that does not say what is missing, so perhaps not from the service' },
  incomplete: { retryable: true, says: 'the service left out what an answer has to say' },
  other: { retryable: false, says: 'the service refused' },
} as const

/** The words of services, and of Node, for what a caller can act on. Source: the list of error codes in the Amazon S3 API reference. */
const ROWS: Readonly<Record<string, Row | 'missing' | 'full' | 'unsupported'>> = {
  NoSuchKey: 'missing',
  // The word of the vendor's client for a 404 without one: of a HEAD, or of a proxy.
  NotFound: 'unsaid',
  NoSuchBucket: 'bucket',
  AccessDenied: 'refused',
  AllAccessDisabled: 'refused',
  AccountProblem: 'refused',
  Forbidden: 'refused',
  InvalidAccessKeyId: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  InvalidToken: 'credentials',
  InvalidSecurity: 'credentials',
  ExpiredToken: 'expired',
  TokenRefreshRequired: 'expired',
  CredentialsProviderError: 'no credentials',
  PermanentRedirect: 'region',
  TemporaryRedirect: 'region',
  AuthorizationHeaderMalformed: 'region',
  IllegalLocationConstraintException: 'region',
  RequestTimeTooSkewed: 'clock',
  SlowDown: 'throttled',
  ServiceUnavailable: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  TooManyRequests: 'throttled',
  RequestLimitExceeded: 'throttled',
  InternalError: 'busy',
  OperationAborted: 'busy',
  ConditionalRequestConflict: 'busy',
  RequestTimeout: 'timeout',
  TimeoutError: 'timeout',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'network',
  ECONNREFUSED: 'network',
  ECONNABORTED: 'network',
  EPIPE: 'network',
  ENOTFOUND: 'network',
  EAI_AGAIN: 'network',
  EHOSTUNREACH: 'network',
  ENETUNREACH: 'network',
  BadDigest: 'damaged',
  IncompleteBody: 'damaged',
  XAmzContentSHA256Mismatch: 'damaged',
  XAmzContentChecksumMismatch: 'damaged',
  // Ours: see incompleteAnswer.
  IncompleteAnswer: 'incomplete',
  NoSuchUpload: 'upload',
  InvalidPart: 'upload',
  QuotaExceeded: 'full',
  InsufficientStorage: 'full',
  XMinioStorageFull: 'full',
  NotImplemented: 'unsupported',
  XNotImplemented: 'unsupported',
  MethodNotAllowed: 'unsupported',
}

/** Where the service says nothing more: a HEAD has no body, and proxies have their own. */
const ROWS_OF_STATUS: Readonly<Record<number, Row | 'missing' | 'full' | 'unsupported'>> = {
  301: 'region',
  307: 'region',
  401: 'credentials',
  403: 'refused',
  404: 'unsaid',
  405: 'unsupported',
  429: 'throttled',
  501: 'unsupported',
  503: 'throttled',
  507: 'full',
}

/**
 * What the vendor's client threw, in the engine's words, with what is safe of it as `cause`; a storage error as it is. Throttling is
 * `BackendUnavailable` with `throttled`. Messages name no address, no key of the bucket and nothing of the credentials.
 */
export function translate(error: unknown, call: FailedCall): unknown {
  if (isStorageError(error)) return error
  const said = codeOf(error)
  const row = rowOf(error)
  const cause = safeCause(error)
  if (row === 'missing' && call.key !== undefined) return new StorageError('BlobNotFound', { blob: call.key }, { cause })
  if (row === 'full') {
    return new StorageError('StorageFull', { where: BACKEND_NAME }, { cause, message: `The store of the blobs is full (${said}).` })
  }
  if (row === 'unsupported') return new StorageError('NotSupported', { feature: `${call.request} of this S3 service` }, { cause })
  const { retryable, says } = SENTENCES[row === 'missing' ? 'bucket' : row]
  const throttled = row === 'throttled' ? ({ throttled: true } as const) : {}
  return new StorageError(
    'BackendUnavailable',
    { backend: BACKEND_NAME, operation: call.operation, ...throttled },
    { cause, retryable, message: `S3 could not ${call.operation}: ${says} (${call.request}: ${said}).` },
  )
}

const UNKNOWN_OUTCOME: ReadonlySet<string> = new Set(['busy', 'throttled', 'timeout', 'network', 'unsaid', 'incomplete', 'other'])

/** Whether the service may have carried the request out all the same. What it refused in so many words it has not. */
export function isUnknownOutcome(error: unknown): boolean {
  return UNKNOWN_OUTCOME.has(rowOf(error))
}

/** Whether the service says that there is no such operation. */
export function isUnsupported(error: unknown): boolean {
  return rowOf(error) === 'unsupported'
}

/** Whether it is a 404 that does not say what is not there. */
export function isUnsaid(error: unknown): boolean {
  return rowOf(error) === 'unsaid'
}

/** Whether the service refused for a reason that we have no word for. */
export function isUnnamed(error: unknown): boolean {
  return rowOf(error) === 'other'
}

/** Whether the service, or an error of it, is about an upload or a part that is not there. */
export function isUploadGone(error: unknown): boolean {
  return rowOf(error) === 'upload'
}

/** The service's or Node's own word for an error (`SlowDown`, `ECONNRESET`), or its status; never free text. */
function codeOf(error: unknown): string {
  for (const word of wordsOf(error)) if (word in ROWS) return word
  const status = statusOf(error)
  const [word] = wordsOf(error).filter((each) => each !== 'Error' && each !== 'Unknown')
  return word ?? (status === null ? 'no more is known' : `status ${status}`)
}

/** The status of the answer, or null where there was none. */
export function statusOf(error: unknown): number | null {
  const metadata = field(error, '$metadata')
  const status = field(metadata, 'httpStatusCode')
  return typeof status === 'number' ? status : null
}

function rowOf(error: unknown, depth = 0): Row | 'missing' | 'full' | 'unsupported' {
  for (const word of wordsOf(error)) {
    const row = ROWS[word]
    if (row !== undefined) return row
  }
  const status = statusOf(error)
  if (status !== null) return ROWS_OF_STATUS[status] ?? (status >= 500 ? 'busy' : 'other')
  // The one failure of the vendor's client that has no name.
  if (field(error, 'message') === 'Region is missing') return 'no region'
  const cause = field(error, 'cause')
  return cause === undefined || depth >= DEPTH_MAX ? 'other' : rowOf(cause, depth + 1)
}

/** What an error calls itself: node's code first, which is more exact than `Error`. */
function wordsOf(error: unknown): readonly string[] {
  const words = [field(error, 'code'), field(error, 'Code'), field(error, 'name')]
  return words.filter((word): word is string => typeof word === 'string' && /^\w{1,64}$/.test(word))
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value ?? Reflect.get(value, name)
}
