import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createHash } from 'node:crypto'
import { Client } from '../client.ts'
import { ANN, BUCKET, openDoor } from '../door.ts'
import type { Door } from '../door.ts'
import { encoded } from './encoded.ts'
import { formBody, CONTENT_TYPE, signedFields } from '../post-form.ts'

/* Defects of others, each with its number in the catalogue, about what comes in: keys, headers, documents. */

let door: Door

beforeAll(async () => {
  door = await openDoor()
  await door.ann.send('PUT', '/other')
  await door.ann.send('PUT', '/other/k', { body: 'of the other bucket' })
})
afterAll(async () => {
  expect((await door.settle()).findings).toEqual([])
  await door.close()
})
afterEach(async () => {
  expect(door.faults).toEqual([])
  expect((await door.ann.send('GET', '/other')).all('Key')).toEqual(['k'])
})

const keysOf = async (query = ''): Promise<string[]> =>
  (await door.ann.send('GET', `/${BUCKET}?encoding-type=url${query}`)).all('Key').map((key) => decodeURIComponent(key.replaceAll('+', ' ')))
const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const md5 = (body: string): readonly [string, string] => ['content-md5', createHash('md5').update(body).digest('base64')]

const KEYS = ['..', '.', '../other/k', 'a/../../other/k', '/etc/passwd', '//x', 'a//b', '..\\other\\k', 'C:\\x', 'C:', 'CON', 'nul.txt', 'x.', 'x ', '%2e%2e%2f', '~', '-rf', '$(x)', 'a\u0001b', '\u{1f600}', 'é', 'e\u0301', "'; DROP TABLE objects; --", '%', '_', '*'] // prettier-ignore

describe('keys that are paths elsewhere', () => {
  test.each(KEYS)('D46, D49: %j is a key as any other, wherever it stands', async (key) => {
    const path = `/${BUCKET}/${encoded(key)}`
    expect((await door.ann.send('PUT', path, { body: key })).outcome).toBe('200')
    expect(await keysOf()).toEqual([key])
    expect(await keysOf(`&prefix=${encoded(key)}`)).toEqual([key])
    const copy = await door.ann.send('PUT', `/${BUCKET}/zz-copy`, {
      headers: [['x-amz-copy-source', `/${BUCKET}/${encoded(key)}`]],
    })
    expect(copy.outcome).toBe('200')
    expect((await door.ann.send('GET', `/${BUCKET}/zz-copy`)).body.toString()).toBe(key)
    if (!key.includes('\u0001')) {
      const body = `<Delete><Object><Key>${xml(key)}</Key></Object><Object><Key>zz-copy</Key></Object></Delete>`
      expect((await door.ann.send('POST', `/${BUCKET}?delete`, { body, headers: [md5(body)] })).all('Error')).toEqual([])
    } else for (const one of [path, `/${BUCKET}/zz-copy`]) await door.ann.send('DELETE', one)
    expect(await keysOf()).toEqual([])
    const form = formBody([['key', key], ...signedFields(ANN)], { content: 'posted' })
    expect((await door.anonymous.send('POST', `/${BUCKET}`, { headers: [CONTENT_TYPE], body: form })).outcome).toMatch(/^(?:204|400 \w+)$/)
    expect([[], [key]]).toContainEqual(await keysOf())
    await door.ann.send('DELETE', path)
  })

  test.each(['a%00b', '%00', '%FF', '%ED%A0%80', 'x'.repeat(1025)])('D46: %j is no key', async (spelled) => {
    const answer = await door.ann.send('PUT', `/${BUCKET}/${spelled}`, { body: 'x' })
    expect(answer.outcome).toMatch(/^400 (?:InvalidURI|InvalidArgument|KeyTooLongError)$/)
  })

  test.each(["'", '"', "' OR 1=1 --", '%', '_', '\\', ';', '\u{10ffff}', '${x}'])(
    'D49: %j is a word like any other in every question',
    async (word) => {
      const asked = encoded(word)
      for (const query of [
        `prefix=${asked}`,
        `delimiter=${asked}`,
        `marker=${asked}`,
        `list-type=2&start-after=${asked}`,
        `uploads&key-marker=${asked}`,
        `versions&prefix=${asked}`,
      ]) {
        const answer = await door.ann.send('GET', `/${BUCKET}?${query}`)
        expect([query, answer.status, answer.all('Contents')]).toEqual([query, 200, []])
      }
      expect((await door.ann.send('GET', `/${BUCKET}?list-type=2&continuation-token=${asked}`)).outcome).toBe('400 InvalidArgument')
      expect((await door.ann.send('GET', `/${encoded(`a${word}`)}`)).outcome).toMatch(/^(?:400|404) /)
    },
  )
})

