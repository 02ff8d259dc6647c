import { isStorageError, StorageError } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import { UnreadableAnswer } from './object-facts.ts'
import { Refusal } from './refusal.ts'

/** The name this backend goes by in errors, metrics and logs. */
export const BACKEND_NAME = 'gcs'

/** What we were doing when the service, or the way to it, failed. */
export interface FailedCall {
  readonly operation: 'init' | 'put' | 'get' | 'delete' | 'list' | 'copy' | 'join' | 'presign'
  readonly key?: BlobKey
}

/** Nothing moved over a connection for too long. */
export class IdleTimeout extends Error {
  override readonly name = 'IdleTimeout'
  readonly code = 'ETIMEDOUT'

  constructor(seconds: number) {
    super(`nothing moved for ${seconds} s`)
  }
}

/** No connection became free: nothing was sent, and others have waited as long. */
export class NoConnection extends Error {
  override readonly name = 'NoConnection'
}

/** The backend was closed meanwhile. */
export class Closed extends Error {
  override readonly name = 'Closed'
}

/** What a call of a closed backend is told. */
export const CLOSED_MESSAGE = 'The backend is closed.'

/** There are no credentials to send, or they could not be renewed. */
export class CredentialsFailure extends Error {
  override readonly name = 'CredentialsFailure'

  constructor(cause: unknown) {
    super('no credentials', { cause })
  }
}

/** The bytes that the service holds are not those that were sent, or those that came are not those it holds. */
export class ChecksumFailure extends Error {
  override readonly name = 'ChecksumFailure'
  /** The generation of an object that should not be there and could not be removed, or null. */
  readonly left: string | null

  constructor(message: string, left: string | null = null, options?: ErrorOptions) {
    super(message, options)
    this.left = left
  }
}

/** The session of a resumable upload is gone, and with it what it held: the put fails, and may be begun anew. */
export class SessionLost extends Error {
  override readonly name = 'SessionLost'
}

interface Row {
  readonly retryable: boolean
  /** Whether it is asked for fewer requests. */
  readonly throttled?: true
  readonly message: string
}

/** What a status means where nothing more special is said below. */
const STATUSES: Readonly<Record<number, Row>> = {
  400: { retryable: false, message: 'Cloud Storage does not understand the request (400).' },
  401: { retryable: false, message: 'Cloud Storage refuses the credentials (401): they have expired, or were revoked.' },
  403: { retryable: false, message: 'Cloud Storage does not let these credentials do this (403).' },
  404: { retryable: false, message: 'The bucket of the blobs does not exist (404).' },
  408: { retryable: true, message: 'Cloud Storage waited too long (408).' },
  429: { retryable: true, throttled: true, message: 'Cloud Storage asks for fewer requests (429).' },
}

/** What a reason means, whatever its status. Cloud Storage, "HTTP status and error codes for JSON". */
const REASONS: Readonly<Record<string, Row>> = {
  rateLimitExceeded: { retryable: true, throttled: true, message: 'Cloud Storage asks for fewer requests (rateLimitExceeded).' },
  userRateLimitExceeded: { retryable: true, throttled: true, message: 'Cloud Storage asks for fewer requests (userRateLimitExceeded).' },
  retentionPolicyNotMet: {
    retryable: false,
    message: 'The retention policy of the bucket forbids it: the blob is too young to be deleted.',
  },
  objectUnderActiveHold: { retryable: false, message: 'The blob is under a hold, and cannot be deleted before somebody takes that away.' },
  accountDisabled: { retryable: false, message: 'The account that the bucket belongs to is disabled.' },
  userProjectMissing: { retryable: false, message: 'The bucket lets the requester pay, which this backend does not.' },
}

/** Said by the service where it compared, and by us where we did. */
const CHANGED: Row = { retryable: true, message: 'The bytes were changed on their way to Cloud Storage (CRC32C); nothing of them is kept.' }

/** Not tried again here: it has waited, and what it waits for is ours. */
const BUSY: Row = { retryable: true, message: 'All connections to Cloud Storage are taken (connectionsMax); none became free in time.' }

/** Codes of node:net and node:tls that stay until somebody repairs something: certificates. Every other one may pass. */
const LASTING = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/

