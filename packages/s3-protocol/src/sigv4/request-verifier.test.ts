import { describe, expect, test } from 'vitest'
import type { HttpHeader } from '@stowage/http'
import {
  ACCESS_KEY_ID,
  AMZ_DATE,
  CHUNKED,
  EMPTY_SHA256,
  HEADER_VECTORS,
  SECRET_ACCESS_KEY,
  SIGNED_AT,
  TRAILER,
} from '../../test/aws-vectors.ts'
import { authorization, rawRequest, signed } from '../../test/signed-request.ts'
import type { RequestParts } from '../../test/signed-request.ts'
import type { RawS3Request } from '../s3-request.ts'
import type { Credential } from './credentials.ts'
import { RequestVerifier } from './request-verifier.ts'
import type { RequestVerifierOptions, Verification, VerifyOptions } from './request-verifier.ts'

const credential: Credential<string> = { id: 'c1', version: '1', secretAccessKey: SECRET_ACCESS_KEY, caller: 'me' }

function verifier(options: Partial<RequestVerifierOptions<string>> = {}): RequestVerifier<string> {
  return new RequestVerifier({
    credentials: { find: (accessKeyId) => (accessKeyId === ACCESS_KEY_ID ? credential : null) },
    region: 'eu-west-7',
    clock: () => new Date(SIGNED_AT),
    ...options,
  })
}

const verify = (request: RawS3Request, options?: VerifyOptions): Promise<Verification<string>> => verifier().verify(request, options)
const code = (expected: string): unknown => expect.objectContaining({ name: 'S3Error', code: expected })
const rejection = (parts: RequestParts): Promise<unknown> =>
  verify(rawRequest(parts)).then(
    () => 'accepted',
    (error: unknown) => error,
  )

function vectorRequest(vector: { method: string; target: string; headers: readonly HttpHeader[]; signature: string }): RequestParts {
  const names = vector.headers.map(([name]) => name).join(';')
  return { ...vector, headers: [...vector.headers, ['authorization', authorization(names, vector.signature)]] }
}

const seeds = [
  { name: 'chunked seed', method: 'PUT', target: '/examplebucket/chunkObject.txt', headers: CHUNKED.headers, signature: CHUNKED.seed },
  { name: 'trailer seed', method: 'PUT', target: '/examplebucket/chunkObject.txt', headers: TRAILER.headers, signature: TRAILER.seed },
]
const vectors = [...HEADER_VECTORS, ...seeds]

const plain: readonly HttpHeader[] = [
  ['host', 'h'],
  ['x-amz-content-sha256', EMPTY_SHA256],
  ['x-amz-date', AMZ_DATE],
]

describe('known answers', () => {
  test.each(vectors)('$name', async (vector) => {
    const verification = await verify(rawRequest(vectorRequest(vector)))
    expect(verification).toMatchObject({ kind: 'signed', credential, seed: { signature: vector.signature, amzDate: AMZ_DATE } })
  })

  test.each(vectors)('$name: every changed byte is refused', async (vector) => {
    const parts = vectorRequest(vector)
    const change = (text: string, index: number, mask: number): string =>
      text.slice(0, index) + String.fromCharCode(text.charCodeAt(index) ^ mask) + text.slice(index + 1)
    const mutants: RequestParts[] = []
    for (const mask of [1, 0x20]) {
      for (let index = 1; index < parts.target.length; index++) mutants.push({ ...parts, target: change(parts.target, index, mask) })
      for (const [position, [name, value]] of parts.headers.entries()) {
        for (let index = 0; index < value.length; index++) {
          mutants.push({ ...parts, headers: parts.headers.with(position, [name, change(value, index, mask)]) })
        }
      }
    }
    for (const mutant of mutants) {
      // An Authorization of another scheme counts for nothing: such a request is anonymous.
      const kind = await Promise.resolve(mutant)
        .then((parts) => verify(rawRequest(parts)))
        .then(
          (verification) => verification.kind,
          () => 'refused',
        )
      expect(kind, JSON.stringify(mutant)).not.toBe('signed')
    }
  })

  test.each(vectors)('$name: no header may go, none may come twice, no other method', async (vector) => {
    const parts = vectorRequest(vector)
    for (const index of parts.headers.keys()) {
      if (parts.headers[index]?.[0] === 'authorization') continue
      expect(await rejection({ ...parts, headers: parts.headers.toSpliced(index, 1) })).toBeInstanceOf(Error)
      expect(await rejection({ ...parts, headers: [...parts.headers, parts.headers[index]!] })).toBeInstanceOf(Error)
    }
    expect(await rejection({ ...parts, method: 'DELETE' })).toEqual(code('SignatureDoesNotMatch'))
  })
})

