import { Buffer } from 'node:buffer'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from './client.ts'
import { openDoor } from './door.ts'
import type { Door } from './door.ts'

let door: Door
/** Sorted by their bytes: U+10000 lies behind U+FFFD, though JavaScript sorts it before. */
const KEYS = [
  '0/',
  '0/1000',
  '0/2',
  '1999#',
  'a b/1',
  'a/1',
  'a/2',
  'asdf+b',
  'b',
  'foo+1/bar',
  'foo/bar/x',
  'quux ab/thud',
  'x&amp;y',
  '\ufffd',
  '😀',
]

beforeAll(async () => {
  door = await openDoor()
  for (const bucket of ['list', 'odd']) expect((await door.ann.send('PUT', `/${bucket}`)).status).toBe(200)
  for (const key of KEYS) await put('list', key)
})
afterAll(() => door.close())
afterEach(() => {
  expect(door.faults).toEqual([])
})

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
const put = (bucket: string, key: string): Promise<Answer> =>
  door.ann.send('PUT', `/${bucket}/${encode(key).replaceAll('%2F', '/')}`, { body: key })

function list(query: Readonly<Record<string, string>>, bucket = 'list'): Promise<Answer> {
  const pairs = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`)
  return door.ann.send('GET', `/${bucket}${pairs.length === 0 ? '' : '?'}${pairs.join('&')}`)
}

/** Keys and common prefixes of a page; `Prefix` of the listing itself comes first. */
const shown = (answer: Answer): string[] => [...answer.all('Key'), ...answer.all('Prefix').slice(1)]

describe('ListObjectsV2', () => {
  const v2 = (query: Readonly<Record<string, string>> = {}): Promise<Answer> => list({ 'list-type': '2', ...query })

  test('gives every key in the order of its bytes', async () => {
    const all = await v2()
    expect(all.all('Key')).toEqual(KEYS)
    expect([all.one('KeyCount'), all.one('MaxKeys'), all.one('IsTruncated'), all.one('Name')]).toEqual([
      String(KEYS.length),
      '1000',
      'false',
      'list',
    ])
    expect([all.one('NextContinuationToken'), all.one('Owner'), all.one('Marker'), all.one('StartAfter')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect(all.all('StorageClass')[0]).toBe('STANDARD')
    expect(all.all('ETag')[0]).toMatch(/^"[0-9a-f]{32}"$/)
    expect(all.all('LastModified')[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  test.each([1, 2, 3, 7])('in pages of %i, with and without a delimiter', async (size) => {
    for (const delimiter of ['', '/']) {
      const whole = shown(await v2({ delimiter }))
      const found: string[] = []
      for (let token: string | undefined, pages = 0; ; pages++) {
        const page = await v2({ delimiter, 'max-keys': String(size), ...(token === undefined ? {} : { 'continuation-token': token }) })
        expect(page.one('ContinuationToken')).toBe(token)
        expect(Number(page.one('KeyCount'))).toBe(shown(page).length)
        found.push(...shown(page))
        token = page.one('NextContinuationToken')
        expect(page.one('IsTruncated')).toBe(String(token !== undefined))
        if (token === undefined) break
        expect(pages).toBeLessThan(50)
      }
      expect(found.sort()).toEqual(whole.sort())
    }
  })

  test('folds what a delimiter follows, and nothing beside it', async () => {
    const folded = await v2({ delimiter: '/' })
    expect(folded.all('Key')).toEqual(['1999#', 'asdf+b', 'b', 'x&amp;y', '\ufffd', '😀'])
    expect(folded.all('Prefix').slice(1)).toEqual(['0/', 'a b/', 'a/', 'foo+1/', 'foo/', 'quux ab/'])
    expect([folded.one('Delimiter'), folded.one('KeyCount')]).toEqual(['/', '12'])
    expect(shown(await v2({ delimiter: '/', prefix: '0/' }))).toEqual(['0/', '0/1000', '0/2'])
    expect(shown(await v2({ delimiter: ' ' }))).toContain('a ')
    expect(shown(await v2({ delimiter: '%' }))).toEqual(KEYS)
    expect(shown(await v2({ delimiter: 'a', prefix: 'a' }))).toEqual(['a b/1', 'a/1', 'a/2', 'asdf+b'])
    const empty = await v2({ delimiter: '' })
    expect([empty.all('Key').length, empty.one('Delimiter')]).toEqual([KEYS.length, undefined])
  })

  test('begins behind start-after, which a token outranks', async () => {
    const after = await v2({ 'start-after': 'b', 'max-keys': '2' })
    expect([after.all('Key'), after.one('StartAfter')]).toEqual([['foo+1/bar', 'foo/bar/x'], 'b'])
    const token = after.one('NextContinuationToken') ?? ''
    const next = await v2({ 'start-after': 'b', 'continuation-token': token })
    expect([next.all('Key')[0], next.one('StartAfter')]).toEqual(['quux ab/thud', 'b'])
    expect((await v2({ 'start-after': 'zzzz', prefix: 'a' })).one('KeyCount')).toBe('0')
  })

  test('shows the owner where asked', async () => {
    const owned = await v2({ 'fetch-owner': 'true', 'max-keys': '1' })
    expect([owned.all('ID'), owned.all('DisplayName')]).toEqual([['ann'], ['ann']])
    expect((await v2({ 'fetch-owner': 'false' })).all('Owner')).toEqual([])
  })

  test('encoding-type=url writes keys and all that came with them encoded', async () => {
    const encoded = await v2({ 'encoding-type': 'url', delimiter: '/', 'start-after': ' ' })
    expect([encoded.one('EncodingType'), encoded.one('Delimiter'), encoded.one('StartAfter')]).toEqual(['url', '/', '%20'])
    expect(encoded.all('Key')).toEqual(['1999%23', 'asdf%2Bb', 'b', 'x%26amp%3By', '%EF%BF%BD', '%F0%9F%98%80'])
    expect(encoded.all('Prefix')).toEqual(['', '0/', 'a%20b/', 'a/', 'foo%2B1/', 'foo/', 'quux%20ab/'])
    expect((await v2({ 'encoding-type': 'base64' })).outcome).toBe('400 InvalidArgument')
  })

  test.each<[string, Readonly<Record<string, string>>]>([
    ['max-keys below nought', { 'max-keys': '-1' }],
    ['max-keys that is no number', { 'max-keys': 'many' }],
    ['max-keys with a fraction', { 'max-keys': '1.5' }],
    ['max-keys beyond 32 bits', { 'max-keys': '2147483648' }],
    ['a token nobody gave', { 'continuation-token': 'AAAA' }],
    ['a token that is a key', { 'continuation-token': 'foo/bar/x' }],
    ['a NUL in the prefix', { prefix: 'a\0' }],
    ['a list type that there is not', { 'list-type': '3' }],
  ])('refuses %s', async (_, query) => {
    expect((await v2(query)).outcome).toBe('list-type' in query ? '501 NotImplemented' : '400 InvalidArgument')
  })

  test('an empty token is shown again, and is none', async () => {
    const page = await v2({ 'continuation-token': '' })
    expect([shown(page), page.one('ContinuationToken')]).toEqual([shown(await v2({})), ''])
  })

  test('refuses a token that somebody has changed', async () => {
    const token = (await v2({ 'max-keys': '3' })).one('NextContinuationToken') ?? ''
    const bytes = Buffer.from(token, 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect((await v2({ 'continuation-token': changed.toString('base64url') })).outcome).toBe('400 InvalidArgument')
    }
    expect((await v2({ 'continuation-token': `${token}A` })).outcome).toBe('400 InvalidArgument')
  })

  test('max-keys of nought is an empty page, above 1,000 is 1,000', async () => {
    const none = await v2({ 'max-keys': '0' })
    expect([none.one('KeyCount'), none.one('MaxKeys'), none.one('IsTruncated'), shown(none)]).toEqual(['0', '0', 'false', []])
    expect((await v2({ 'max-keys': '5000' })).one('MaxKeys')).toBe('1000')
    expect((await v2({ 'max-keys': '' })).one('MaxKeys')).toBe('1000')
  })
})

describe('ListObjects', () => {
  test('pages by marker; NextMarker only with a delimiter; the owner always', async () => {
    const first = await list({ 'max-keys': '2' })
    expect([first.all('Key'), first.one('IsTruncated'), first.one('NextMarker'), first.one('Marker')]).toEqual([
      ['0/', '0/1000'],
      'true',
      undefined,
      '',
    ])
    expect(first.all('ID')).toEqual(['ann', 'ann'])
    expect(first.one('KeyCount')).toBeUndefined()
    const next = await list({ 'max-keys': '2', marker: '0/1000' })
    expect([next.all('Key'), next.one('Marker')]).toEqual([['0/2', '1999#'], '0/1000'])
    const found: string[] = []
    for (let marker = '', pages = 0; pages < 50; pages++) {
      const page = await list({ delimiter: '/', 'max-keys': '1', marker })
      found.push(...shown(page))
      if (page.one('IsTruncated') === 'false') break
      marker = page.one('NextMarker') ?? ''
      expect(marker).toBe(found.at(-1))
    }
    expect(found).toEqual(['0/', '1999#', 'a b/', 'a/', 'asdf+b', 'b', 'foo+1/', 'foo/', 'quux ab/', 'x&amp;y', '\ufffd', '😀'])
    expect((await list({ 'max-keys': '2', 'encoding-type': 'url', delimiter: '/', marker: '1999#' })).one('NextMarker')).toBe('a/')
  })
})

describe('keys that XML cannot hold', () => {
  test('are references without encoding-type, and themselves with it', async () => {
    const odd = ['line\nfeed', 'return\r', 'tab\t', '\u0001', '\u001f', 'ordinary']
    for (const key of odd) await put('odd', key)
    const plain = await list({ 'list-type': '2' }, 'odd')
    expect(plain.status).toBe(200)
    expect(plain.text).toContain('<Key>&#1;</Key>')
    expect(plain.text).toContain('<Key>return&#13;</Key>')
    expect(plain.text).toContain('<Key>ordinary</Key>')
    const encoded = await list({ 'list-type': '2', 'encoding-type': 'url' }, 'odd')
    expect(encoded.all('Key').map(decodeURIComponent).sort()).toEqual([...odd].sort())
    const deleted = await door.ann.send('POST', '/odd?delete', { body: `<Delete><Object><Key>return&#13;</Key></Object></Delete>` })
    expect(deleted.one('Key')).toBe('return\r')
    expect((await list({ 'list-type': '2' }, 'odd')).text).not.toContain('return')
  })
})
