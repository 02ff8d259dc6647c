import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { RequestOptions } from './client.ts'
import { openDoor } from './door.ts'
import type { Door } from './door.ts'
import { chunkedBody, sha256 } from './signer.ts'
import type { ChunkedOptions, Seed } from './signer.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor()
})
afterAll(() => door.close())
afterEach(() => {
  expect(door.faults).toEqual([])
})

const BODY = Buffer.from('The quick brown fox jumps over the lazy dog. '.repeat(5))
const hash = (name: string): string => createHash(name).update(BODY).digest('base64')
const word = Buffer.alloc(4)
word.writeUInt32BE(crc32(BODY))

/** The right value of each algorithm. CRC32C and CRC64NVME come from a server that was held against AWS's vectors elsewhere. */
const RIGHT: Readonly<Record<string, string>> = { crc32: word.toString('base64'), sha1: hash('sha1'), sha256: hash('sha256') }
const WRONG: Readonly<Record<string, string>> = {
  crc32: 'AAAAAA==',
  crc32c: 'AAAAAA==',
  crc64nvme: 'AAAAAAAAAAA=',
  sha1: Buffer.alloc(20).toString('base64'),
  sha256: Buffer.alloc(32).toString('base64'),
}

type Mode = 'hash' | 'unsigned' | 'signed-chunks' | 'signed-trailer' | 'unsigned-trailer'
type Trailers = ChunkedOptions['trailers']
const VALUES: Readonly<Record<Mode, string>> = {
  hash: sha256(BODY),
  unsigned: 'UNSIGNED-PAYLOAD',
  'signed-chunks': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'signed-trailer': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'unsigned-trailer': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
}

interface Sent {
  readonly headers?: readonly (readonly [string, string])[]
  readonly trailers?: Trailers
  readonly forge?: ChunkedOptions['forge']
  readonly decodedLength?: number
  readonly announced?: string
}

/** The same object in each of the modes. */
function inMode(mode: Mode, sent: Sent = {}): RequestOptions {
  const { headers = [], trailers = [], forge, decodedLength = BODY.length } = sent
  if (mode === 'hash' || mode === 'unsigned') return { body: BODY, payload: VALUES[mode], headers }
  const hasTrailer = mode !== 'signed-chunks'
  const announced = sent.announced ?? trailers.map(([name]) => name).join(',')
  const makeBody = (seed: Seed): Buffer =>
    chunkedBody(BODY, {
      seed: mode === 'unsigned-trailer' ? null : seed,
      ...(hasTrailer ? { trailers } : {}),
      ...(forge === undefined ? {} : { forge }),
    })
  return {
    payload: VALUES[mode],
    headers: [
      ['content-encoding', 'aws-chunked'],
      ['x-amz-decoded-content-length', String(decodedLength)],
      ...(hasTrailer && announced !== '' ? [['x-amz-trailer', announced] as const] : []),
      ...headers,
    ],
    makeBody,
  }
}

const MODES: readonly Mode[] = ['hash', 'unsigned', 'signed-chunks', 'signed-trailer', 'unsigned-trailer']

/** Refused as it should be: nothing to be seen, what was written meanwhile abandoned, the store whole. */
async function expectNothing(key: string): Promise<void> {
  expect((await door.ann.send('HEAD', `/photos/${key}`)).status).toBe(404)
  const { findings, checked } = await door.settle()
  expect(findings).toEqual([])
  // No blob is there that no row refers to.
  expect(checked.blobs).toBe(checked.references)
}