describe('coverage', () => {
  test('an x-amz header that was not signed is refused', async () => {
    const parts = signed({ target: '/b/k', headers: plain })
    for (const name of ['x-amz-copy-source', 'x-amz-tagging', 'x-amz-acl', 'x-amz-meta-a', 'x-amz-security-token', 'x-amz-anything']) {
      expect(await rejection({ ...parts, headers: [...parts.headers, [name, '']] }), name).toEqual(code('AccessDenied'))
    }
  })

  test('what a CDN adds is neither signed nor seen', async () => {
    const parts = signed({ target: '/b/k', headers: plain })
    const request = rawRequest({ ...parts, headers: [...parts.headers, ['x-amz-cf-id', 'abc']] })
    expect((await verify(request)).kind).toBe('signed')
    expect(request.headers.some(([name]) => name === 'x-amz-cf-id')).toBe(false)
  })

  test('a session token with a permanent key is refused', async () => {
    const parts = signed({ target: '/b/k', headers: [...plain, ['x-amz-security-token', 't']] })
    expect(await rejection(parts)).toEqual(expect.objectContaining({ code: 'InvalidToken', status: 403 }))
  })
})

describe('one mechanism, and nobody anonymous by mistake', () => {
  const parts = signed({ target: '/b/k', headers: plain })
  const withAuthorization = (value: string): RequestParts => ({ target: '/b/k', headers: [...plain, ['authorization', value]] })

  test('no credential at all is anonymous, whatever others left in Authorization', async () => {
    for (const headers of [[['host', 'h']], [['authorization', 'Bearer x']], [['authorization', '']]] as HttpHeader[][]) {
      expect(await verify(rawRequest({ target: '/b/k', headers }))).toMatchObject({ kind: 'anonymous', payload: { kind: 'unsigned' } })
    }
    const hex = rawRequest({ target: '/b/k', headers: [['x-amz-content-sha256', EMPTY_SHA256]] })
    expect(await verify(hex)).toMatchObject({ kind: 'anonymous', payload: { kind: 'sha256', sha256: EMPTY_SHA256 } })
  })

  test('half of a presigned URL, two mechanisms, Signature Version 2 and 4A are refused by name', async () => {
    for (const name of [
      'X-Amz-Algorithm',
      'X-Amz-Credential',
      'X-Amz-Signature',
      'X-Amz-SignedHeaders',
      'X-Amz-Expires',
      'x-amz-signature',
    ]) {
      expect(await rejection({ target: `/b/k?${name}=1`, headers: [] }), name).toEqual(code('AuthorizationQueryParametersError'))
      expect(await rejection({ ...parts, target: `/b/k?${name}=1` }), name).toEqual(code('InvalidArgument'))
    }
    for (const target of ['/b/k?Signature=x', '/b/k?AWSAccessKeyId=x']) {
      expect(await rejection({ target, headers: [] })).toEqual(code('InvalidRequest'))
      expect(await rejection({ ...parts, target })).toEqual(code('InvalidArgument'))
    }
    expect(await rejection(withAuthorization('AWS AK:sig'))).toEqual(code('InvalidRequest'))
    expect(await rejection(withAuthorization('aws4-hmac-sha256 Credential=x'))).toEqual(code('InvalidRequest'))
    expect(await rejection(withAuthorization('AWS4-ECDSA-P256-SHA256 Credential=x'))).toEqual(code('NotImplemented'))
    const form: RequestParts = { method: 'POST', target: '/b', headers: [['content-type', 'Multipart/Form-Data; boundary=x']] }
    // Its fields say who has sent it, and nothing else may.
    expect(await rejection(form)).toEqual(code('InvalidRequest'))
    const two: RequestParts = { ...parts, headers: [['authorization', 'Bearer x'], ...parts.headers] }
    expect(await rejection(two)).toEqual(code('InvalidArgument'))
  })

  test('a body mode is no credential', async () => {
    for (const mode of ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD']) {
      const headers: HttpHeader[] = [['x-amz-content-sha256', mode]]
      expect(await rejection({ method: 'PUT', target: '/b/k', headers })).toEqual(code('AccessDenied'))
      const forged: HttpHeader[] = [
        ...plain.with(1, ['x-amz-content-sha256', mode]),
        ['authorization', authorization('host;x-amz-content-sha256;x-amz-date', 'a'.repeat(64))],
      ]
      expect(await rejection({ method: 'PUT', target: '/b/k', headers: forged })).toEqual(code('SignatureDoesNotMatch'))
    }
  })
})

