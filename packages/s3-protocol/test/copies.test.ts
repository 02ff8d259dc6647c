import { Buffer } from 'node:buffer'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, RequestOptions } from './client.ts'
import { BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor({ rules: [{ effect: 'allow', who: { account: 'ann' }, actions: ['object.read'], bucket: 'shared' }] })
  expect((await door.bob.send('PUT', '/bobs')).status).toBe(200)
  expect((await door.bob.send('PUT', '/shared')).status).toBe(200)
  expect((await door.bob.send('PUT', '/bobs/secret', { body: 'secret' })).status).toBe(200)
  expect((await door.bob.send('PUT', '/shared/open', { body: 'open' })).status).toBe(200)
})
afterAll(() => door.close())
afterEach(() => {
  expect(door.faults).toEqual([])
})

type Headers = NonNullable<RequestOptions['headers']>
const send = (method: string, key: string, headers: Headers = [], body = ''): Promise<Answer> =>
  door.ann.send(method, `/${BUCKET}/${key}`, { headers, body })
const copy = (source: string, headers: Headers = [], target = 'copy'): Promise<Answer> =>
  send('PUT', target, [['x-amz-copy-source', source], ...headers])

describe('the source of a copy', () => {
  test.each<[string, string, string]>([
    ['a/b c+%d.txt', 'a/b c+%d.txt', `${BUCKET}/a/b%20c+%25d.txt`],
    ['with a slash in front', 'k', `/${BUCKET}/k`],
    ['encoded as a whole', 'a/b c+%d.txt', encodeURIComponent(`${BUCKET}/a/b c+%d.txt`)],
    ['encoded as a whole, with its slash', 'k', encodeURIComponent(`/${BUCKET}/k`)],
    ['a plus stays a plus', 'a+b', `${BUCKET}/a+b`],
    ['an encoded percent', '%2F', `${BUCKET}/%252F`],
    ['a question mark', 'q?versionId', `${BUCKET}/q%3FversionId`],
    ['slashes', '/a//b/', `${BUCKET}//a//b/`],
    ['dots', '../x', `${BUCKET}/../x`],
    ['UTF-8 as it is', 'ü', `${BUCKET}/\xc3\xbc`],
    ['the null version', 'k', `${BUCKET}/k?versionId=null`],
    ['an empty version', 'k', `${BUCKET}/k?versionId=`],
  ])('%s', async (_, key, source) => {
    const target = Array.from(Buffer.from(key), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
    // The target is signed in its canonical form; the client here writes it that way itself.
    const canonical = target.replace(/%([0-9A-F]{2})/g, (escape, hex: string) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16))
      return /[A-Za-z0-9\-._~/]/.test(character) ? character : escape
    })
    expect((await send('PUT', canonical, [], `the body of ${key}`)).status).toBe(200)
    const copied = await copy(source)
    expect([copied.outcome, copied.one('ETag')]).toEqual(['200', (await send('HEAD', canonical)).header('etag')])
    expect((await send('GET', 'copy')).text).toBe(`the body of ${key}`)
  })

  test.each([
    ['', '400 InvalidArgument'],
    ['/', '400 InvalidArgument'],
    [BUCKET, '400 InvalidArgument'],
    [`${BUCKET}/`, '400 InvalidArgument'],
    ['//k', '400 InvalidArgument'],
    [`${BUCKET}/%zz`, '400 InvalidArgument'],
    [`${BUCKET}/%ff`, '400 InvalidArgument'],
    [`${BUCKET}/k?versionId=%zz`, '400 InvalidArgument'],
    [`${BUCKET}/k?versionId=unknown`, '404 NoSuchVersion'],
    [`${BUCKET}/${'k'.repeat(1025)}`, '400 KeyTooLongError'],
    [`${BUCKET}/absent`, '404 NoSuchKey'],
    ['nowhere/k', '404 NoSuchBucket'],
    ['bobs/secret', '403 AccessDenied'],
    ['bobs/absent', '403 AccessDenied'],
  ])('%j is refused', async (source, outcome) => {
    await send('PUT', 'k', [], 'k')
    expect((await copy(source, [], 'refused')).outcome).toBe(outcome)
    expect((await send('HEAD', 'refused')).status).toBe(404)
  })

  test('belongs to whom the client believes, or is left alone', async () => {
    expect((await copy('shared/open')).outcome).toBe('200')
    expect((await send('GET', 'copy')).text).toBe('open')
    await send('PUT', 'k', [], 'k')
    const expecting = (owner: string): Promise<Answer> => copy(`${BUCKET}/k`, [['x-amz-source-expected-bucket-owner', owner]], 'expected')
    expect((await expecting('bob')).outcome).toBe('403 AccessDenied')
    expect((await send('HEAD', 'expected')).status).toBe(404)
    expect((await expecting('ann')).outcome).toBe('200')
  })
})