describe('the five payload modes', () => {
  test.each(MODES)('%s: right', async (mode) => {
    const put = await door.ann.send('PUT', `/photos/right-${mode}`, inMode(mode))
    expect([put.status, put.header('etag')]).toEqual([200, `"${createHash('md5').update(BODY).digest('hex')}"`])
    const got = await door.ann.send('GET', `/photos/right-${mode}`)
    expect(got.body.equals(BODY)).toBe(true)
    expect(got.header('content-encoding')).toBeUndefined()
  })

  test.each(MODES)('%s: an empty object', async (mode) => {
    const chunked = mode !== 'hash' && mode !== 'unsigned'
    const options = inMode(mode, { decodedLength: 0 })
    const empty: RequestOptions = chunked
      ? {
          ...options,
          makeBody: (seed) =>
            chunkedBody(Buffer.alloc(0), {
              seed: mode === 'unsigned-trailer' ? null : seed,
              ...(mode === 'signed-chunks' ? {} : { trailers: [] }),
            }),
        }
      : { ...options, body: '', payload: mode === 'hash' ? sha256('') : 'UNSIGNED-PAYLOAD' }
    expect((await door.ann.send('PUT', '/photos/empty', empty)).outcome).toBe('200')
    expect((await door.ann.send('HEAD', '/photos/empty')).header('content-length')).toBe('0')
  })

  test('without Content-Length a framed body comes in chunked transfer encoding', async () => {
    const { head, body } = door.ann.compose('PUT', '/photos/te', {
      ...inMode('unsigned-trailer', { trailers: [['x-amz-checksum-crc32', RIGHT['crc32'] ?? '']] }),
      contentLength: null,
      unsigned: [['transfer-encoding', 'chunked']],
    })
    const wire = door.ann.open()
    wire.write(head)
    for (let at = 0; at < body.length; at += 50) {
      const piece = body.subarray(at, at + 50)
      wire.write(`${piece.length.toString(16)}\r\n`)
      wire.write(Buffer.concat([piece, Buffer.from('\r\n')]))
    }
    wire.write('0\r\n\r\n')
    expect((await wire.answer('PUT')).outcome).toBe('200')
    wire.destroy()
    expect((await door.ann.send('GET', '/photos/te')).body.equals(BODY)).toBe(true)
  })

  test('the coding of the transfer is not kept, that of the content is', async () => {
    const options = inMode('unsigned-trailer')
    const headers = (options.headers ?? []).filter(([name]) => name !== 'content-encoding')
    expect(
      (await door.ann.send('PUT', '/photos/gz', { ...options, headers: [...headers, ['content-encoding', 'aws-chunked, gzip']] })).status,
    ).toBe(200)
    expect((await door.ann.send('HEAD', '/photos/gz')).header('content-encoding')).toBe('gzip')
  })
})

const last = (signature: string): string => signature.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))

