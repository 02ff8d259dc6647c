import { buffer } from 'node:stream/consumers'
import { hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { HttpHeader } from '@stowage/http'
import { AMZ_DATE, CHUNKED, EMPTY_SHA256, SECRET_ACCESS_KEY, SIGNED_AT } from '../../test/aws-vectors.ts'
import { rawRequest, signed } from '../../test/signed-request.ts'
import type { RawS3Request } from '../s3-request.ts'
import { RequestVerifier } from './request-verifier.ts'
import { readVerifiedBody, refuseChunks, verifiedBody } from './verified-body.ts'

const verifier = new RequestVerifier<string>({
  credentials: { find: () => ({ id: '1', version: '1', secretAccessKey: SECRET_ACCESS_KEY, caller: 'me' }) },
  region: 'us-east-1',
  clock: () => new Date(SIGNED_AT),
})
const code = (expected: string): unknown => expect.objectContaining({ name: 'S3Error', code: expected })

function put(mode: string, headers: readonly HttpHeader[], body: string): RawS3Request {
  const all: HttpHeader[] = [['host', 'h'], ['x-amz-content-sha256', mode], ['x-amz-date', AMZ_DATE], ...headers]
  return rawRequest(signed({ method: 'PUT', target: '/b/k', headers: all, body: body === '' ? [] : [Buffer.from(body)] }))
}

describe('verifiedBody', () => {
  test('hands the stream through where there is no framing', async () => {
    const sha256 = hash('sha256', 'abc')
    const hex = put(sha256, [['content-length', '3']], 'abc')
    const body = verifiedBody(hex, await verifier.verify(hex))
    expect(body).toMatchObject({ size: 3, sha256, trailerNames: [] })
    expect(body.stream).toBe(hex.http.body)
    const plain = put('UNSIGNED-PAYLOAD', [['content-length', '3']], 'abc')
    expect(verifiedBody(plain, await verifier.verify(plain))).toMatchObject({ size: 3, sha256: null })
    const upper = put(sha256.toUpperCase(), [['content-length', '3']], 'abc')
    expect(verifiedBody(upper, await verifier.verify(upper)).sha256).toBe(sha256)
  })

  test('takes the framing off, and knows the trailers at the end', async () => {
    const headers: HttpHeader[] = [
      ['content-encoding', 'aws-chunked'],
      ['x-amz-decoded-content-length', '5'],
      ['x-amz-trailer', 'X-Amz-Checksum-Crc32'],
    ]
    const request = put('STREAMING-UNSIGNED-PAYLOAD-TRAILER', headers, '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n')
    const body = verifiedBody(request, await verifier.verify(request))
    expect(body).toMatchObject({ size: 5, sha256: null, trailerNames: ['x-amz-checksum-crc32'] })
    expect(() => body.trailers()).toThrow()
    expect((await buffer(body.stream)).toString()).toBe('hello')
    expect([...body.trailers()]).toEqual([['x-amz-checksum-crc32', 'NhCmhg==']])
  })

  test('continues the signature of the request', async () => {
    const headers = CHUNKED.headers.filter(([name]) => name !== 'content-length')
    const request = rawRequest(signed({ method: 'PUT', target: '/b/k', headers, body: [Buffer.from('10000;chunk-signature=')] }))
    await expect(buffer(verifiedBody(request, await verifier.verify(request)).stream)).rejects.toEqual(code('IncompleteBody'))
    const forged = rawRequest(
      signed({ method: 'PUT', target: '/b/k', headers, body: [Buffer.from(`1;chunk-signature=${CHUNKED.chunks[0]}\r\na\r\n`)] }),
    )
    await expect(buffer(verifiedBody(forged, await verifier.verify(forged)).stream)).rejects.toEqual(code('SignatureDoesNotMatch'))
  })

  test('refuses a length or a trailer that was not announced as it must be', async () => {
    const open = async (mode: string, headers: readonly HttpHeader[]): Promise<unknown> => {
      const request = put(mode, headers, '')
      const verification = await verifier.verify(request)
      try {
        return verifiedBody(request, verification)
      } catch (error) {
        return error
      }
    }
    expect(await open('UNSIGNED-PAYLOAD', [])).toEqual(code('MissingContentLength'))
    expect(await open(EMPTY_SHA256, [['transfer-encoding', 'chunked']])).toEqual(code('MissingContentLength'))
    expect(await open('STREAMING-UNSIGNED-PAYLOAD-TRAILER', [['content-length', '3']])).toEqual(code('MissingContentLength'))
    expect(await open('UNSIGNED-PAYLOAD', [['content-length', '1e3']])).toEqual(code('InvalidArgument'))
    expect(await open('STREAMING-UNSIGNED-PAYLOAD-TRAILER', [['x-amz-decoded-content-length', '-1']])).toEqual(code('InvalidArgument'))
    const trailer: HttpHeader[] = [
      ['content-length', '0'],
      ['x-amz-decoded-content-length', '0'],
      ['x-amz-trailer', 'x-amz-checksum-crc32'],
    ]
    expect(await open('UNSIGNED-PAYLOAD', trailer)).toEqual(code('InvalidRequest'))
    expect(await open('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', trailer)).toEqual(code('InvalidRequest'))
  })
})

describe('readVerifiedBody', () => {
  test('holds a document against what was signed, and against a limit', async () => {
    const read = async (mode: string, body: string, sizeMax = 100): Promise<string> => {
      const request = put(mode, [['content-length', String(body.length)]], body)
      return (await readVerifiedBody(request, await verifier.verify(request), sizeMax)).toString()
    }
    expect(await read(hash('sha256', '<a/>'), '<a/>')).toBe('<a/>')
    expect(await read('UNSIGNED-PAYLOAD', '<a/>')).toBe('<a/>')
    await expect(read(EMPTY_SHA256, '<a/>')).rejects.toEqual(code('XAmzContentSHA256Mismatch'))
    await expect(read(hash('sha256', '<a/>'), '<a/>', 3)).rejects.toEqual(code('MaxMessageLengthExceeded'))
  })

  test('framing is for uploads only', async () => {
    const request = put('STREAMING-UNSIGNED-PAYLOAD-TRAILER', [['x-amz-decoded-content-length', '0']], '0\r\n\r\n')
    const verification = await verifier.verify(request)
    expect(() => refuseChunks(verification)).toThrow(code('InvalidRequest'))
    await expect(readVerifiedBody(request, verification, 9)).rejects.toEqual(code('InvalidRequest'))
  })
})
