import { Buffer } from 'node:buffer'
import { optionalHeader } from '@stowage/http'
import type { HttpHeader } from '@stowage/http'
import { S3Error } from '../s3-error.ts'
import type { RawS3Request } from '../s3-request.ts'
import { queryValue } from '../s3-request.ts'
import { PRESIGNED_NAMES } from './auth-mechanism.ts'
import { ALGORITHM, SIGNATURE } from './authorization.ts'
import { parseAmzDate } from './clock-skew.ts'
import { checkScope, parseScopedCredential } from './credential-scope.ts'
import { isChunked, parsePayloadMode, UNSIGNED_PAYLOAD } from './payload-mode.ts'
import type { PayloadMode } from './payload-mode.ts'
import { checkCoverage, parseSignedHeaders } from './signed-headers.ts'
import type { SignatureClaim } from './verify-claim.ts'

/** The longest that a presigned URL may be good for, in seconds: seven days (AWS: "Authenticating requests: query parameters"). */
const EXPIRES_SECONDS_MAX = 604_800

/** What the claim of a presigned request is held against. */
export interface QueryAuthContext {
  /** The regions a client may sign for; null accepts any. The first is the one a client is told. */
  readonly regions: readonly string[] | null
  readonly now: Date
  /** How far the signer's clock may be ahead. */
  readonly skewSecondsMax: number
}

/**
 * Reads the signature of a presigned URL. Fails with an `S3Error` for what is not well-formed, not for us, not yet or no
 * longer good.
 */
export function readQueryClaim(request: RawS3Request, context: QueryAuthContext): SignatureClaim {
  const algorithm = required(request, 'X-Amz-Algorithm')
  if (algorithm === 'AWS4-ECDSA-P256-SHA256') {
    throw new S3Error('NotImplemented', 'Signature Version 4A is not supported. Please use AWS4-HMAC-SHA256.')
  }
  if (algorithm !== ALGORITHM) throw malformed(`X-Amz-Algorithm only supports "${ALGORITHM}"`)
  const scoped = parseScopedCredential(required(request, 'X-Amz-Credential'))
  if (scoped === null) throw malformed('X-Amz-Credential must be of the form <key>/YYYYMMDD/REGION/SERVICE/aws4_request')
  checkScope(scoped.scope, context.regions, malformed)
  const signature = required(request, 'X-Amz-Signature')
  if (!SIGNATURE.test(signature)) throw malformed('X-Amz-Signature must have 64 lower-case hexadecimal digits')
  const signedHeaders = parseSignedHeaders(required(request, 'X-Amz-SignedHeaders'), malformed)
  const amzDate = checkTime(request, scoped.scope.date, context)
  // A hash that was not signed is held against the body all the same.
  checkCoverage(request.headers, signedHeaders, 'x-amz-content-sha256')
  const sessionToken = queryValue(request, 'X-Amz-Security-Token')
  if (sessionToken !== null && optionalHeader(request.headers, 'x-amz-security-token') !== null) {
    throw new S3Error('InvalidArgument', 'X-Amz-Security-Token came in the query and as a header.')
  }
  const authorization = { ...scoped, signedHeaders, signature }
  return { authorization, amzDate, sessionToken, presigned: true, ...readPayload(request, signedHeaders) }
}

/** They are about the signature, and no headers of the request. */
const AUTH_NAMES: ReadonlySet<string> = new Set([...PRESIGNED_NAMES, 'x-amz-content-sha256'])

/**
 * Checksums of the body in a URL are passed over, as AWS does: nobody knows the body when the URL is made, and SDKs by
 * default put that of an empty one there (localstack/localstack#12164). Sent as headers, they count.
 */
const ABOUT_THE_BODY =
  /^x-amz-(?:checksum-(?:crc32|crc32c|crc64nvme|md5|sha1|sha256|sha512|xxhash3|xxhash64|xxhash128)|sdk-checksum-algorithm)$/