describe('D06: what is not what was said', () => {
  test.each<[string, RequestOptions, string]>([
    ['the hash of another payload', { body: BODY, payload: sha256('another') }, '400 XAmzContentSHA256Mismatch'],
    ['a hash of nothing', { body: BODY, payload: sha256('') }, '400 XAmzContentSHA256Mismatch'],
    [
      'the signature of the first chunk',
      inMode('signed-chunks', { forge: (s, at) => (at === 0 ? last(s) : s) }),
      '403 SignatureDoesNotMatch',
    ],
    [
      'the signature of a later chunk',
      inMode('signed-chunks', { forge: (s, at) => (at === 2 ? last(s) : s) }),
      '403 SignatureDoesNotMatch',
    ],
    [
      'the signature of the empty chunk',
      inMode('signed-chunks', { forge: (s, at) => (at === 4 ? last(s) : s) }),
      '403 SignatureDoesNotMatch',
    ],
    [
      'the signature of the trailer',
      inMode('signed-trailer', {
        trailers: [['x-amz-checksum-crc32', RIGHT['crc32'] ?? '']],
        forge: (s, at) => (at === 'trailer' ? last(s) : s),
      }),
      '403 SignatureDoesNotMatch',
    ],
    [
      'unsigned chunks where signed ones were announced',
      { ...inMode('signed-chunks'), makeBody: () => chunkedBody(BODY, { seed: null }) },
      '400 InvalidRequest',
    ],
    ['a decoded length that is too long', inMode('signed-chunks', { decodedLength: BODY.length + 1 }), '400 IncompleteBody'],
    ['a decoded length that is too short', inMode('unsigned-trailer', { decodedLength: BODY.length - 1 }), '400 IncompleteBody'],
    ['a trailer that did not come', inMode('unsigned-trailer', { announced: 'x-amz-checksum-crc32' }), '400 MalformedTrailerError'],
    [
      'a trailer that was not announced',
      {
        ...inMode('unsigned-trailer'),
        makeBody: () => chunkedBody(BODY, { seed: null, trailers: [['x-amz-checksum-crc32', 'AAAAAA==']] }),
      },
      '400 MalformedTrailerError',
    ],
    ['a trailer that is no checksum', inMode('unsigned-trailer', { trailers: [['x-amz-meta-colour', 'red']] }), '400 InvalidRequest'],
    ['no decoded length', { payload: VALUES['signed-chunks'], body: BODY }, '411 MissingContentLength'],
    ['Signature Version 4A', { payload: 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD', body: BODY }, '501 NotImplemented'],
    ['a mode that is none', { payload: 'STREAMING-WHATEVER', body: BODY }, '400 InvalidArgument'],
    ['the MD5 of another body', { body: BODY, headers: [['content-md5', Buffer.alloc(16).toString('base64')]] }, '400 BadDigest'],
    ['an MD5 that is none', { body: BODY, headers: [['content-md5', 'nonsense']] }, '400 InvalidDigest'],
    ['an MD5 with stray bits', { body: BODY, headers: [['content-md5', `${'A'.repeat(21)}B==`]] }, '400 InvalidDigest'],
  ])('%s', async (_, options, outcome) => {
    const answer = await door.ann.send('PUT', '/photos/wrong', options)
    expect(answer.outcome).toBe(outcome)
    expect(answer.one('RequestId')).toBe(answer.header('x-amz-request-id'))
    await expectNothing('wrong')
  })

  test('the refused blob is collected, and what was there before stays', async () => {
    const before = (await door.settle()).checked.blobs
    expect((await door.ann.send('PUT', '/photos/kept', { body: BODY })).status).toBe(200)
    expect((await door.ann.send('PUT', '/photos/kept', { body: 'x'.repeat(100), payload: sha256('y') })).outcome).toBe(
      '400 XAmzContentSHA256Mismatch',
    )
    expect((await door.settle()).checked.blobs).toBe(before + 1)
    expect((await door.ann.send('GET', '/photos/kept')).body.equals(BODY)).toBe(true)
  })

  test('a wrong payload hash tells both hashes', async () => {
    const answer = await door.ann.send('PUT', '/photos/wrong', { body: BODY, payload: sha256('') })
    expect([answer.one('ClientComputedContentSHA256'), answer.one('S3ComputedContentSHA256')]).toEqual([sha256(''), sha256(BODY)])
  })
})

describe('checksums', () => {
  test.each(Object.keys(WRONG))('%s, in a header and in a trailer: right, wrong, malformed', async (algorithm) => {
    const name = `x-amz-checksum-${algorithm}`
    const wrong = WRONG[algorithm] ?? ''
    for (const put of [
      (value: string) => inMode('hash', { headers: [[name, value]] }),
      (value: string) => inMode('signed-chunks', { headers: [[name, value]] }),
      (value: string) => inMode('unsigned-trailer', { trailers: [[name, value]] }),
      (value: string) => inMode('signed-trailer', { trailers: [[name, value]] }),
    ]) {
      const refused = await door.ann.send('PUT', '/photos/sum', put(wrong))
      expect(refused.outcome).toBe('400 BadDigest')
      // The engine says what it computed; where we can compute it ourselves it must be that.
      const computed = /\(([^)]+)\)\.$/.exec(refused.one('Message') ?? '')?.[1] ?? ''
      if (RIGHT[algorithm] !== undefined) expect(computed).toBe(RIGHT[algorithm])
      const malformed = await door.ann.send('PUT', '/photos/sum', put('AAA'))
      expect(malformed.status).toBe(400)
      await expectNothing('sum')
      const kept = await door.ann.send('PUT', '/photos/summed', put(computed))
      expect([kept.outcome, kept.header(name), kept.header('x-amz-checksum-type')]).toEqual(['200', computed, 'FULL_OBJECT'])
      const plain = await door.ann.send('HEAD', '/photos/summed')
      expect(plain.header(name)).toBeUndefined()
      const asked = await door.ann.send('HEAD', '/photos/summed', { headers: [['x-amz-checksum-mode', 'ENABLED']] })
      expect(asked.header(name)).toBe(computed)
      const part = await door.ann.send('GET', '/photos/summed', {
        headers: [
          ['x-amz-checksum-mode', 'ENABLED'],
          ['range', 'bytes=0-3'],
        ],
      })
      expect([part.status, part.header(name)]).toEqual([206, undefined])
    }
  })

  test.each<[string, RequestOptions, string]>([
    [
      'two at once',
      inMode('hash', {
        headers: [
          ['x-amz-checksum-crc32', RIGHT['crc32'] ?? ''],
          ['x-amz-checksum-sha1', RIGHT['sha1'] ?? ''],
        ],
      }),
      '400 InvalidRequest',
    ],
    [
      'one in a header and one in a trailer',
      inMode('unsigned-trailer', {
        headers: [['x-amz-checksum-sha1', RIGHT['sha1'] ?? '']],
        trailers: [['x-amz-checksum-crc32', RIGHT['crc32'] ?? '']],
      }),
      '400 InvalidRequest',
    ],
    [
      'two trailers',
      inMode('unsigned-trailer', {
        trailers: [
          ['x-amz-checksum-sha1', RIGHT['sha1'] ?? ''],
          ['x-amz-checksum-crc32', RIGHT['crc32'] ?? ''],
        ],
      }),
      '400 InvalidRequest',
    ],
    ['an algorithm nobody knows', inMode('hash', { headers: [['x-amz-checksum-rot13', 'AAAA']] }), '400 InvalidRequest'],
    [
      'a trailer of an algorithm nobody knows',
      inMode('unsigned-trailer', { trailers: [['x-amz-checksum-rot13', 'AAAA']] }),
      '400 InvalidRequest',
    ],
    [
      'another one than the SDK says',
      inMode('hash', {
        headers: [
          ['x-amz-sdk-checksum-algorithm', 'SHA1'],
          ['x-amz-checksum-crc32', RIGHT['crc32'] ?? ''],
        ],
      }),
      '400 InvalidRequest',
    ],
    [
      'the right signed hash beside a wrong checksum of the same kind',
      inMode('hash', { headers: [['x-amz-checksum-sha256', WRONG['sha256'] ?? '']] }),
      '400 BadDigest',
    ],
  ])('%s', async (_, options, outcome) => {
    expect((await door.ann.send('PUT', '/photos/sums', options)).outcome).toBe(outcome)
    await expectNothing('sums')
  })

  test('an algorithm without a value is computed and kept', async () => {
    const put = await door.ann.send('PUT', '/photos/asked', inMode('hash', { headers: [['x-amz-sdk-checksum-algorithm', 'SHA1']] }))
    expect(put.header('x-amz-checksum-sha1')).toBe(RIGHT['sha1'])
  })
})

describe('documents', () => {
  const DELETE = '<Delete><Object><Key>right-hash</Key></Object></Delete>'
  test.each<[string, RequestOptions, string]>([
    ['another hash', { body: DELETE, payload: sha256('x') }, '400 XAmzContentSHA256Mismatch'],
    ['another MD5', { body: DELETE, headers: [['content-md5', Buffer.alloc(16).toString('base64')]] }, '400 BadDigest'],
    ['an MD5 that is none', { body: DELETE, headers: [['content-md5', 'x']] }, '400 InvalidDigest'],
    ['another CRC-32', { body: DELETE, headers: [['x-amz-checksum-crc32', 'AAAAAA==']] }, '400 BadDigest'],
    [
      'another CRC-64',
      { body: DELETE, payload: 'UNSIGNED-PAYLOAD', headers: [['x-amz-checksum-crc64nvme', 'AAAAAAAAAAA=']] },
      '400 BadDigest',
    ],
    [
      'framing',
      { body: DELETE, payload: VALUES['unsigned-trailer'], headers: [['x-amz-decoded-content-length', '5']] },
      '400 InvalidRequest',
    ],
  ])('with %s are refused, and nothing is deleted', async (_, options, outcome) => {
    expect((await door.ann.send('POST', '/photos?delete', options)).outcome).toBe(outcome)
    expect((await door.ann.send('HEAD', '/photos/right-hash')).status).toBe(200)
  })
})
