import { optionalHeader } from '@stowage/http'
import { S3Error } from '../s3-error.ts'
import type { RawS3Request } from '../s3-request.ts'
import { ALGORITHM } from './authorization.ts'

/** The query names that make a request presigned, in lower case: a wrong capital does not make anybody anonymous. */
export const PRESIGNED_NAMES: ReadonlySet<string> = new Set([
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
])

/** How a request proves who sent it. What we cannot verify is refused, never taken for anonymous. */
export type AuthMechanism =
  | { readonly kind: 'header'; readonly authorization: string }
  /** A presigned URL. */
  | { readonly kind: 'query' }
  /** Fields of the form in its body. */
  | { readonly kind: 'form' }
  | { readonly kind: 'anonymous' }

const ANONYMOUS: AuthMechanism = { kind: 'anonymous' }

/**
 * Finds the one mechanism of a request, from its credentials alone; the payload mode has no say in it.
 *
 * Refuses two mechanisms at once, and Signature Version 2 and 4A. An Authorization of another world, such as a Bearer token that a proxy left
 * in place, does not count. A form may turn out to carry nothing, and so to come from nobody.
 */
export function selectMechanism(request: RawS3Request): AuthMechanism {
  const authorization = optionalHeader(request.headers, 'authorization') ?? ''
  const presigned = request.query.some(([name]) => PRESIGNED_NAMES.has(name.toLowerCase()))
  const version2 = request.query.some(([name]) => name === 'Signature' || name === 'AWSAccessKeyId')
  if (/^aws/i.test(authorization)) {
    if (presigned || version2) {
      throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed; the Authorization header and query parameters were both sent.')
    }
    if (authorization.startsWith(`${ALGORITHM} `)) return { kind: 'header', authorization }
    throw unsupportedAlgorithm(authorization)
  }
  if (presigned) return { kind: 'query' }
  if (version2) throw version2Error()
  if (isPostForm(request)) return { kind: 'form' }
  return ANONYMOUS
}

function unsupportedAlgorithm(authorization: string): S3Error {
  if (/^aws4-ecdsa/i.test(authorization))
    return new S3Error('NotImplemented', 'Signature Version 4A is not supported. Please use AWS4-HMAC-SHA256.')
  return version2Error()
}

function version2Error(): S3Error {
  return new S3Error('InvalidRequest', 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.')
}

/** Whether a request is a form that was posted to a bucket. */
export function isPostForm(request: RawS3Request): boolean {
  if (request.method !== 'POST' || request.bucket === '' || request.key !== '') return false
  return /^multipart\/form-data(?![^; \t])/i.test(optionalHeader(request.headers, 'content-type') ?? '')
}