/** Whether the same request, sent again, may be answered otherwise. */
export function mayPass(error: unknown): boolean {
  // Of our own making: whoever threw it had looked at the answer.
  if (isStorageError(error)) return false
  if (error instanceof Refusal) return rowOf(error).retryable
  if (error instanceof CredentialsFailure) return isPassingCredentialsFailure(error.cause)
  if (error instanceof UnreadableAnswer || error instanceof ChecksumFailure) return true
  const code = errorCode(error)
  return code !== null && !LASTING.test(code)
}

/**
 * An error of the service, of the way to it, or of the credentials in the engine's words, with the original as its `cause`; every
 * other error as it is. Messages name no address, no object and nothing of the credentials.
 */
export function translate(error: unknown, call: FailedCall): unknown {
  if (isStorageError(error)) return error
  if (error instanceof Refusal) return translateRefusal(error, call)
  const retryable = mayPass(error)
  if (error instanceof CredentialsFailure) {
    const message = retryable
      ? 'The credentials for Cloud Storage could not be renewed.'
      : 'There are no valid credentials for Cloud Storage: give credentials or keyFilename, or set up the default credentials of Google.'
    return unavailable(error, call, { retryable, message })
  }
  if (error instanceof UnreadableAnswer)
    return unavailable(error, call, { retryable, message: 'Cloud Storage gave an answer that cannot be read.' })
  if (error instanceof ChecksumFailure) return unavailable(error, call, CHANGED)
  if (error instanceof Closed) return unavailable(error, call, { retryable: false, message: CLOSED_MESSAGE })
  if (error instanceof NoConnection) return unavailable(error, call, BUSY)
  if (error instanceof SessionLost)
    return unavailable(error, call, { retryable: true, message: 'Cloud Storage has dropped the upload session.' })
  const code = errorCode(error)
  if (code === null) return error
  return unavailable(error, call, { retryable, message: `Cloud Storage cannot be reached (${code}).` })
}

function translateRefusal(refusal: Refusal, call: FailedCall): StorageError {
  const { status } = refusal
  // What is missing for a join is one of its sources: join.ts finds out which.
  if (call.key !== undefined && call.operation !== 'put' && call.operation !== 'join' && refusal.missing === 'object') {
    return new StorageError('BlobNotFound', { blob: call.key }, { cause: refusal })
  }
  if (status === 412) {
    const message = 'A blob of this name exists; names are never used twice.'
    return new StorageError('Conflict', { what: 'blob' }, { cause: refusal, message })
  }
  return unavailable(refusal, call, rowOf(refusal))
}

/** A 404 in words that are not the service's. */
const STRANGER: Row = {
  retryable: true,
  message: 'Something that is not Cloud Storage answered (404): a proxy on the way there, or apiEndpoint names another server.',
}

function rowOf({ status, reason, message, missing }: Refusal): Row {
  if (missing === 'unknown') return STRANGER
  if (status === 400 && /crc32c|checksum/i.test(message)) return CHANGED
  const row = REASONS[reason] ?? STATUSES[status]
  if (row !== undefined) return row
  if (status === 503) return { retryable: true, throttled: true, message: 'Cloud Storage is overloaded (503).' }
  if (status >= 500) return { retryable: true, message: `Cloud Storage has a fault of its own (${status}).` }
  return { retryable: false, message: `Cloud Storage gave an answer that was not expected (${status}).` }
}

function unavailable(
  cause: unknown,
  { operation }: FailedCall,
  { retryable, throttled, message }: Row,
): StorageError<'BackendUnavailable'> {
  const details = { backend: BACKEND_NAME, operation, ...(throttled === undefined ? {} : { throttled }) }
  return new StorageError('BackendUnavailable', details, { cause, retryable, message })
}

/** The code of an error of node:net, node:tls or node:http (`ECONNRESET`), or null where it is none. */
function errorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  const { code } = error
  // Node's own words for a misused API are faults of ours, not of the network.
  return typeof code === 'string' && !/^ERR_(?:INVALID|OUT_OF|MISSING|HTTP_INVALID|UNESCAPED)/.test(code) ? code : null
}

/** The vendor's library says what its token endpoint answered, or why it could not be reached. */
function isPassingCredentialsFailure(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  const status = 'status' in cause ? Number(cause.status) : Number.NaN
  if (status >= 500 || status === 429) return true
  const code = errorCode(cause)
  return code !== null && /^E[A-Z_]+$/.test(code) && code !== 'ENOENT' && code !== 'EACCES'
}
