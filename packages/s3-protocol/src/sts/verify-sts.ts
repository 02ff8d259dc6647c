import { hash } from 'node:crypto'
import { optionalHeader } from '@stowage/http'
import type { RawS3Request } from '../s3-request.ts'
import { selectMechanism } from '../sigv4/auth-mechanism.ts'
import { malformed, parseAuthorization } from '../sigv4/authorization.ts'
import { checkSkew, readRequestTime } from '../sigv4/clock-skew.ts'
import { checkRegion } from '../sigv4/credential-scope.ts'
import type { Credential, CredentialResolver } from '../sigv4/credentials.ts'
import { checkCoverage } from '../sigv4/signed-headers.ts'
import type { SigningKeyCache } from '../sigv4/signing-key.ts'
import { verifyClaim } from '../sigv4/verify-claim.ts'
import { StsFault } from './sts-fault.ts'

/** What requests are verified against. */
export interface VerifyStsContext {
  readonly credentials: CredentialResolver
  /** The regions that a signature may name. The first is the one a client is told. */
  readonly regions: readonly string[]
  readonly signingKeys: SigningKeyCache
  readonly now: Date
}

/** The key that a request was signed with. */
export interface StsSigner {
  readonly accessKeyId: string
  readonly credential: Credential
}

/**
 * Verifies the signature of a request for the service `sts`, over the body as it was received: there is no unsigned payload, and no
 * presigned URL. Fails with a `StsFault`, or with the `S3Error` of the part of it that S3 has, too.
 */
export async function verifySts(raw: RawS3Request, body: Uint8Array, context: VerifyStsContext): Promise<StsSigner> {
  const mechanism = selectMechanism(raw)
  if (mechanism.kind === 'anonymous') throw new StsFault('MissingAuthenticationToken', 'The request must be signed.')
  if (mechanism.kind !== 'header') throw new StsFault('IncompleteSignature', 'The request must be signed in the Authorization header.')
  const authorization = parseAuthorization(mechanism.authorization)
  const { scope, signedHeaders, accessKeyId } = authorization
  if (scope.service !== 'sts') throw malformed('incorrect service; this endpoint belongs to "sts"')
  checkRegion(scope, context.regions, malformed)
  const requestTime = readRequestTime(raw.headers, context.now)
  if (!requestTime.amzDate.startsWith(scope.date)) throw malformed('the date of the credential is not that of the request')
  checkSkew(requestTime, context.now)
  checkCoverage(raw.headers, signedHeaders)
  const sha256 = hash('sha256', body)
  const claim = {
    authorization,
    amzDate: requestTime.amzDate,
    payload: { kind: 'sha256', value: sha256, sha256 } as const,
    payloadHash: sha256,
    sessionToken: optionalHeader(raw.headers, 'x-amz-security-token'),
    presigned: false,
  }
  const { credential } = await verifyClaim(raw, claim, context)
  return { accessKeyId, credential }
}
