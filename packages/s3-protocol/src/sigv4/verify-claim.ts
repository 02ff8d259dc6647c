import { Buffer } from 'node:buffer'
import { timingSafeEqual } from 'node:crypto'
import { S3Error } from '../s3-error.ts'
import type { RawS3Request } from '../s3-request.ts'
import { ALGORITHM } from './authorization.ts'
import type { Authorization } from './authorization.ts'
import type { ChunkSeed } from './chunk-signatures.ts'
import { formatScope } from './credential-scope.ts'
import type { Credential, CredentialResolver } from './credentials.ts'
import { matchSignature, signatureMismatch } from './match-signature.ts'
import type { PayloadMode } from './payload-mode.ts'
import type { SigningKeyCache } from './signing-key.ts'

/** A signature that a request carries, in its header or its query: well-formed and in time, not yet verified. */
export interface SignatureClaim {
  readonly authorization: Authorization
  /** YYYYMMDDTHHMMSSZ, as it stands in the string to sign. */
  readonly amzDate: string
  /** How the body comes, and what it must be. */
  readonly payload: PayloadMode
  /** What stands for the body in the canonical request. */
  readonly payloadHash: string
  /** `x-amz-security-token`; null where none was sent. */
  readonly sessionToken: string | null
}

/** What a claim is verified with. */
export interface VerifyClaimContext<C> {
  readonly credentials: CredentialResolver<C>
  readonly signingKeys: SigningKeyCache
}

/** A request whose signature is right. The credential is the one the signature was verified with, never read a second time. */
export interface VerifiedClaim<C> {
  readonly credential: Credential<C>
  readonly payload: PayloadMode
  /** What the signatures of chunks continue. */
  readonly seed: ChunkSeed
}

/** Stands in for a key that does not exist, so that its refusal takes as long. Nothing is ever accepted with it. */
const NO_CREDENTIAL = { id: '', version: '', secretAccessKey: 'there is no such key' }

/** Verifies Signature Version 4. Fails with an `S3Error` for everything that is not exactly right. */
export async function verifyClaim<C>(
  request: RawS3Request,
  claim: SignatureClaim,
  context: VerifyClaimContext<C>,
): Promise<VerifiedClaim<C>> {
  const { authorization, amzDate, payload, payloadHash, sessionToken } = claim
  const { accessKeyId, signedHeaders, signature } = authorization
  const found = context.credentials.find(accessKeyId, sessionToken)
  const credential = found instanceof Promise ? await found : found
  const scope = formatScope(authorization.scope)
  const key = context.signingKeys.get(credential ?? NO_CREDENTIAL, authorization.scope)
  const head = `${ALGORITHM}\n${amzDate}\n${scope}\n`
  const material = { request, accessKeyId, signedHeaders, payloadHash, key, head, signature }
  const match = matchSignature(material)
  if (credential === null) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
      fields: { AWSAccessKeyId: accessKeyId },
    })
  }
  if (!match.matches) throw signatureMismatch(material, match)
  checkSessionToken(credential.sessionToken ?? null, sessionToken)
  return { credential, payload, seed: { key, amzDate, scope, signature } }
}

/** A permanent key has no token: whoever sends one means another credential than the one that was found, and the other way round. */
function checkSessionToken(expected: string | null, given: string | null): void {
  if (expected === null && given === null) return
  if (expected !== null && given !== null && isSame(expected, given)) return
  throw new S3Error('InvalidToken', 'The provided token is malformed or otherwise invalid.', { status: 403 })
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}