describe('headers', () => {
  test('D50: what is kept of an object’s headers is what clients may set, and a name of user metadata means nothing', async () => {
    const headers = [
      ['x-amz-meta-x-internal-owner', 'bob'],
      ['x-amz-meta-x-amz-server-side-encryption', 'AES256'],
      ['x-stowage-internal', 'x'],
      ['x-internal-size', '0'],
    ] as const
    expect((await door.ann.send('PUT', `/${BUCKET}/meta`, { body: 'four', headers })).status).toBe(200)
    const head = await door.ann.send('HEAD', `/${BUCKET}/meta`)
    const kept = head.headers.filter(([name]) => name.includes('internal') || name.includes('encryption'))
    expect(kept).toEqual([
      ['x-amz-meta-x-internal-owner', 'bob'],
      ['x-amz-meta-x-amz-server-side-encryption', 'AES256'],
    ])
    expect(head.header('content-length')).toBe('4')
    const sse = [['x-amz-server-side-encryption', 'AES256'] as const]
    expect((await door.ann.send('PUT', `/${BUCKET}/meta2`, { body: 'x', headers: sse })).outcome).toBe('501 NotImplemented')
    expect((await door.bob.send('GET', `/${BUCKET}/meta`)).outcome).toBe('403 AccessDenied')
    await door.ann.send('DELETE', `/${BUCKET}/meta`)
  })

  test.each(['content-type', 'content-disposition', 'cache-control', 'content-language', 'content-encoding', 'expires'])(
    'D51: response-%s ends no line of the answer',
    async (name) => {
      await door.ann.send('PUT', `/${BUCKET}/k`, { body: 'x' })
      for (const value of ['a\r\nx-evil: 1', 'a\nx-evil: 1', 'a\rx-evil: 1', 'a\0b', '\u2028']) {
        const answer = await door.ann.send('GET', `/${BUCKET}/k?response-${name}=${encoded(value)}`)
        expect([value, answer.status >= 500, answer.header('x-evil')]).toEqual([value, false, undefined])
        if (value !== '\u2028') expect(answer.status).toBe(400)
      }
      await door.ann.send('DELETE', `/${BUCKET}/k`)
    },
  )

  test('D52: no origin is let in with credentials', async () => {
    for (const method of ['GET', 'OPTIONS', 'PUT']) {
      const headers = [
        ['origin', 'https://evil.example'],
        ['access-control-request-method', 'PUT'],
      ] as const
      const answer = await door.ann.send(method, `/${BUCKET}`, { headers })
      expect(answer.headers.filter(([name]) => name.startsWith('access-control-'))).toEqual([])
    }
  })

  const NAMES = [
    'authorization', 'content-md5', 'content-type', 'content-encoding', 'content-language', 'content-disposition', 'cache-control', 'expires', 'expect',
    'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'range', 'transfer-encoding', 'x-amz-acl', 'x-amz-checksum-crc32',
    'x-amz-checksum-sha256', 'x-amz-checksum-algorithm', 'x-amz-checksum-type', 'x-amz-copy-source', 'x-amz-copy-source-if-match', 'x-amz-copy-source-range',
    'x-amz-decoded-content-length', 'x-amz-expected-bucket-owner', 'x-amz-metadata-directive', 'x-amz-mp-object-size', 'x-amz-object-attributes',
    'x-amz-sdk-checksum-algorithm', 'x-amz-security-token', 'x-amz-storage-class', 'x-amz-tagging', 'x-amz-tagging-directive', 'x-amz-trailer', 'x-amz-meta-a',
    'x-amz-website-redirect-location', 'x-amz-date', 'x-amz-content-sha256', 'forwarded', 'x-forwarded-host', 'x-forwarded-for', 'host',
  ] // prettier-ignore
  test.each(NAMES)('D54: %s may be empty, or one character', async (name) => {
    for (const value of ['', 'x', '/', '0', '-', '"', ',']) {
      for (const [method, target] of [
        ['PUT', `/${BUCKET}/k`],
        ['GET', `/${BUCKET}/k`],
        ['POST', `/${BUCKET}/k?uploads`],
        ['PUT', `/${BUCKET}/k?partNumber=1&uploadId=x`],
      ] as const) {
        const headers = [[name, value] as const]
        const own = ['authorization', 'transfer-encoding', 'host', 'expect', 'x-amz-date', 'x-amz-content-sha256'].includes(name)
        const options = method === 'PUT' ? { body: 'x' } : {}
        const answer = await (
          own
            ? door.anonymous.send(method, target, { ...options, headers, contentLength: name === 'transfer-encoding' ? null : 1 })
            : door.ann.send(method, target, { ...options, headers })
        ).catch(() => null)
        if (answer !== null) expect([method, value, answer.status < 500 || answer.status === 501]).toEqual([method, value, true])
      }
    }
    await door.ann.send('DELETE', `/${BUCKET}/k`)
    for (const { key, id } of await uploads()) await door.ann.send('DELETE', `/${BUCKET}/${key}?uploadId=${id}`)
  })

  async function uploads(): Promise<{ key: string; id: string }[]> {
    return (await door.ann.send('GET', `/${BUCKET}?uploads`)).all('UploadId').map((id) => ({ key: 'k', id }))
  }

  test('D58: the host of a request is the one it was sent to', async () => {
    for (const headers of [
      [['x-forwarded-host', 'other.example']],
      [['forwarded', 'host=other.example']],
      [['x-forwarded-prefix', '/other']],
    ] as const) {
      const unsigned = headers.map(([name, value]) => [name, value] as const)
      expect((await door.ann.send('GET', `/${BUCKET}`, { unsigned })).status).toBe(200)
      const elsewhere = await door.ann.send('GET', `/${BUCKET}`, {
        unsigned,
        host: 'other.example',
        tamper: (all) => all.map(([name, value]) => (name === 'host' ? [name, `127.0.0.1:${door.port}`] : [name, value])),
      })
      expect(elsewhere.outcome).toBe('403 SignatureDoesNotMatch')
    }
  })
})

