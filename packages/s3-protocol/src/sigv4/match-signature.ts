import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { S3Error } from '../s3-error.ts'
import type { RawS3Request } from '../s3-request.ts'
import { canonicalPath, canonicalRequest } from './canonical-request.ts'
import { sign, signatureMatches } from './signing-key.ts'

/** What a signature is computed from, and what the client says it is. */
export interface SignatureMaterial {
  readonly request: RawS3Request
  readonly accessKeyId: string
  readonly signedHeaders: readonly string[]
  readonly payloadHash: string
  readonly key: KeyObject
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
 * that leave reserved characters bare), text that is not ASCII as bytes or as UTF-8 of its Latin-1 characters.
 */
export function matchSignature(material: SignatureMaterial): SignatureMatch {
  const { request, signature } = material
  const path = canonicalPath(request.signedPath)
  const first = attempt(material, path)
  if (first.matches) return first
  const paths = path === request.signedPath ? [path] : [path, request.signedPath]
  for (const candidate of paths) {
    const canonical = canonicalOf(material, candidate)
    const encodings = isAscii(canonical) ? (['latin1'] as const) : (['latin1', 'utf8'] as const)
    for (const encoding of encodings) {
      const stringToSign = material.head + hash('sha256', Buffer.from(canonical, encoding))
      if (signatureMatches(sign(material.key, stringToSign), signature)) return { matches: true, canonical, stringToSign }
    }
  }
  return first
}

/** The error of a signature that does not match. */
export function signatureMismatch({ accessKeyId, signature }: SignatureMaterial, { canonical, stringToSign }: SignatureMatch): S3Error {
  return new S3Error(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    {
      // All of it is what the client sent; with it, whoever writes a client can find the difference.
      fields: { AWSAccessKeyId: accessKeyId, StringToSign: stringToSign, SignatureProvided: signature, CanonicalRequest: canonical },
    },
  )
}

function attempt(material: SignatureMaterial, path: string): SignatureMatch {
  const canonical = canonicalOf(material, path)
  const stringToSign = material.head + hash('sha256', isAscii(canonical) ? canonical : Buffer.from(canonical, 'latin1'))
  return { matches: signatureMatches(sign(material.key, stringToSign), material.signature), canonical, stringToSign }
}

function canonicalOf({ request, signedHeaders, payloadHash }: SignatureMaterial, path: string): string {
  const { method, query, headers } = request
  return canonicalRequest({ method, path, query, headers, signedHeaders, payloadHash })
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- NUL is ASCII too
  return !/[^\0-\x7f]/.test(text)
}
