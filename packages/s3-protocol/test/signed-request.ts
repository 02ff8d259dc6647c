import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { HttpHeader, HttpRequest } from '@stowage/http'
import { parseS3Request } from '../src/s3-request.ts'
import type { RawS3Request } from '../src/s3-request.ts'
import { canonicalPath, canonicalRequest } from '../src/sigv4/canonical-request.ts'
import { deriveSigningKey } from '../src/sigv4/signing-key.ts'
import { ACCESS_KEY_ID, AMZ_DATE, SECRET_ACCESS_KEY } from './aws-vectors.ts'

export interface RequestParts {
  readonly method?: string
  readonly target: string
  readonly headers: readonly HttpHeader[]
  readonly body?: readonly Uint8Array[]
}

/** A request as the adapter would hand it over. */
export function httpRequest(parts: RequestParts): HttpRequest {
  return {
    method: parts.method ?? 'GET',
    target: parts.target,
    headers: parts.headers,
    body: Readable.from(parts.body ?? []),
    signal: new AbortController().signal,
    mount: '',
    peer: { address: null, encrypted: false },
    acceptBody() {},
  }
}

/** The same, taken apart. */
export function rawRequest(parts: RequestParts): RawS3Request {
  return parseS3Request(httpRequest(parts))
}

/** The value of Authorization for a signature that somebody has computed. */
export function authorization(signedHeaders: string, signature: string, scope = '20130524/us-east-1/s3/aws4_request'): string {
  return `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY_ID}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`
}

/** Signs every header that is given, and adds Authorization. What it calls is proved by the vectors. */
export function signed(parts: RequestParts, region = 'us-east-1'): RequestParts {
  const raw = rawRequest(parts)
  const date = parts.headers.find(([name]) => name === 'x-amz-date')?.[1] ?? AMZ_DATE
  const signedHeaders = [...new Set(parts.headers.map(([name]) => name))].sort()
  const payloadHash = parts.headers.find(([name]) => name === 'x-amz-content-sha256')?.[1] ?? ''
  const { method, query, headers } = raw
  const canonical = canonicalRequest({ method, path: canonicalPath(raw.signedPath), query, headers, signedHeaders, payloadHash })
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`
  const key = deriveSigningKey(SECRET_ACCESS_KEY, { date: date.slice(0, 8), region, service: 's3' })
  const signature = key.sign(`AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash('sha256', Buffer.from(canonical, 'latin1'))}`)
  return { ...parts, headers: [...parts.headers, ['authorization', authorization(signedHeaders.join(';'), signature, scope)]] }
}
