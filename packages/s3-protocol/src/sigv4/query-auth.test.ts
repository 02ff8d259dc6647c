import { describe, expect, test } from 'vitest'
import type { HttpHeader } from '@stowage/http'
import { ACCESS_KEY_ID, AMZ_DATE, EMPTY_SHA256, SECRET_ACCESS_KEY, SIGNED_AT } from '../../test/aws-vectors.ts'
import { rawRequest } from '../../test/signed-request.ts'
import { presign } from '../../test/signer.ts'
import type { ToPresign } from '../../test/signer.ts'
import type { Credential } from './credentials.ts'
import { presignedHeaders } from './query-auth.ts'
import { RequestVerifier } from './request-verifier.ts'
import type { Verification } from './request-verifier.ts'

const PAIR = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY }
const HOST: HttpHeader = ['host', 'h']
const MAIN = { method: 'GET', target: '/b/k', headers: [HOST], date: AMZ_DATE, expires: '86400' }
const code = (expected: string, status = 400): unknown => expect.objectContaining({ name: 'S3Error', code: expected, status })
const QUERY_ERROR = code('AuthorizationQueryParametersError')

interface Sent {
  readonly sign?: Partial<ToPresign>
  /** Changes the target after it was signed. */
  readonly tamper?: (target: string) => string
  /** Sent besides those that are signed. */
  readonly unsigned?: readonly HttpHeader[]
  readonly credential?: Partial<Credential<string>>
  readonly secondsLater?: number
}

function verify({
  sign = {},
  tamper = (target) => target,
  unsigned = [],
  credential = {},
  secondsLater = 0,
}: Sent): Promise<Verification<string>> {
  const request = { ...MAIN, ...sign }
  const target = tamper(presign(request, PAIR))
  const known: Credential<string> = { id: '1', version: '1', secretAccessKey: SECRET_ACCESS_KEY, caller: 'me', ...credential }
  const verifier = new RequestVerifier<string>({
    credentials: { find: (id) => (id === ACCESS_KEY_ID ? known : null) },
    region: 'us-east-1',
    clock: () => new Date(Date.parse(SIGNED_AT) + secondsLater * 1000),
  })
  return verifier.verify(rawRequest({ method: request.method, target, headers: [...request.headers, ...unsigned] }))
}

const replaced = (from: string | RegExp, to: string) => (target: string) => target.replace(from, to)

test('the known answer of the documentation', async () => {
  // AmazonS3/latest/API sigv4-query-string-auth.
  const host: HttpHeader = ['host', 'examplebucket.s3.amazonaws.com']
  const target = presign({ ...MAIN, target: '/test.txt', headers: [host] }, PAIR)
  expect(target).toMatch(/X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404$/)
  expect(await verify({ sign: { target: '/test.txt', headers: [host] } })).toMatchObject({ kind: 'signed', credential: { caller: 'me' } })
  const forged = { sign: { target: '/test.txt', headers: [host] }, tamper: replaced('aeeed9bb', 'aeeed9bc') }
  await expect(verify(forged)).rejects.toEqual(code('SignatureDoesNotMatch', 403))
})

test.each<[string, Sent, unknown]>([
  ['without an algorithm', { tamper: replaced(/X-Amz-Algorithm=[^&]*&/, '') }, QUERY_ERROR],
  ['with another algorithm', { tamper: replaced('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1') }, QUERY_ERROR],
  ['signed with 4A', { tamper: replaced('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256') }, code('NotImplemented', 501)],
  ['without a credential', { tamper: replaced(/X-Amz-Credential=[^&]*&/, '') }, QUERY_ERROR],
  ['with half a credential', { tamper: replaced('%2Faws4_request', '') }, QUERY_ERROR],
  ['with the credential of a key that is not there', { tamper: replaced(ACCESS_KEY_ID, 'AKIANOBODY') }, code('InvalidAccessKeyId', 403)],
  ['for another service', { tamper: replaced('%2Fs3%2F', '%2Fsts%2F') }, QUERY_ERROR],
  ['for another region', { sign: { region: 'eu-west-7' } }, QUERY_ERROR],
  ['for another day', { tamper: replaced('%2F20130524%2F', '%2F20130523%2F') }, QUERY_ERROR],
  ['without a date', { tamper: replaced(/X-Amz-Date=[^&]*&/, '') }, QUERY_ERROR],
  ['with a date that is none', { tamper: replaced('20130524T', '20130524') }, QUERY_ERROR],
  ['without an end', { tamper: replaced(/X-Amz-Expires=[^&]*&/, '') }, QUERY_ERROR],
  ['with an end that is no number', { sign: { expires: '1e3' } }, QUERY_ERROR],
  ['with an end that is a fraction', { sign: { expires: '60.5' } }, QUERY_ERROR],
  ['with an end before its beginning', { sign: { expires: '-7' } }, code('AuthorizationQueryParametersError', 403)],
  ['with an end after seven days', { sign: { expires: '604801' } }, code('AuthorizationQueryParametersError', 403)],
  ['that ends at once', { sign: { expires: '0' } }, code('AccessDenied', 403)],
  ['without a list of headers', { tamper: replaced(/X-Amz-SignedHeaders=[^&]*&/, '') }, QUERY_ERROR],
  ['without the host among them', { sign: { headers: [['range', 'bytes=0-1']] } }, QUERY_ERROR],
  ['without a signature', { tamper: replaced(/&X-Amz-Signature=.*/, '') }, QUERY_ERROR],
  ['with half a signature', { tamper: (target) => target.slice(0, -32) }, QUERY_ERROR],
  ['with a signature in capitals', { tamper: (target) => target.replace(/[0-9a-f]{64}$/, (text) => text.toUpperCase()) }, QUERY_ERROR],
  ['with a name in other capitals', { tamper: replaced('X-Amz-Date', 'x-amz-date') }, QUERY_ERROR],
  ['with a parameter twice', { tamper: (target) => `${target}&X-Amz-Expires=60` }, code('InvalidArgument')],
  ['with a parameter more', { tamper: (target) => `${target}&versionId=x` }, code('SignatureDoesNotMatch', 403)],
  ['for another key', { tamper: replaced('/b/k', '/b/l') }, code('SignatureDoesNotMatch', 403)],
  ['with an x-amz header that is not signed', { unsigned: [['x-amz-copy-source', '/b/secret']] }, code('AccessDenied', 403)],
  ['with tags that are not signed', { unsigned: [['x-amz-tagging', 'a=b']] }, code('AccessDenied', 403)],
  ['with a streaming body', { unsigned: [['x-amz-content-sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER']] }, code('NotImplemented', 501)],
  ['with a body hash that is none', { unsigned: [['x-amz-content-sha256', 'abc']] }, code('InvalidArgument')],
  ['with a token that its key does not have', { sign: { sessionToken: 'T' } }, code('InvalidToken', 403)],
  ['without the token of its key', { credential: { sessionToken: 'T' } }, code('InvalidToken', 403)],
  ['with another token than its key has', { sign: { sessionToken: 'U' }, credential: { sessionToken: 'T' } }, code('InvalidToken', 403)],
])('a URL is refused %s', async (_, sent, error) => {
  await expect(verify(sent)).rejects.toEqual(error)
})

