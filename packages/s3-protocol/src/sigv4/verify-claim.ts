import { Buffer } from 'node:buffer'
import { timingSafeEqual } from 'node:crypto'
import { S3Error } from '../s3-error.ts'
import type { RawS3Request } from '../s3-request.ts'
import { ALGORITHM } from './authorization.ts'
import type { Authorization } from './authorization.ts'
import type { ChunkSeed } from './chunk-signatures.ts'
import { formatScope } from './credential-scope.ts'
import type { CredentialScope, ScopedCredential } from './credential-scope.ts'
import type { Credential, CredentialResolver, FoundCredential, SigningSecret } from './credentials.ts'
import { matchSignature, signatureMismatch } from './match-signature.ts'
import type { PayloadMode } from './payload-mode.ts'
import { deriveSigningKey } from './signing-key.ts'
import type { SigningKey, SigningKeyCache } from './signing-key.ts'

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

/** The most secrets of one credential that are tried. */
const SECRETS_MAX = 8

/** Whose signature is claimed. */
export interface SignerClaim extends ScopedCredential {
  readonly sessionToken: string | null
  /** Whether it was made for somebody else to use. */
  readonly presigned: boolean
}

/** Holds what is claimed against a key. */
export interface SignatureAttempt<M> {
  readonly attempt: (key: SigningKey) => M
  /** Makes the error, from the last attempt. */
  readonly mismatch: (last: M) => S3Error
}

/** Who has signed, and with which key. */
export interface Signer<C> {
  readonly credential: Credential<C>
  readonly key: SigningKey
}

/** Verifies Signature Version 4. Fails with an `S3Error` for everything that is not exactly right. */
export async function verifyClaim<C>(
  request: RawS3Request,
  claim: SignatureClaim,
  context: VerifyClaimContext<C>,
): Promise<VerifiedClaim<C>> {
  const { authorization, amzDate, payload, payloadHash, sessionToken, presigned } = claim
  const { accessKeyId, signedHeaders, signature } = authorization
  const scope = formatScope(authorization.scope)
  const head = `${ALGORITHM}\n${amzDate}\n${scope}\n`
  const material = { request, accessKeyId, signedHeaders, payloadHash, head, signature }
  const { credential, key } = await verifySigner({ accessKeyId, scope: authorization.scope, sessionToken, presigned }, context, {
    attempt: (candidate) => matchSignature({ ...material, key: candidate }),
    mismatch: (last) => signatureMismatch(material, last),
  })
  return { credential, payload, seed: { key, amzDate, scope, signature } }
}

/**
 * Finds the credential that a claim names and tries its secrets; for whatever carries a signature. A key that does not exist takes as long
 * to refuse as a wrong signature. Fails with an `S3Error`.
 */
export async function verifySigner<C, M extends { readonly matches: boolean }>(
  claim: SignerClaim,
  context: VerifyClaimContext<C>,
  { attempt, mismatch }: SignatureAttempt<M>,
): Promise<Signer<C>> {
  const { accessKeyId, scope, sessionToken } = claim
  const found = context.credentials.find(accessKeyId, sessionToken)
  const credential = checkRefusal(found instanceof Promise ? await found : found)
  if (credential === null) {
    attempt(context.signingKeys.standIn(scope))
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
      fields: { AWSAccessKeyId: accessKeyId },
    })
  }
  const key = signingKeyOf(credential, { scope, signingKeys: context.signingKeys }, { attempt, mismatch })
  checkSessionToken(credential.sessionToken ?? null, sessionToken)
  checkUse(credential, claim, context.now)
  return { credential, key }
}

/** The key of the secret that has signed. Fails with the error of the attempt where none has. */
function signingKeyOf<M extends { readonly matches: boolean }>(
  { id, version, secretAccessKey, otherSecrets = [] }: Credential<unknown>,
  { scope, signingKeys }: { readonly scope: CredentialScope; readonly signingKeys: SigningKeyCache },
  { attempt, mismatch }: SignatureAttempt<M>,
): SigningKey {
  const others = otherSecrets.slice(0, SECRETS_MAX - 1)
  const derived: [version: string, key: SigningKey][] = []
  let secret: SigningSecret = { version, secretAccessKey }
  for (;;) {
    const known = signingKeys.find({ id, version: secret.version }, scope)
    const key = known ?? deriveSigningKey(secret.secretAccessKey, scope)
    if (known === undefined) derived.push([secret.version, key])
    const match = attempt(key)
    if (match.matches) {
      // Only now: whoever cannot sign makes us derive keys, and keep none.
      for (const [of, made] of derived) signingKeys.add({ id, version: of }, scope, made)
      return key
    }
    const next = others.shift()
    if (next === undefined) throw mismatch(match)
    secret = next
  }
}

function checkRefusal<C>(found: FoundCredential<C>): Credential<C> | null {
  if (found === null || !('refused' in found)) return found
  if (found.refused === 'expired-token') throw expiredToken()
  if (found.refused === 'unavailable')
    throw new S3Error('ServiceUnavailable', 'The token cannot be verified at the moment. Please try again.')
  throw new S3Error('InvalidToken', 'The provided token is malformed or otherwise invalid.')
}

function checkUse({ expiresAt, presigning }: Credential<unknown>, { presigned }: SignerClaim, now: Date): void {
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