/**
 * The headers of a presigned request, with those that its signer has put into the URL: SDKs move `x-amz-*` headers there, so
 * that whoever is given the URL need not send them. All of the query is signed.
 *
 * Fails where one came both ways: one of the two was not meant.
 */
export function presignedHeaders(request: RawS3Request): readonly HttpHeader[] {
  const hoisted: HttpHeader[] = []
  for (const [name, value] of request.query) {
    const header = name.toLowerCase()
    if (!header.startsWith('x-amz-') || AUTH_NAMES.has(header) || ABOUT_THE_BODY.test(header)) continue
    if (request.headers.some((other) => other[0] === header)) {
      throw new S3Error('InvalidArgument', `${header} came in the query and as a header.`, { fields: { ArgumentName: header } })
    }
    // One character for one byte, as headers are read.
    hoisted.push([header, Buffer.from(value).toString('latin1')])
  }
  return hoisted.length === 0 ? request.headers : [...request.headers, ...hoisted]
}

function checkTime(request: RawS3Request, day: string, { now, skewSecondsMax }: QueryAuthContext): string {
  const amzDate = required(request, 'X-Amz-Date')
  const time = parseAmzDate(amzDate)
  if (time === null) throw malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  if (!amzDate.startsWith(day)) throw malformed('the date of X-Amz-Credential is not that of X-Amz-Date')
  const seconds = required(request, 'X-Amz-Expires')
  if (!/^-?[0-9]{1,15}$/.test(seconds)) throw malformed('X-Amz-Expires should be a number')
  const expires = Number(seconds)
  // 403 and not 400 is what decisions.md has chosen: clients take it for "ask for another URL", which is right.
  if (expires < 0) throw malformed('X-Amz-Expires must be non-negative', {}, 403)
  if (expires > EXPIRES_SECONDS_MAX)
    throw malformed('X-Amz-Expires must be less than a week in seconds, that is, less than 604801', {}, 403)
  if (time.getTime() - now.getTime() > skewSecondsMax * 1000) throw new S3Error('AccessDenied', 'Request is not yet valid')
  if (now.getTime() - time.getTime() >= expires * 1000) {
    throw new S3Error('AccessDenied', 'Request has expired', {
      fields: {
        'X-Amz-Expires': seconds,
        Expires: new Date(time.getTime() + expires * 1000).toISOString(),
        ServerTime: now.toISOString(),
      },
    })
  }
  return amzDate
}

/** The hash in the query counts, then the header where it was signed; one that was not is held against the body only. */
function readPayload(request: RawS3Request, signedHeaders: readonly string[]): Pick<SignatureClaim, 'payload' | 'payloadHash'> {
  const inQuery = queryValue(request, 'X-Amz-Content-Sha256')
  const inHeader = optionalHeader(request.headers, 'x-amz-content-sha256')
  const value = inQuery ?? inHeader
  const payload: PayloadMode = value === null ? UNSIGNED_PAYLOAD : parsePayloadMode(value)
  if (inQuery !== null && inHeader !== null && inQuery !== inHeader) {
    throw new S3Error('InvalidArgument', 'x-amz-content-sha256 came in the query and, with another value, as a header.', {
      fields: { ArgumentName: 'x-amz-content-sha256' },
    })
  }
  // There is no seed: a chunk's signature would continue that of the URL, and whoever has the URL has no secret to sign with.
  if (isChunked(payload)) throw new S3Error('NotImplemented', 'A streaming body cannot be sent to a presigned URL.')
  const signed = inQuery !== null || signedHeaders.includes('x-amz-content-sha256')
  return { payload, payloadHash: signed ? payload.value : UNSIGNED_PAYLOAD.value }
}

function required(request: RawS3Request, name: string): string {
  const value = queryValue(request, name)
  if (value !== null && value !== '') return value
  throw malformed(
    'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
  )
}

function malformed(reason: string, fields: Readonly<Record<string, string>> = {}, status = 400): S3Error {
  return new S3Error('AuthorizationQueryParametersError', reason, { fields, status })
}
