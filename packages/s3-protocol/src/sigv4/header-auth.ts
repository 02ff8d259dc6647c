import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { optionalHeader } from '@stowage/http'
import type { HttpHeader } from '@stowage/http'
import { S3Error } from '../s3-error.ts'
import type { RawS3Request } from '../s3-request.ts'
import { ALGORITHM, malformed } from './authorization.ts'
import type { Authorization, AuthorizationReader } from './authorization.ts'
import { canonicalPath, canonicalRequest } from './canonical-request.ts'
import type { ChunkSeed } from './chunk-signatures.ts'
import { checkSkew, readRequestTime } from './clock-skew.ts'
import { formatScope } from './credential-scope.ts'
import type { Credential, CredentialResolver } from './credentials.ts'
import { parsePayloadMode } from './payload-mode.ts'
import type { PayloadMode } from './payload-mode.ts'
import { sign, signatureMatches } from './signing-key.ts'
import type { SigningKeyCache } from './signing-key.ts'

/** What a signature is held against. */
export interface HeaderAuthContext<C> {
  readonly credentials: CredentialResolver<C>
  readonly signingKeys: SigningKeyCache
  readonly authorizations: AuthorizationReader
  /** The regions a client may sign for; null accepts any. The first is the one a client is told. */
  readonly regions: readonly string[] | null
  readonly now: Date
  readonly skewSecondsMax: number
}

/** A request whose signature is right. The credential is the one the signature was verified with, never read a second time. */
export interface VerifiedHeader<C> {
  readonly credential: Credential<C>
  readonly payload: PayloadMode
  /** What the signatures of chunks continue. */
  readonly seed: ChunkSeed
}

/** Stands in for a key that does not exist, so that its refusal takes as long. Nothing is ever accepted with it. */
const NO_CREDENTIAL = { id: '', version: '', secretAccessKey: 'there is no such key' }

/** Verifies Signature Version 4 in the Authorization header. Fails with an `S3Error` for everything that is not exactly right. */
export async function verifyHeaderAuth<C>(
  request: RawS3Request,
  header: string,
  context: HeaderAuthContext<C>,
): Promise<VerifiedHeader<C>> {
  const authorization = context.authorizations.read(header)
  checkScope(authorization, context.regions)
  const requestTime = readRequestTime(request.headers, context.now)
  if (!requestTime.amzDate.startsWith(authorization.scope.date)) throw malformed('the date of the credential is not that of the request')
  checkSkew(requestTime, context.now, context.skewSecondsMax)
  const payload = readPayloadMode(request.headers)
  checkCoverage(request.headers, authorization.signedHeaders)

  const found = context.credentials.find(authorization.accessKeyId)
  const credential = found instanceof Promise ? await found : found
  const scope = formatScope(authorization.scope)
  const key = context.signingKeys.get(credential ?? NO_CREDENTIAL, authorization.scope)
  const head = `${ALGORITHM}\n${requestTime.amzDate}\n${scope}\n`
  const attempt = matchSignature({ request, authorization, payload, key, head })
  if (credential === null) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
      fields: { AWSAccessKeyId: authorization.accessKeyId },
    })
  }
  if (!attempt.matches) throw mismatch(authorization, attempt)
  if (optionalHeader(request.headers, 'x-amz-security-token') !== null) {
    // A permanent key has no token: whoever sends one means another credential than the one that was found.
    throw new S3Error('InvalidToken', 'The provided token is malformed or otherwise invalid.', { status: 403 })
  }
  return { credential, payload, seed: { key, amzDate: requestTime.amzDate, scope, signature: authorization.signature } }
}

interface Attempt {
  readonly matches: boolean
  readonly canonical: string
  readonly stringToSign: string
}

interface Material {
  readonly request: RawS3Request
  readonly authorization: Authorization
  readonly payload: PayloadMode
  readonly key: KeyObject
  readonly head: string
}

/**
 * Tries every spelling that honest clients sign of the same received bytes: the path encoded anew or as it came (for clients
 * that leave reserved characters bare), text that is not ASCII as bytes or as UTF-8 of its Latin-1 characters.
 */
function matchSignature(material: Material): Attempt {
  const { request, authorization } = material
  const path = canonicalPath(request.signedPath)
  const first = attempt(material, path)
  if (first.matches) return first
  const paths = path === request.signedPath ? [path] : [path, request.signedPath]
  for (const candidate of paths) {
    const canonical = canonicalOf(material, candidate)
    const encodings = isAscii(canonical) ? (['latin1'] as const) : (['latin1', 'utf8'] as const)
    for (const encoding of encodings) {
      const stringToSign = material.head + hash('sha256', Buffer.from(canonical, encoding))
      if (signatureMatches(sign(material.key, stringToSign), authorization.signature)) return { matches: true, canonical, stringToSign }
    }
  }
  return first
}

function attempt(material: Material, path: string): Attempt {
  const canonical = canonicalOf(material, path)
  const stringToSign = material.head + hash('sha256', isAscii(canonical) ? canonical : Buffer.from(canonical, 'latin1'))
  return { matches: signatureMatches(sign(material.key, stringToSign), material.authorization.signature), canonical, stringToSign }
}

function canonicalOf({ request, authorization, payload }: Material, path: string): string {
  const { method, query, headers } = request
  return canonicalRequest({ method, path, query, headers, signedHeaders: authorization.signedHeaders, payloadHash: payload.value })
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- NUL is ASCII too
  return !/[^\0-\x7f]/.test(text)
}

function checkScope(authorization: Authorization, regions: readonly string[] | null): void {
  const { region, service } = authorization.scope
  if (service !== 's3') throw malformed('incorrect service; this endpoint belongs to "s3"')
  if (regions === null || regions.includes(region)) return
  const expected = regions[0] ?? ''
  throw malformed(`the region '${region}' is wrong; expecting '${expected}'`, { Region: expected })
}

function readPayloadMode(headers: readonly HttpHeader[]): PayloadMode {
  const value = optionalHeader(headers, 'x-amz-content-sha256')
  if (value === null) throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  return parsePayloadMode(value)
}

/** Every header that AWS gives a meaning must be signed, or it is somebody else's; and what is signed must have come. */
function checkCoverage(headers: readonly HttpHeader[], signedHeaders: readonly string[]): void {
  for (const [name] of headers) {
    if (name.startsWith('x-amz-') && !signedHeaders.includes(name)) {
      throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
        fields: { HeadersNotSigned: name },
      })
    }
  }
  for (const name of signedHeaders) {
    if (!headers.some((header) => header[0] === name)) {
      throw new S3Error('SignatureDoesNotMatch', `The header ${name} was signed and did not come with the request.`)
    }
  }
}

function mismatch(authorization: Authorization, { canonical, stringToSign }: Attempt): S3Error {
  return new S3Error(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    {
      // All of it is what the client sent; with it, whoever writes a client can find the difference.
      fields: {
        AWSAccessKeyId: authorization.accessKeyId,
        StringToSign: stringToSign,
        SignatureProvided: authorization.signature,
        CanonicalRequest: canonical,
      },
    },
  )
}
