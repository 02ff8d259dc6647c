import { createHash, createHmac, hash } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTarget } from '@stowage/http'
import type { HttpHeader } from '@stowage/http'
import { ACCESS_KEY_ID, SECRET_ACCESS_KEY, SIGNED_AT, SUITE_SECRET_ACCESS_KEY } from '../../test/aws-vectors.ts'
import { httpRequest } from '../../test/signed-request.ts'
import { SUITE, SUITE_AMZ_DATE } from '../../test/signing-suite.ts'
import { parseS3Request } from '../s3-request.ts'
import { canonicalPath, canonicalQuery, canonicalRequest, percentEncode } from './canonical-request.ts'
import { RequestVerifier } from './request-verifier.ts'
import { deriveSigningKey } from './signing-key.ts'

const EMPTY = hash('sha256', '')

describe('aws-signing-test-suite', () => {
  const scope = { date: '20150830', region: 'us-east-1', service: 'service' }
  const key = deriveSigningKey(SUITE_SECRET_ACCESS_KEY, scope)
  test.each(SUITE)('$name', ({ method, target, headers, signedHeaders, signature }) => {
    const { rawPath, query } = parseTarget(target)
    const payloadHash = headers.find(([name]) => name === 'x-amz-content-sha256')?.[1] ?? EMPTY
    const canonical = canonicalRequest({
      method,
      path: canonicalPath(rawPath),
      query,
      headers: [['host', 'example.amazonaws.com'], ...headers, ['x-amz-date', SUITE_AMZ_DATE]],
      signedHeaders: signedHeaders.split(';'),
      payloadHash,
    })
    const stringToSign = `AWS4-HMAC-SHA256\n${SUITE_AMZ_DATE}\n20150830/us-east-1/service/aws4_request\n${hash('sha256', canonical)}`
    expect(key.sign(stringToSign)).toBe(signature)
  })
})

describe('canonicalPath', () => {
  test('decodes and encodes once, and normalises nothing', () => {
    expect(canonicalPath('/b/a/../%2e%2e//c/')).toBe('/b/a/../..//c/')
    expect(canonicalPath('/b/a+b')).toBe('/b/a%2Bb')
    expect(canonicalPath('/b/%2525')).toBe('/b/%2525')
    expect(canonicalPath('/b/%c3%a9=$')).toBe('/b/%C3%A9%3D%24')
    expect(canonicalPath("/b/!'()*~")).toBe('/b/%21%27%28%29%2A~')
    expect(canonicalPath('/b/%5C%00')).toBe('/b/%5C%00')
  })
})

describe('canonicalQuery', () => {
  const canonical = (query: string): string => canonicalQuery(parseTarget(`/?${query}`).query)

  test('sorts by encoded name, then by encoded value, bytewise', () => {
    expect(canonical('lifecycle')).toBe('lifecycle=')
    expect(canonical('b=2&a=2&a=1&B=0&a')).toBe('B=0&a=&a=1&a=2&b=2')
    // By code unit U+FF5E would come after U+1F600, by byte before it; an unreserved "~" sorts after "%".
    expect(canonical('%F0%9F%98%80=&%EF%BD%9E=&~=')).toBe('%EF%BD%9E=&%F0%9F%98%80=&~=')
    expect(canonical('a=%7E&a-=1&a=%20')).toBe('a=%20&a=~&a-=1')
  })

  test('a plus is a space, a semicolon is data, only the signature is left out', () => {
    expect(canonical('a=b+c&d=e%2Bf')).toBe('a=b%20c&d=e%2Bf')
    expect(canonical('X-Amz-SignedHeaders=a;b')).toBe('X-Amz-SignedHeaders=a%3Bb')
    expect(canonical('X-Amz-Signature=1&x-amz-signature=2')).toBe('x-amz-signature=2')
  })
})

test('header values are joined, trimmed and collapsed, but for bytes that only look blank', () => {
  const headers: HttpHeader[] = [
    ['a', ' 1 \t 2 '],
    ['a', '3'],
    ['b', '\xa0  x\xa0'],
    ['c', ''],
  ]
  const canonical = canonicalRequest({ method: 'GET', path: '/', query: [], headers, signedHeaders: ['a', 'b', 'c'], payloadHash: 'P' })
  expect(canonical).toBe('GET\n/\n\na:1 2,3\nb:\xa0 x\xa0\nc:\n\na;b;c\nP')
})

type Source = string | ArrayBuffer | ArrayBufferView

function bytesOf(source: Source): Uint8Array {
  if (typeof source === 'string') return Buffer.from(source)
  return ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source)
}

/** SHA-256 and HMAC in the form the signer wants. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>
  constructor(secret?: Source) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }
  update(data: Source): void {
    this.#hash.update(bytesOf(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

describe('agrees with @smithy/signature-v4', () => {
  const signer = new SignatureV4({
    service: 's3',
    region: 'us-east-1',
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: true,
  })
  const verifier = new RequestVerifier<string>({
    credentials: { find: () => ({ id: '1', version: '1', secretAccessKey: SECRET_ACCESS_KEY, caller: 'me' }) },
    region: 'us-east-1',
    clock: () => new Date(SIGNED_AT),
  })
  const unicode = fc.string({ unit: 'binary', maxLength: 12 })
  const reserved = fc.string({ unit: fc.constantFrom(...Array.from("=+:@,!$&'()*;?#%.")), maxLength: 6 })
  // What may stand in a path without an escape (RFC 3986 §3.3), and what many clients therefore leave bare.
  const bare = (text: string): string => encodeURI(text).replace(/[?#]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
  const path = fc
    .tuple(fc.array(fc.oneof(unicode, reserved), { maxLength: 4 }), fc.constantFrom(percentEncode, bare))
    .map(([segments, encode]) => `/bucket/${segments.map(encode).join('/')}`)
  const names = unicode.filter((name) => !/^(x-amz-.*|signature|awsaccesskeyid|__proto__)$/i.test(name) && name !== '')
  const query = fc.dictionary(names, fc.oneof(unicode, fc.array(unicode, { minLength: 1, maxLength: 3 })), { maxKeys: 4 })
  const value = fc.string({ unit: fc.constantFrom(...Array.from(' \t,;="aZ0:/%+\'()&~')), maxLength: 12 }).map((text) => `v${text}v`)
  const headers = fc.dictionary(fc.constantFrom('x-amz-meta-a', 'x-amz-acl', 'content-type', 'range', 'if-match', 'content-md5'), value)

  test('for random paths, queries and headers', async () => {
    await fc.assert(
      fc.asyncProperty(path, query, headers, async (path, query, headers) => {
        const request = await signer.sign(
          { method: 'PUT', protocol: 'http:', hostname: 'h', path, query, headers: { ...headers, host: 'h:9000' } },
          { signingDate: new Date(SIGNED_AT) },
        )
        const pairs = Object.entries(query).flatMap(([name, values]) => [values].flat().map((text) => [name, text] as const))
        const search = pairs.map(([name, text]) => `${encodeURIComponent(name)}=${encodeURIComponent(text)}`).join('&')
        const received = Object.entries(request.headers).map(([name, text]) => [name.toLowerCase(), text] as const)
        const raw = parseS3Request(httpRequest({ method: 'PUT', target: search === '' ? path : `${path}?${search}`, headers: received }))
        await expect(verifier.verify(raw)).resolves.toMatchObject({ kind: 'signed', credential: { caller: 'me' } })
      }),
      { numRuns: 500 },
    )
  })
})
