import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { S3Error } from '../s3-error.ts'
import type { HttpHeader } from '@stowage/http'
import type { RawS3Request } from '../s3-request.ts'
import { canonicalPath, canonicalRequest } from './canonical-request.ts'
import { signatureMatches } from './signing-key.ts'
import type { SigningKey } from './signing-key.ts'

/** What a signature is computed from, and what the client says it is. */
export interface SignatureMaterial {
  readonly request: RawS3Request
  readonly accessKeyId: string
  readonly signedHeaders: readonly string[]
  readonly payloadHash: string
  readonly key: SigningKey
  /** The string to sign up to the hash of the canonical request. */
  readonly head: string
  /** What the client sent. */
  readonly signature: string
}

/** Whether a signature is right, and what it was held against. */
export interface SignatureMatch {
  readonly matches: boolean
  readonly canonical: string
  readonly stringToSign: string
}

/**
 * Tries every spelling that honest clients sign of the same received bytes: the path encoded anew or as it came (for clients
 * that leave reserved characters bare), text that is not ASCII as bytes or as UTF-8 of its Latin-1 characters; and each of them for
 * the addresses under which clients reach us through a proxy.
 */
export function matchSignature(material: SignatureMaterial): SignatureMatch {
  const { request } = material
  const { headers } = request
  const first = attempt(material, { path: canonicalPath(request.signedPath), headers })
  if (first.matches) return first
  const places: readonly SignedPlace[] = [
    { path: request.signedPath, headers },
    ...request.signedElsewhere.map(({ host, path }) => ({ path, headers: withHost(headers, host) })),
  ]
  for (const place of places) {
    const match = matchAt(material, place)
    if (match !== null) return match
  }
  return first
}

/** A path and headers as they may have been signed. */
interface SignedPlace {
  readonly path: string
  readonly headers: readonly HttpHeader[]
}

function matchAt(material: SignatureMaterial, { path, headers }: SignedPlace): SignatureMatch | null {
  const canonicalForm = canonicalPath(path)
  const paths = canonicalForm === path ? [path] : [canonicalForm, path]
  for (const candidate of paths) {
    const canonical = canonicalOf(material, { path: candidate, headers })
    const encodings = isAscii(canonical) ? (['latin1'] as const) : (['latin1', 'utf8'] as const)
    for (const encoding of encodings) {
      const stringToSign = material.head + hash('sha256', Buffer.from(canonical, encoding))
      if (signatureMatches(material.key.sign(stringToSign), material.signature)) return { matches: true, canonical, stringToSign }
    }
  }
  return null
}

function withHost(headers: readonly HttpHeader[], host: string): readonly HttpHeader[] {
  return headers.map((header) => (header[0] === 'host' ? ['host', host] : header))
}

/** The error of a signature that does not match. */
export function signatureMismatch(
  { accessKeyId, signature }: Omit<SignatureMaterial, 'key'>,
  { canonical, stringToSign }: SignatureMatch,
): S3Error {
  return new S3Error(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    {
      // All of it is what the client sent; with it, whoever writes a client can find the difference.
      fields: { AWSAccessKeyId: accessKeyId, StringToSign: stringToSign, SignatureProvided: signature, CanonicalRequest: canonical },
    },
  )
}

function attempt(material: SignatureMaterial, place: SignedPlace): SignatureMatch {
  const canonical = canonicalOf(material, place)
  const stringToSign = material.head + hash('sha256', isAscii(canonical) ? canonical : Buffer.from(canonical, 'latin1'))
  return { matches: signatureMatches(material.key.sign(stringToSign), material.signature), canonical, stringToSign }
}

function canonicalOf({ request, signedHeaders, payloadHash }: SignatureMaterial, { path, headers }: SignedPlace): string {
  const { method, query } = request
  return canonicalRequest({ method, path, query, headers, signedHeaders, payloadHash })
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- NUL is ASCII too
  return !/[^\0-\x7f]/.test(text)
}
