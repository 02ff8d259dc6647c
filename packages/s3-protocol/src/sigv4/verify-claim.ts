import { Buffer } from 'node:buffer'
import { timingSafeEqual } from 'node:crypto'
import { S3Error } from '../s3-error.ts'
import type { RawS3Request } from '../s3-request.ts'
import { ALGORITHM } from './authorization.ts'
import type { Authorization } from './authorization.ts'
import type { ChunkSeed } from './chunk-signatures.ts'
import { formatScope } from './credential-scope.ts'
import type { Credential, CredentialResolver, FoundCredential } from './credentials.ts'
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
  /** Whether it came in a URL that somebody has signed, maybe for somebody else. */
  readonly presigned: boolean
}

/** What a claim is verified with. */
export interface VerifyClaimContext<C> {
  readonly credentials: CredentialResolver<C>
  readonly signingKeys: SigningKeyCache
  readonly now: Date
}

/** A request whose signature is right. The credential is the one the signature was verified with, never read a second time. */
export interface VerifiedClaim<C> {
  readonly credential: Credential<C>
  readonly payload: PayloadMode
  /** What the signatures of chunks continue. */
  readonly seed: ChunkSeed
}

/** Stands in for a key that does not exist, so that its refusal takes as long. Nothing is ever accepted with it. */
const NO_CREDENTIAL: Omit<Credential<never>, 'caller'> = { id: '', version: '', secretAccessKey: 'there is no such key' }

/** The most secrets of one credential that are tried. */
const SECRETS_MAX = 8

/** Verifies Signature Version 4. Fails with an `S3Error` for everything that is not exactly right. */
export async function verifyClaim<C>(
  request: RawS3Request,
  claim: SignatureClaim,
  context: VerifyClaimContext<C>,
): Promise<VerifiedClaim<C>> {
  const { authorization, amzDate, payload, payloadHash, sessionToken } = claim
  const { accessKeyId, signedHeaders, signature } = authorization
  const found = context.credentials.find(accessKeyId, sessionToken)
  const credential = checkRefusal(found instanceof Promise ? await found : found)
  const scope = formatScope(authorization.scope)
  const head = `${ALGORITHM}\n${amzDate}\n${scope}\n`
  const first = credential ?? NO_CREDENTIAL
  let key = context.signingKeys.get(first, authorization.scope)
  let material = { request, accessKeyId, signedHeaders, payloadHash, key, head, signature }
  let match = matchSignature(material)
  for (const other of first.otherSecrets?.slice(0, SECRETS_MAX - 1) ?? []) {
    if (match.matches) break
    key = context.signingKeys.get({ id: first.id, ...other }, authorization.scope)
    material = { ...material, key }
    match = matchSignature(material)
  }
  if (credential === null) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
      fields: { AWSAccessKeyId: accessKeyId },
    })
  }
  if (!match.matches) throw signatureMismatch(material, match)
  checkSessionToken(credential.sessionToken ?? null, sessionToken)
  checkUse(credential, claim, context.now)
  return { credential, payload, seed: { key, amzDate, scope, signature } }
}

function checkRefusal<C>(found: FoundCredential<C>): Credential<C> | null {
  if (found === null || !('refused' in found)) return found
  if (found.refused === 'expired-token') throw expiredToken()
  if (found.refused === 'unavailable')
    throw new S3Error('ServiceUnavailable', 'The token cannot be verified at the moment. Please try again.')
  throw new S3Error('InvalidToken', 'The provided token is malformed or otherwise invalid.')
}

function checkUse({ expiresAt, presigning }: Credential<unknown>, { presigned }: SignatureClaim, now: Date): void {
  if (expiresAt !== undefined && !(now < expiresAt)) throw expiredToken()
  if (presigned && presigning === 'deny') throw new S3Error('AccessDenied', 'URLs cannot be presigned with this credential.')
}

function expiredToken(): S3Error {
  return new S3Error('ExpiredToken', 'The provided token has expired.')
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
