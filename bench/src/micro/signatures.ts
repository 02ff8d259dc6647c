import { Readable } from 'node:stream'
import type { HttpHeader, HttpRequest } from '@stowage/http'
import { bench, do_not_optimize, group, run } from 'mitata'
import { parseS3Request } from '../../../packages/s3-protocol/src/s3-request.ts'
import { canonicalPath, canonicalRequest } from '../../../packages/s3-protocol/src/sigv4/canonical-request.ts'
import { RequestVerifier } from '../../../packages/s3-protocol/src/sigv4/request-verifier.ts'
import { deriveSigningKey } from '../../../packages/s3-protocol/src/sigv4/signing-key.ts'
import { RequestSigner } from '../load/signed-request.ts'

/** What a signed request costs before anything is done for it. `node -C @stowage/source bench/src/micro/signatures.ts`. */
const TARGET = {
  endpoint: 'http://127.0.0.1:9000',
  accessKeyId: 'BENCHACCESSKEY',
  secretAccessKey: 'a-secret-of-some-length',
  region: 'us-east-1',
}
const SCOPE = { date: '20260101', region: 'us-east-1', service: 's3' }

function request(fields: Parameters<RequestSigner['sign']>[0]): HttpRequest {
  const [line = '', ...lines] = new RequestSigner(TARGET).sign(fields).toString('latin1').trimEnd().split('\r\n')
  const headers = lines.map((text): HttpHeader => {
    const colon = text.indexOf(':')
    return [text.slice(0, colon).toLowerCase(), text.slice(colon + 2)]
  })
  const [method = '', target = ''] = line.split(' ')
  return {
    method,
    target,
    mount: '',
    headers,
    body: Readable.from([]),
    signal: new AbortController().signal,
    peer: { address: null, encrypted: false },
    acceptBody: () => undefined,
  }
}

const credential = { id: TARGET.accessKeyId, version: '1', secretAccessKey: TARGET.secretAccessKey, caller: 'bench' }
const verifier = new RequestVerifier<string>({
  region: TARGET.region,
  credentials: { find: (id) => (id === credential.id ? credential : null) },
  clock: () => new Date(),
})

for (const [name, http] of [
  ['GET of a key', request({ method: 'GET', path: '/bucket/photos/2026/01/cat picture.jpg' })],
  ['PUT of a key', request({ method: 'PUT', path: '/bucket/photos/2026/01/cat.jpg', bodyLength: 4096 })],
  ['LIST', request({ method: 'GET', path: '/bucket', query: { 'list-type': '2', prefix: 'photos/', delimiter: '/', 'max-keys': '1000' } })],
] as const) {
  const raw = parseS3Request(http)
  const { method, query, headers } = raw
  const parts = {
    method,
    path: canonicalPath(raw.signedPath),
    query,
    headers,
    signedHeaders: ['host', 'x-amz-content-sha256', 'x-amz-date'],
  }
  if ((await verifier.verify(raw)).kind !== 'signed') throw new Error(`${name} does not verify`)
  group(name, () => {
    bench('take the request apart', () => do_not_optimize(parseS3Request(http)))
    bench('canonical request', () => do_not_optimize(canonicalRequest({ ...parts, payloadHash: 'UNSIGNED-PAYLOAD' })))
    bench('verify, signing key cached', async () => do_not_optimize(await verifier.verify(raw)))
  })
}

group('keys', () => {
  const key = deriveSigningKey(TARGET.secretAccessKey, SCOPE)
  bench('derive a signing key', () => do_not_optimize(deriveSigningKey(TARGET.secretAccessKey, SCOPE)))
  bench('sign', () => do_not_optimize(key.sign('AWS4-HMAC-SHA256\n20260101T000000Z\n20260101/us-east-1/s3/aws4_request\n0123456789abcdef')))
})

await run()
