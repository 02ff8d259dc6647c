import { Buffer } from 'node:buffer'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, RequestOptions } from './client.ts'
import { BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor()
})
afterAll(() => door.close())
afterEach(() => {
  expect(door.faults).toEqual([])
})

const put = (key: string, body: string, headers: NonNullable<RequestOptions['headers']> = []): Promise<Answer> =>
  door.ann.send('PUT', `/${BUCKET}/${key}`, { body, headers })

/** A key as a client writes it in a target. */
const escape = (key: string): string =>
  Array.from(Buffer.from(key), (byte) =>
    /[A-Za-z0-9\-._~/]/.test(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')

describe('keys', () => {
  const KEYS = [
    '..',
    '.',
    '../../etc/passwd',
    'a/../b',
    'a//b',
    '//',
    '/',
    '/leading',
    'trailing/',
    './x',
    'back\\slash',
    '%',
    '%25',
    '%2F',
    'a%00b',
    'plus+plus',
    'space space',
    ' leading and trailing ',
    'question?mark#hash',
    'quo"te\'s',
    '&amp;&lt;<>',
    'semi;colon=&',
    'tab\there',
    'line\nfeed\r\n',
    '\u0001\u001f\u007f',
    '\ufffe\uffff',
    '😀/😀',
    'e\u0301',
    '\u00e9',
    'ÄÖÜ',
    'ﬀ',
    '𐀀',
    '__proto__',
    'constructor',
    'k'.repeat(1024),
    '😀'.repeat(256),
  ]

  test('come back exactly as they were', async () => {
    for (const [index, key] of KEYS.entries()) {
      expect((await put(escape(key), `body ${index}`)).outcome, JSON.stringify(key)).toBe('200')
    }
    for (const [index, key] of KEYS.entries()) {
      expect((await door.ann.send('GET', `/${BUCKET}/${escape(key)}`)).text, JSON.stringify(key)).toBe(`body ${index}`)
    }
    const listed = await door.ann.send('GET', `/${BUCKET}?encoding-type=url&list-type=2`)
    const sorted = [...KEYS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(listed.all('Key').map(decodeURIComponent)).toEqual(sorted)
    for (const key of KEYS) expect((await door.ann.send('DELETE', `/${BUCKET}/${escape(key)}`)).status, JSON.stringify(key)).toBe(204)
    expect((await door.ann.send('GET', `/${BUCKET}?list-type=2`)).one('KeyCount')).toBe('0')
  })

  test.each([
    ['1,025 bytes', 'k'.repeat(1025), '400 KeyTooLongError'],
    ['1,028 bytes in 257 characters', escape('😀'.repeat(257)), '400 KeyTooLongError'],
    ['NUL', 'a%00b', '400 InvalidArgument'],
    ['invalid UTF-8', '%ff', '400 InvalidURI'],
    ['a broken escape', '%4', '400 InvalidURI'],
  ])('are refused clearly: %s', async (_, key, outcome) => {
    for (const method of ['PUT', 'GET', 'DELETE']) {
      expect((await door.ann.send(method, `/${BUCKET}/${key}`, method === 'PUT' ? { body: 'x' } : {})).outcome, method).toBe(outcome)
    }
    expect((await door.ann.send('HEAD', `/${BUCKET}/${key}`)).status).toBe(400)
  })

  test('that XML cannot hold do not break an error', async () => {
    const answer = await door.ann.send('GET', `/${BUCKET}/%01absent`)
    expect([answer.status, answer.text]).toEqual([404, expect.stringContaining('<Key>&#1;absent</Key>')])
  })
})

describe('what an object carries', () => {
  test('comes back as it was sent', async () => {
    const headers: NonNullable<RequestOptions['headers']> = [
      ['content-type', 'text/x-odd; charset=utf-8'],
      ['cache-control', 'max-age=5'],
      ['content-disposition', 'attachment; filename="\xc3\xa4.txt"'],
      ['content-encoding', 'gzip'],
      ['content-language', 'de, en'],
      ['expires', 'whenever'],
      ['x-amz-meta-Colour'.toLowerCase(), 'gr\xc3\xbcn'],
      ['x-amz-meta-empty', ''],
      ['x-amz-meta-__proto__', 'p'],
      ['x-amz-storage-class', 'STANDARD_IA'],
      ['x-amz-website-redirect-location', '/elsewhere'],
      ['x-amz-tagging', 'a=1&b=%20'],
    ]
    expect((await put('carried', 'x', headers)).outcome).toBe('200')
    for (const method of ['GET', 'HEAD']) {
      const got = await door.ann.send(method, `/${BUCKET}/carried`)
      for (const [name, value] of headers) if (name !== 'x-amz-tagging') expect([name, got.header(name)]).toEqual([name, value])
      expect(got.header('x-amz-tagging-count')).toBe('2')
    }
  })

  test.each<[string, RequestOptions['headers'], string]>([
    ['a tag twice', [['x-amz-tagging', 'a=1&a=2']], '400 InvalidTag'],
    ['tags in a broken escape', [['x-amz-tagging', 'a=%zz']], '400 InvalidArgument'],
    ['eleven tags', [['x-amz-tagging', Array.from({ length: 11 }, (_, index) => `t${index}=1`).join('&')]], '400 InvalidTag'],
    ['a tag without a name', [['x-amz-tagging', '=1']], '400 InvalidTag'],
    ['too much metadata', [['x-amz-meta-a', 'x'.repeat(2048)]], '400 MetadataTooLarge'],
    ['metadata without a name', [['x-amz-meta-', 'x']], '400 InvalidArgument'],
    ['a storage class that is none', [['x-amz-storage-class', 'ATTIC']], '400 InvalidStorageClass'],
    ['an ACL', [['x-amz-acl', 'public-read']], '400 AccessControlListNotSupported'],
    ['a grant', [['x-amz-grant-read', 'id=1']], '501 NotImplemented'],
    ['encryption', [['x-amz-server-side-encryption', 'AES256']], '501 NotImplemented'],
    ['a lock', [['x-amz-object-lock-mode', 'GOVERNANCE']], '501 NotImplemented'],
    ['a header nobody knows', [['x-amz-frobnicate', '1']], '501 NotImplemented'],
    ['the conditions of a copy, without a copy', [['x-amz-copy-source-if-match', 'x']], '501 NotImplemented'],
    ['the range of a copy, without a copy', [['x-amz-copy-source-range', 'bytes=0-1']], '501 NotImplemented'],
    [
      'a content type twice',
      [
        ['content-type', 'a/b'],
        ['content-type', 'c/d'],
      ],
      '400 InvalidArgument',
    ],
    ['somebody else as owner', [['x-amz-expected-bucket-owner', 'bob']], '403 AccessDenied'],
  ])('is refused: %s', async (_, headers, outcome) => {
    const answer = await put('refused', 'x', headers)
    expect(answer.outcome).toBe(outcome)
    if (outcome.startsWith('501')) expect(answer.text).toContain(headers?.[0]?.[0])
    expect((await door.ann.send('HEAD', `/${BUCKET}/refused`)).status).toBe(404)
  })

  test.each([
    ['x-amz-acl', 'private'],
    ['x-amz-acl', 'bucket-owner-full-control'],
    ['x-amz-expected-bucket-owner', 'ann'],
    ['x-amz-request-payer', 'requester'],
  ])('is taken: %s: %s', async (name, value) => {
    expect((await put('taken', 'x', [[name, value]])).outcome).toBe('200')
  })

  test('response-* take its place, and cannot make a header of their own', async () => {
    await put('shown', 'x', [['content-type', 'text/plain']])
    const query =
      'response-cache-control=no-store&response-content-disposition=attachment%3B%20filename%3D%22%E6%97%A5%22&response-content-type=a%2Fb'
    const shown = await door.ann.send('GET', `/${BUCKET}/shown?${query}`)
    expect([shown.header('content-type'), shown.header('cache-control')]).toEqual(['a/b', 'no-store'])
    expect(Buffer.from(shown.header('content-disposition') ?? '', 'latin1').toString()).toBe('attachment; filename="日"')
    const split = await door.ann.send('GET', `/${BUCKET}/shown?response-content-type=a%0D%0ASet-Cookie%3A%20x`)
    expect([split.outcome, split.header('set-cookie')]).toEqual(['400 InvalidArgument', undefined])
  })
})

describe('ranges', () => {
  test.each<[string, string | undefined, number, string]>([
    ['bytes=0-3', 'bytes 0-3/20', 206, '0123'],
    ['bytes=0-0', 'bytes 0-0/20', 206, '0'],
    ['bytes=0-', 'bytes 0-19/20', 206, '01234567890123456789'],
    ['bytes=-3', 'bytes 17-19/20', 206, '789'],
    ['bytes=-100', 'bytes 0-19/20', 206, '01234567890123456789'],
    ['bytes=18-100', 'bytes 18-19/20', 206, '89'],
    ['bytes=5-4', undefined, 200, '01234567890123456789'],
    ['bytes=0-1,3-4', undefined, 200, '01234567890123456789'],
    ['items=0-1', undefined, 200, '01234567890123456789'],
    ['bytes=20-', 'bytes */20', 416, ''],
    ['bytes=-0', 'bytes */20', 416, ''],
    ['bytes=18446744073709551615-', 'bytes */20', 416, ''],
    ['bytes=-18446744073709551615', 'bytes 0-19/20', 206, '01234567890123456789'],
  ])('%s', async (range, contentRange, status, text) => {
    await put('blob', '01234567890123456789')
    const got = await door.ann.send('GET', `/${BUCKET}/blob`, { headers: [['range', range]] })
    expect([got.status, got.header('content-range')]).toEqual([status, contentRange])
    if (status === 416) expect([got.one('Code'), got.one('ActualObjectSize')]).toEqual(['InvalidRange', '20'])
    else expect(got.text).toBe(text)
    const head = await door.ann.send('HEAD', `/${BUCKET}/blob`, { headers: [['range', range]] })
    expect([head.status, head.header('content-range')]).toEqual([status, contentRange])
  })

  test('of what has been replaced is the whole of the new (If-Range)', async () => {
    const etag = (await put('resumed', '0123456789')).header('etag') ?? ''
    const resume = async (validator: string, more: RequestOptions['headers'] = []): Promise<[number, string]> => {
      const got = await door.ann.send('GET', `/${BUCKET}/resumed`, { headers: [['range', 'bytes=5-'], ['if-range', validator], ...more] })
      return [got.status, got.text]
    }
    expect(await resume(etag)).toEqual([206, '56789'])
    expect(await resume(etag, [['if-none-match', '"x"']])).toEqual([206, '56789'])
    expect(await resume(`W/${etag}`)).toEqual([200, '0123456789'])
    expect(await resume('Fri, 01 Jan 2100 00:00:00 GMT')).toEqual([200, '0123456789'])
    expect(await resume(etag, [['if-match', etag]])).toEqual([200, '0123456789'])
    expect((await resume('"x"', [['if-match', '"x"']]))[0]).toBe(412)
    await put('resumed', 'abcdefghij')
    expect(await resume(etag)).toEqual([200, 'abcdefghij'])
    const head = await door.ann.send('HEAD', `/${BUCKET}/resumed`, {
      headers: [
        ['range', 'bytes=5-'],
        ['if-range', etag],
      ],
    })
    expect([head.status, head.header('content-length')]).toEqual([200, '10'])
  })

  test('of an empty object', async () => {
    await put('nothing', '')
    const get = async (range: string): Promise<string> =>
      (await door.ann.send('GET', `/${BUCKET}/nothing`, { headers: [['range', range]] })).outcome
    expect([await get('bytes=0-0'), await get('bytes=-1'), await get('bytes=0-')]).toEqual([
      '416 InvalidRange',
      '416 InvalidRange',
      '416 InvalidRange',
    ])
  })

  test('a part of what was written in one go is the whole, and there is no second', async () => {
    await put('blob', '01234567890123456789')
    const first = await door.ann.send('GET', `/${BUCKET}/blob?partNumber=1`)
    expect([first.status, first.text, first.header('x-amz-mp-parts-count')]).toEqual([206, '01234567890123456789', undefined])
    expect((await door.ann.send('GET', `/${BUCKET}/blob?partNumber=2`)).outcome).toBe('416 InvalidPartNumber')
    expect((await door.ann.send('GET', `/${BUCKET}/blob?partNumber=0`)).outcome).toBe('400 InvalidArgument')
    expect((await door.ann.send('GET', `/${BUCKET}/blob?partNumber=10001`)).outcome).toBe('400 InvalidArgument')
    expect((await door.ann.send('GET', `/${BUCKET}/blob?partNumber=1`, { headers: [['range', 'bytes=0-1']] })).outcome).toBe(
      '400 InvalidRequest',
    )
  })
})