describe('what a copy carries', () => {
  const DRESSED: Headers = [
    ['content-type', 'text/plain'],
    ['cache-control', 'no-store'],
    ['x-amz-meta-colour', 'red'],
    ['x-amz-tagging', 'a=1'],
  ]

  test('is the source’s, or its own', async () => {
    await send('PUT', 'dressed', DRESSED, 'body')
    await copy(`${BUCKET}/dressed`, [
      ['content-type', 'a/b'],
      ['x-amz-meta-size', 'large'],
      ['x-amz-tagging', 'b=2&c=3'],
    ])
    const same = await send('HEAD', 'copy')
    expect([
      same.header('content-type'),
      same.header('x-amz-meta-colour'),
      same.header('x-amz-meta-size'),
      same.header('x-amz-tagging-count'),
    ]).toEqual(['text/plain', 'red', undefined, '1'])
    await copy(`${BUCKET}/dressed`, [
      ['x-amz-metadata-directive', 'REPLACE'],
      ['x-amz-tagging-directive', 'REPLACE'],
      ['content-type', 'a/b'],
      ['x-amz-meta-size', 'large'],
      ['x-amz-tagging', 'b=2&c=3'],
    ])
    const own = await send('HEAD', 'copy')
    expect([
      own.header('content-type'),
      own.header('cache-control'),
      own.header('x-amz-meta-colour'),
      own.header('x-amz-meta-size'),
      own.header('x-amz-tagging-count'),
    ]).toEqual(['a/b', undefined, undefined, 'large', '2'])
  })

  test('onto itself must change something', async () => {
    await send('PUT', 'self', DRESSED, 'body')
    expect((await copy(`${BUCKET}/self`, [], 'self')).outcome).toBe('400 InvalidRequest')
    expect((await copy(`/${BUCKET}/self`, [['x-amz-metadata-directive', 'COPY']], 'self')).outcome).toBe('400 InvalidRequest')
    expect(
      (
        await copy(
          `${BUCKET}/self`,
          [
            ['x-amz-metadata-directive', 'REPLACE'],
            ['x-amz-meta-colour', 'blue'],
          ],
          'self',
        )
      ).outcome,
    ).toBe('200')
    const self = await send('GET', 'self')
    expect([self.text, self.header('x-amz-meta-colour'), self.header('content-type')]).toEqual(['body', 'blue', 'binary/octet-stream'])
    const unknown = await copy(`${BUCKET}/self`, [['x-amz-metadata-directive', 'MERGE']], 'self')
    expect(unknown.outcome).toBe('400 InvalidArgument')
  })

  test('a checksum that is asked for is made', async () => {
    await send('PUT', 'plain', [], 'a body longer than what is kept in a row')
    const copied = await copy(`${BUCKET}/plain`, [['x-amz-checksum-algorithm', 'CRC32C']])
    expect(copied.one('ChecksumCRC32C')).toMatch(/^[A-Za-z0-9+/]{6}==$/)
    const head = await send('HEAD', 'copy', [['x-amz-checksum-mode', 'ENABLED']])
    expect(head.header('x-amz-checksum-crc32c')).toBe(copied.one('ChecksumCRC32C'))
    expect((await copy(`${BUCKET}/plain`, [['x-amz-checksum-algorithm', 'MD6']])).outcome).toBe('400 InvalidRequest')
  })
})