describe('the authorization header', () => {
  const good = {
    c: `Credential=${ACCESS_KEY_ID}/20130524/us-east-1/s3/aws4_request`,
    h: 'SignedHeaders=host',
    s: `Signature=${'0'.repeat(64)}`,
  }

  test.each([
    ['nothing', ''],
    ['one part missing', `${good.c}, ${good.h}`],
    ['a part twice', `${good.c}, ${good.h}, ${good.s}, ${good.s}`],
    ['another part', `${good.c}, ${good.h}, ${good.s}, X=1`],
    ['no terminator', `Credential=${ACCESS_KEY_ID}/20130524/us-east-1/s3, ${good.h}, ${good.s}`],
    ['another terminator', `Credential=${ACCESS_KEY_ID}/20130524/us-east-1/s3/aws5_request, ${good.h}, ${good.s}`],
    ['a slash in the key', `Credential=A/B/20130524/us-east-1/s3/aws4_request, ${good.h}, ${good.s}`],
    ['no key', `Credential=/20130524/us-east-1/s3/aws4_request, ${good.h}, ${good.s}`],
    ['another service', `Credential=${ACCESS_KEY_ID}/20130524/us-east-1/sts/aws4_request, ${good.h}, ${good.s}`],
    ['a wrong date', `Credential=${ACCESS_KEY_ID}/2013-05-24/us-east-1/s3/aws4_request, ${good.h}, ${good.s}`],
    ['another date than the request', `Credential=${ACCESS_KEY_ID}/20130525/us-east-1/s3/aws4_request, ${good.h}, ${good.s}`],
    ['a short signature', `${good.c}, ${good.h}, Signature=00`],
    ['an upper-case signature', `${good.c}, ${good.h}, Signature=${'A'.repeat(64)}`],
    ['no host', `${good.c}, SignedHeaders=x-amz-date, ${good.s}`],
    ['unsorted names', `${good.c}, SignedHeaders=x-amz-date;host, ${good.s}`],
    ['a name twice', `${good.c}, SignedHeaders=host;host, ${good.s}`],
    ['upper-case names', `${good.c}, SignedHeaders=Host;host, ${good.s}`],
    ['an empty name', `${good.c}, SignedHeaders=;host, ${good.s}`],
  ])('with %s is malformed', async (_, value) => {
    const headers: HttpHeader[] = [...plain, ['authorization', `AWS4-HMAC-SHA256 ${value}`]]
    expect(await rejection({ target: '/b/k', headers })).toEqual(code('AuthorizationHeaderMalformed'))
  })

  test('may have its parts in any order and without blanks', async () => {
    const parts = signed({ target: '/b/k', headers: plain })
    const value = parts.headers.at(-1)?.[1] ?? ''
    const reversed = `AWS4-HMAC-SHA256 ${value.slice(17).split(', ').reverse().join(',')}`
    expect((await verify(rawRequest({ ...parts, headers: [...plain, ['authorization', reversed]] }))).kind).toBe('signed')
  })
})

