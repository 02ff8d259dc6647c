import { readdir, readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openEngine, storedPolicies } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { s3Handler } from '../../src/index.ts'
import { OPERATIONS } from '../../src/operations/index.ts'
import { Client } from '../client.ts'
import type { RequestOptions } from '../client.ts'
import { ANN, BUCKET, openDoor } from '../door.ts'
import type { Door } from '../door.ts'
import { httpRequest } from '../signed-request.ts'
import { amzDate, chunkedBody, presign, sha256 } from '../signer.ts'

/* Defects of others, each with its number in the catalogue, that signatures and bodies could have. What the whole matrix tries is there. */

let door: Door

beforeAll(async () => {
  door = await openDoor({ stored: true })
  for (const key of ['k', 'secret']) await door.ann.send('PUT', `/${BUCKET}/${key}`, { body: key })
})
afterAll(() => door.close())

/** Keys, sizes, ETags and user metadata of everything, open uploads with it. */
async function state(): Promise<string> {
  const listed = await door.ann.send('GET', `/${BUCKET}?versions`)
  const uploads = await door.ann.send('GET', `/${BUCKET}?uploads`)
  return listed.text + uploads.text
}

let before = ''
beforeEach(async () => {
  before = await state()
})
afterEach(async () => {
  expect(await state()).toBe(before)
  expect(door.faults).toEqual([])
})

const AMZ_NAMES = [
  'acl', 'bucket-object-lock-enabled', 'bypass-governance-retention', 'checksum-algorithm', 'checksum-crc32', 'checksum-crc64nvme', 'checksum-mode',
  'checksum-sha256', 'checksum-type', 'copy-source', 'copy-source-if-match', 'copy-source-range', 'decoded-content-length', 'expected-bucket-owner',
  'grant-full-control', 'grant-read', 'grant-read-acp', 'grant-write', 'grant-write-acp', 'if-match-size', 'meta-a', 'meta-x-internal-owner',
  'metadata-directive', 'mfa', 'mp-object-size', 'object-attributes', 'object-lock-legal-hold', 'object-lock-mode', 'object-lock-retain-until-date',
  'object-ownership', 'security-token', 'server-side-encryption', 'server-side-encryption-aws-kms-key-id', 'server-side-encryption-customer-key',
  'storage-class', 'tagging', 'tagging-directive', 'trailer', 'website-redirect-location', 'write-offset-bytes',
] // prettier-ignore
const UNSIGNED_VALUES: Readonly<Record<string, string>> = {
  'copy-source': `/${BUCKET}/secret`,
  tagging: 'a=b',
  acl: 'public-read',
  mfa: '1 2',
}

describe('headers that are not signed', () => {
  test.each(AMZ_NAMES)('D01, D02: x-amz-%s beside a signature is refused, in a header and in a URL', async (name) => {
    const unsigned = [[`x-amz-${name}`, UNSIGNED_VALUES[name] ?? 'x'] as const]
    const signed = await door.ann.send('PUT', `/${BUCKET}/k`, { body: 'changed', unsigned })
    expect(signed.outcome).toMatch(/^403 (?:AccessDenied|SignatureDoesNotMatch)$/)
    const url = presign(
      { method: 'PUT', target: `/${BUCKET}/k`, headers: [['host', `127.0.0.1:${door.port}`]], date: amzDate(new Date()) },
      ANN,
    )
    const presigned = await door.anonymous.send('PUT', url, { body: 'changed', headers: unsigned })
    expect(presigned.outcome).toMatch(/^403 (?:AccessDenied|SignatureDoesNotMatch)$/)
  })
})

test('D09: signatures are compared in one place, tokens in another, and in constant time', async () => {
  const folder = new URL('../../src/', import.meta.url)
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  const texts = await Promise.all(files.map(async (name) => [name, await readFile(new URL(name, folder), 'utf8')] as const))
  const comparing = texts.filter(([, text]) =>
    /[!=]==\s*\w*[sS]ignature\b|\b\w*[sS]ignature\s*[!=]==(?!\s*(?:undefined|null|''))/.test(text),
  )
  expect(comparing.map(([name]) => name)).toEqual([])
  expect(
    texts
      .filter(([, text]) => text.includes('timingSafeEqual('))
      .map(([name]) => name)
      .sort(),
  ).toEqual(['sigv4/signing-key.ts', 'sigv4/verify-claim.ts'])
})