describe('documents', () => {
  const deletes = (inner: string): string => `<Delete>${inner}</Delete>`
  test.each([
    ['a DOCTYPE', '<!DOCTYPE Delete [<!ENTITY a "x">]><Delete><Object><Key>&a;</Key></Object></Delete>'],
    [
      'a billion laughs',
      `<!DOCTYPE d [<!ENTITY a "${'ha'.repeat(100)}"><!ENTITY b "${'&a;'.repeat(100)}">]>${deletes('<Object><Key>&b;</Key></Object>')}`,
    ],
    ['an entity of a file', '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&x;</Key></Object></Delete>'],
    ['an entity that nobody made', deletes('<Object><Key>&unknown;</Key></Object>')],
    ['a depth of ten thousand', deletes('<x>'.repeat(10_000) + '</x>'.repeat(10_000))],
    ['a thousand and one keys', deletes('<Object><Key>k</Key></Object>'.repeat(1001))],
  ])('D53: %s is refused', async (_, body) => {
    expect((await door.ann.send('POST', `/${BUCKET}?delete`, { body, headers: [md5(body)] })).outcome).toMatch(
      /^400 (?:MalformedXML|KeyTooLongError)$/,
    )
  })

  test('D53: a key of a million references is too long, and nothing else', async () => {
    const body = deletes(`<Object><Key>${'&#65;'.repeat(700_000)}</Key></Object><Object><Key>absent</Key></Object>`)
    const answer = await door.ann.send('POST', `/${BUCKET}?delete`, { body, headers: [md5(body)] })
    expect([answer.status, answer.all('Code'), answer.all('Deleted')]).toEqual([200, ['KeyTooLongError'], ['']])
  })

  test('D55: a document is cut off where it is longer than any that makes sense', async () => {
    const body = deletes(`<Object><Key>k</Key></Object>${' '.repeat(4 * 1024 * 1024)}`)
    expect((await door.ann.send('POST', `/${BUCKET}?delete`, { body, headers: [md5(body)] })).outcome).toMatch(/^400 \w+$/)
    const stranger = deletes(`<Object><Key>k</Key></Object>${' '.repeat(64 * 1024)}`)
    expect((await door.anonymous.send('POST', `/${BUCKET}?delete`, { body: stranger, headers: [md5(stranger)] })).outcome).toMatch(
      /^400 \w+$/,
    )
    const line = new Client(door.port, ANN)
    const chunks = { payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', headers: [['x-amz-decoded-content-length', '1']] as const }
    expect((await line.send('PUT', `/${BUCKET}/k`, { ...chunks, body: '1'.repeat(100_000) })).outcome).toMatch(/^400 \w+$/)
  })
})
