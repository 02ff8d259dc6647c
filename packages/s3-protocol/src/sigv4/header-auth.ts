import { optionalHeader } from '@stowage/http'
import type { HttpHeader } from '@stowage/http'
import { S3Error } from '../s3-error.ts'
import type { RawS3Request } from '../s3-request.ts'
import { malformed } from './authorization.ts'
import type { AuthorizationReader } from './authorization.ts'
import { checkSkew, readRequestTime } from './clock-skew.ts'
import { checkScope } from './credential-scope.ts'
import { parsePayloadMode } from './payload-mode.ts'
import type { PayloadMode } from './payload-mode.ts'
import { checkCoverage } from './signed-headers.ts'
import type { SignatureClaim } from './verify-claim.ts'

/** What the claim of a request is held against. */
export interface HeaderAuthContext {
  readonly authorizations: AuthorizationReader
  /** The regions a client may sign for; null accepts any. The first is the one a client is told. */
  readonly regions: readonly string[] | null
  readonly now: Date
  readonly skewSecondsMax: number
}

/** Reads the signature in an Authorization header. Fails with an `S3Error` for what is not well-formed, not for us, or not of our time. */
export function readHeaderClaim(request: RawS3Request, header: string, context: HeaderAuthContext): SignatureClaim {
  const { headers } = request
  const authorization = context.authorizations.read(header)
  checkScope(authorization.scope, context.regions, malformed)
  const requestTime = readRequestTime(headers, context.now)
  if (!requestTime.amzDate.startsWith(authorization.scope.date)) throw malformed('the date of the credential is not that of the request')
  checkSkew(requestTime, context.now, context.skewSecondsMax)
  const payload = readPayloadMode(headers)
  checkCoverage(headers, authorization.signedHeaders)
  const sessionToken = optionalHeader(headers, 'x-amz-security-token')
  return { authorization, amzDate: requestTime.amzDate, payload, payloadHash: payload.value, sessionToken, presigned: false }
}

function readPayloadMode(headers: readonly HttpHeader[]): PayloadMode {
  const value = optionalHeader(headers, 'x-amz-content-sha256')
  if (value === null) throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  return parsePayloadMode(value)
}