describe('region, time and payload', () => {
  test('lenient takes its own region and what clients send unasked; strict takes one, and names it', async () => {
    for (const region of ['eu-west-7', 'us-east-1', 'auto', '']) {
      expect((await verify(rawRequest(signed({ target: '/b', headers: plain }, region)))).kind).toBe('signed')
    }
    const elsewhere = rawRequest(signed({ target: '/b', headers: plain }, 'mars'))
    const malformed = expect.objectContaining({ code: 'AuthorizationHeaderMalformed', fields: { Region: 'eu-west-7' } })
    await expect(verify(elsewhere)).rejects.toEqual(malformed)
    expect((await verify(elsewhere, { anyRegion: true })).kind).toBe('signed')
    for (const region of ['Mars', 'x'.repeat(65), 'a b', 'ü', 'x\u0000']) {
      const request = rawRequest(signed({ target: '/b', headers: plain }, region))
      await expect(verify(request, { anyRegion: true })).rejects.toEqual(code('AuthorizationHeaderMalformed'))
    }
    expect((await verify(rawRequest(signed({ target: '/b', headers: plain }, 'x'.repeat(64))), { anyRegion: true })).kind).toBe('signed')
    await expect(verifier({ regionMode: 'strict' }).verify(rawRequest(signed({ target: '/b', headers: plain })))).rejects.toEqual(malformed)
  })

  test('15 minutes either way, and not a second more', async () => {
    const request = (): RawS3Request => rawRequest(signed({ target: '/b', headers: plain }))
    const at = (seconds: number): RequestVerifier<string> => verifier({ clock: () => new Date(Date.parse(SIGNED_AT) + seconds * 1000) })
    for (const seconds of [-900, 0, 900]) expect((await at(seconds).verify(request())).kind).toBe('signed')
    for (const seconds of [-901, 901, 86_400]) await expect(at(seconds).verify(request())).rejects.toEqual(code('RequestTimeTooSkewed'))
  })

  test('the date may come as Date', async () => {
    const headers: HttpHeader[] = [plain[0]!, plain[1]!, ['date', 'Fri, 24 May 2013 00:00:00 GMT']]
    expect(await verify(rawRequest(signed({ target: '/b', headers })))).toMatchObject({ seed: { amzDate: AMZ_DATE } })
    const without = signed({ target: '/b', headers: [plain[0]!, plain[1]!] })
    expect(await rejection(without)).toEqual(code('AccessDenied'))
    const broken = signed({ target: '/b', headers: plain.with(2, ['x-amz-date', '20130524T250000Z']) })
    expect(await rejection(broken)).toEqual(code('AccessDenied'))
  })

  test('x-amz-content-sha256 must come and be one of the five', async () => {
    const sent = (value: string): RequestParts => signed({ target: '/b', headers: plain.with(1, ['x-amz-content-sha256', value]) })
    expect(await verify(rawRequest(sent('UNSIGNED-PAYLOAD')))).toMatchObject({ payload: { kind: 'unsigned' } })
    expect(await verify(rawRequest(sent('STREAMING-UNSIGNED-PAYLOAD-TRAILER')))).toMatchObject({ payload: { kind: 'unsigned-chunks' } })
    expect(await rejection(sent('STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD'))).toEqual(code('NotImplemented'))
    for (const value of ['', 'unsigned-payload', 'abc', `${EMPTY_SHA256}0`])
      expect(await rejection(sent(value))).toEqual(code('InvalidArgument'))
    expect(await rejection(signed({ target: '/b', headers: plain.toSpliced(1, 1) }))).toEqual(code('InvalidRequest'))
  })
})

describe('credentials', () => {
  test('an unknown key is refused, and its name is told', async () => {
    const parts = signed({ target: '/b', headers: plain })
    const value = parts.headers.at(-1)?.[1].replace(ACCESS_KEY_ID, 'AKIDUNKNOWN') ?? ''
    const error = await rejection({ ...parts, headers: [...plain, ['authorization', value]] })
    expect(error).toEqual(expect.objectContaining({ code: 'InvalidAccessKeyId', fields: { AWSAccessKeyId: 'AKIDUNKNOWN' } }))
  })

  test('may come late, may fail, and a new version has a new secret', async () => {
    const request = rawRequest(signed({ target: '/b', headers: plain }))
    let current: Credential<string> = credential
    const late = verifier({ credentials: { find: async () => current } })
    expect((await late.verify(request)).kind).toBe('signed')
    current = { ...credential, version: '2', secretAccessKey: 'changed' }
    await expect(late.verify(request)).rejects.toEqual(code('SignatureDoesNotMatch'))
    const broken = verifier({ credentials: { find: () => Promise.reject(new Error('store')) } })
    await expect(broken.verify(request)).rejects.toThrow('store')
  })
})

test('header text that is not ASCII verifies as bytes, and as UTF-8 of Latin-1 characters', async () => {
  const headers: HttpHeader[] = [...plain, ['x-amz-meta-a', 'Hello \xe9']]
  expect((await verify(rawRequest(signed({ target: '/b', headers })))).kind).toBe('signed')
  const asUtf8 = signed({ target: '/b', headers: headers.with(3, ['x-amz-meta-a', 'Hello \xc3\xa9']) })
  const sentAsLatin1 = { ...asUtf8, headers: asUtf8.headers.with(3, ['x-amz-meta-a', 'Hello \xe9']) }
  expect((await verify(rawRequest(sentAsLatin1))).kind).toBe('signed')
})