describe('D12: what a server that reads signatures loosely lets through', () => {
  const minutes = (count: number): Date => new Date(Date.now() + count * 60_000)

  test.each([-16, 16])('a request of %i minutes from now', async (count) => {
    expect((await door.ann.send('PUT', `/${BUCKET}/k`, { body: 'x', date: minutes(count) })).outcome).toBe('403 RequestTimeTooSkewed')
  })

  test.each([
    ['0', /^40[03]/],
    ['-7', /^40[03]/],
    ['604801', /^40[03]/],
    ['1e3', /^40[03]/],
    ['', /^40[03]/],
  ])('a URL that is good for %j seconds', async (expires, outcome) => {
    const asked = {
      method: 'GET',
      target: `/${BUCKET}/k`,
      headers: [['host', `127.0.0.1:${door.port}`]] as const,
      date: amzDate(new Date()),
    }
    expect((await door.anonymous.send('GET', presign({ ...asked, expires }, ANN))).outcome).toMatch(outcome)
    const without = presign({ ...asked, expires: '60' }, ANN).replace('&X-Amz-Expires=60', '')
    expect((await door.anonymous.send('GET', without)).outcome).toBe('400 AuthorizationQueryParametersError')
  })

  test('a URL whose time is over', async () => {
    const asked = { method: 'GET', target: `/${BUCKET}/k`, headers: [['host', `127.0.0.1:${door.port}`]] as const }
    const url = presign({ ...asked, date: amzDate(minutes(-2)), expires: '60' }, ANN)
    expect((await door.anonymous.send('GET', url)).outcome).toBe('403 AccessDenied')
    expect((await door.anonymous.send('GET', presign({ ...asked, date: amzDate(minutes(-2)), expires: '600' }, ANN))).status).toBe(200)
  })

  test('a header that was signed without a value, and is gone', async () => {
    const options: RequestOptions = {
      body: 'changed',
      headers: [['x-amz-meta-a', '']],
      tamper: (all) => all.filter(([name]) => name !== 'x-amz-meta-a'),
    }
    expect((await door.ann.send('PUT', `/${BUCKET}/k`, options)).outcome).toBe('403 SignatureDoesNotMatch')
  })

  const signedChunks = (trailers: readonly (readonly [string, string])[], forge?: (signature: string) => string): RequestOptions => ({
    payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    headers: [
      ['x-amz-decoded-content-length', '3'],
      ['x-amz-trailer', 'x-amz-checksum-crc32'],
    ],
    makeBody: (seed) =>
      chunkedBody(Buffer.from('new'), { seed, trailers, forge: (one, at) => (at === 'trailer' && forge ? forge(one) : one) }),
  })

  test.each<[string, RequestOptions]>([
    ['a body that is another one', { body: 'changed', payload: sha256('what was signed') }],
    [
      'a header that was signed and is gone',
      { body: 'x', headers: [['x-amz-meta-a', '1']], tamper: (all) => all.filter(([name]) => name !== 'x-amz-meta-a') },
    ],
    ['a trailer whose signature is wrong', signedChunks([['x-amz-checksum-crc32', 'AAAAAA==']], (one) => `${one.slice(1)}0`)],
    ['a trailer whose checksum is wrong', signedChunks([['x-amz-checksum-crc32', 'AAAAAA==']])],
    ['a trailer of a mebibyte', signedChunks([['x-amz-checksum-crc32', 'A'.repeat(1 << 20)]])],
  ])('%s', async (_, options) => {
    expect((await door.ann.send('PUT', `/${BUCKET}/k`, options)).outcome).toMatch(/^40[03] /)
  })
})

