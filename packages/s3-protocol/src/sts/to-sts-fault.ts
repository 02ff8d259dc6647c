import { isStorageError } from '@stowage/core'
import { HttpInputError } from '@stowage/http'
import { S3Error } from '../s3-error.ts'
import type { S3ErrorCode } from '../s3-error.ts'
import { STS_STATUS, StsFault } from './sts-fault.ts'
import type { StsFaultCode } from './sts-fault.ts'

/** Said of a key that there is not, a wrong secret and a wrong token alike: which of them it is, only who has the key may know. */
const NOT_VALID = 'The access key id, the signature or the security token of the request is not valid.'

/** What S3 calls the faults of a signature, and what they are here. Any other one is of the request's form. */
const OF_SIGNATURES: Partial<Record<S3ErrorCode, StsFaultCode>> = {
  AccessDenied: 'IncompleteSignature',
  AuthorizationHeaderMalformed: 'IncompleteSignature',
  ExpiredToken: 'ExpiredToken',
  RequestTimeTooSkewed: 'RequestExpired',
  ServiceUnavailable: 'ServiceUnavailable',
}

const NOT_VALID_CODES: ReadonlySet<S3ErrorCode> = new Set(['InvalidAccessKeyId', 'InvalidToken', 'SignatureDoesNotMatch'])

/** Turns what was thrown into what a client gets to see; null for what is nobody's error but ours. */
export function toStsFault(error: unknown): StsFault | null {
  if (error instanceof StsFault) return error
  if (error instanceof S3Error) {
    if (NOT_VALID_CODES.has(error.code)) return new StsFault('InvalidClientTokenId', NOT_VALID, { cause: error })
    return new StsFault(OF_SIGNATURES[error.code] ?? 'ValidationError', error.message, { cause: error })
  }
  if (error instanceof HttpInputError) {
    const code = error.code === 'BodyTooLarge' ? 'RequestEntityTooLarge' : 'ValidationError'
    return new StsFault(code, error.message, { cause: error })
  }
  if (isRefusal(error)) return new StsFault(error.code, error.message, { cause: error })
  const isOutage = isStorageError(error) && (error.code === 'StoreUnavailable' || error.retryable)
  return isOutage ? new StsFault('ServiceUnavailable', 'The request cannot be answered at the moment.', { cause: error }) : null
}

/** What an issuer refuses with, whichever package it is from. */
function isRefusal(error: unknown): error is Error & { readonly code: StsFaultCode } {
  if (!(error instanceof Error) || error.name !== 'StsError' || !('code' in error)) return false
  return typeof error.code === 'string' && Object.hasOwn(STS_STATUS, error.code)
}