describe('a URL is good', () => {
  test('from a quarter of an hour before its date up to its end', async () => {
    for (const secondsLater of [-900, 0, 86_399]) expect((await verify({ secondsLater })).kind).toBe('signed')
    await expect(verify({ secondsLater: -901 })).rejects.toMatchObject({ code: 'AccessDenied', message: 'Request is not yet valid' })
    for (const secondsLater of [86_400, 1_000_000]) {
      await expect(verify({ secondsLater })).rejects.toMatchObject({ code: 'AccessDenied', message: 'Request has expired' })
    }
    expect((await verify({ sign: { expires: '604800' }, secondsLater: 604_799 })).kind).toBe('signed')
  })

  test('with the semicolons of its headers bare or escaped', async () => {
    const sign = { headers: [HOST, ['range', 'bytes=0-1']] as const }
    expect((await verify({ sign })).kind).toBe('signed')
    expect((await verify({ sign, tamper: replaced('host%3Brange', 'host;range') })).kind).toBe('signed')
  })

  test('with the token of its key', async () => {
    const verification = await verify({ sign: { sessionToken: 'T+/=' }, credential: { sessionToken: 'T+/=' } })
    expect(verification).toMatchObject({ kind: 'signed' })
  })

  test('beside an Authorization of another world', async () => {
    expect((await verify({ unsigned: [['authorization', 'Bearer x']] })).kind).toBe('signed')
  })
})

test('a body hash counts whether it was signed or not', async () => {
  expect(await verify({})).toMatchObject({ payload: { kind: 'unsigned' } })
  const hashHeader: HttpHeader = ['x-amz-content-sha256', EMPTY_SHA256]
  expect(await verify({ unsigned: [hashHeader] })).toMatchObject({ payload: { kind: 'sha256', sha256: EMPTY_SHA256 } })
  const signed = { headers: [HOST, hashHeader], payloadHash: EMPTY_SHA256 }
  expect(await verify({ sign: signed })).toMatchObject({ payload: { kind: 'sha256', sha256: EMPTY_SHA256 } })
  const inQuery = { target: `/b/k?X-Amz-Content-Sha256=${EMPTY_SHA256}`, payloadHash: EMPTY_SHA256 }
  expect(await verify({ sign: inQuery })).toMatchObject({ payload: { kind: 'sha256', sha256: EMPTY_SHA256 } })
  await expect(verify({ sign: inQuery, unsigned: [['x-amz-content-sha256', 'UNSIGNED-PAYLOAD']] })).rejects.toEqual(code('InvalidArgument'))
})

test('headers that the signer put into the URL are headers', () => {
  const target = '/b/k?X-Amz-Algorithm=a&X-Amz-Date=d&X-Amz-Content-Sha256=c&x-amz-acl=private&x-amz-meta-a=%C3%BC&partNumber=1'
  const headers = presignedHeaders(rawRequest({ target, headers: [HOST] }))
  expect(headers).toEqual([HOST, ['x-amz-acl', 'private'], ['x-amz-meta-a', 'Ã¼']])
  expect(() => presignedHeaders(rawRequest({ target, headers: [HOST, ['x-amz-acl', 'private']] }))).toThrow(
    expect.objectContaining({ code: 'InvalidArgument' }),
  )
})