test.each([0, 8, 31, 32, 63])('D05, D15: a signature that is wrong at digit %i alone is wrong', async (at) => {
  const changed = (value: string): string => {
    const start = value.indexOf('Signature=') + 'Signature='.length + at
    return `${value.slice(0, start)}${value[start] === '0' ? '1' : '0'}${value.slice(start + 1)}`
  }
  const tamper: RequestOptions['tamper'] = (all) => all.map(([name, value]) => [name, name === 'authorization' ? changed(value) : value])
  for (const payload of [undefined, 'UNSIGNED-PAYLOAD', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER']) {
    const options = { body: 'changed', tamper, ...(payload === undefined ? {} : { payload }) }
    expect((await door.ann.send('PUT', `/${BUCKET}/k`, options)).outcome).toBe('403 SignatureDoesNotMatch')
  }
})

test('D15: a signature for another region is none, but for those that clients name unasked', async () => {
  for (const region of ['eu-west-1', 'us-east-2', 'US-EAST-1', 'x']) {
    expect((await door.ann.send('GET', `/${BUCKET}/k`, { region })).outcome).toBe('400 AuthorizationHeaderMalformed')
  }
  expect((await door.ann.send('GET', `/${BUCKET}/k`, { region: 'auto' })).status).toBe(200)
})

describe('D13: a signature that is wrong makes nobody anonymous', () => {
  test('semicolons of signed headers count bare and escaped, and nothing else does', async () => {
    const headers = [
      ['host', `127.0.0.1:${door.port}`],
      ['x-amz-meta-a', '1'],
    ] as const
    const url = presign({ method: 'GET', target: `/${BUCKET}/k`, headers, date: amzDate(new Date()) }, ANN)
    const more = { headers: [headers[1]] }
    for (const spelled of [url, url.replace('%3B', ';')]) expect((await door.anonymous.send('GET', spelled, more)).text).toBe('k')
    for (const spelled of [url.replace('%3B', '%2C'), url.replace('%3B', ''), url.replace('%3B', '%253B')]) {
      expect((await door.anonymous.send('GET', spelled, more)).status).toBeGreaterThanOrEqual(400)
    }
  })

  test('where anybody may read, who signs wrongly may not', async () => {
    const open = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${BUCKET}/*` }
    await door.ann.send('PUT', `/${BUCKET}?policy`, { body: JSON.stringify({ Version: '2012-10-17', Statement: open }) })
    const wrong = new Client(door.port, { ...ANN, secretAccessKey: 'wrong' })
    expect((await door.anonymous.send('GET', `/${BUCKET}/k`)).status).toBe(200)
    expect((await wrong.send('GET', `/${BUCKET}/k`)).outcome).toBe('403 SignatureDoesNotMatch')
    const put = { ...open, Action: 's3:PutObject', Resource: `arn:aws:s3:::${BUCKET}/inbox/*` }
    await door.ann.send('PUT', `/${BUCKET}?policy`, { body: JSON.stringify({ Version: '2012-10-17', Statement: [open, put] }) })
    expect((await door.anonymous.send('PUT', `/${BUCKET}/inbox/1`, { body: 'x' })).status).toBe(200)
    expect((await wrong.send('PUT', `/${BUCKET}/inbox/1`, { body: 'y' })).outcome).toBe('403 SignatureDoesNotMatch')
    const unsigned = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
    const chunks = { body: '1\r\nx\r\n0\r\n\r\n', payload: unsigned, headers: [['x-amz-decoded-content-length', '1'] as const] }
    expect((await door.anonymous.send('PUT', `/${BUCKET}/inbox/1`, chunks)).outcome).toBe('403 AccessDenied')
    await door.ann.send('DELETE', `/${BUCKET}/inbox/1`)
    expect((await door.anonymous.send('PUT', `/${BUCKET}/k`, { body: '0\r\n\r\n', payload: unsigned })).outcome).toBe('403 AccessDenied')
    await door.ann.send('DELETE', `/${BUCKET}?policy`)
  })
})

test('D14: without keys and policies nobody may do anything', async () => {
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  const engine = await openEngine({ metadata, backend: memoryBackend(), policy: storedPolicies({ metadata }) })
  const handler = s3Handler({ engine, region: 'us-east-1', credentials: { find: () => null } })
  for (const { match } of OPERATIONS) {
    const path = { service: '/', bucket: '/photos', object: '/photos/k' }[match.on]
    const query = Object.entries(match.query ?? {}).map(([name, value]) => `${name}=${value === true ? '1' : value}`)
    const target = query.length === 0 ? path : `${path}?${query.join('&')}`
    const copied = match.header === undefined ? [] : [[match.header, '/photos/k'] as const]
    const request = httpRequest({ method: match.method, target, headers: [['host', 'localhost'], ...copied] })
    expect([match, (await handler(request)).status >= 400]).toEqual([match, true])
  }
  await engine.close()
})
