import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { accountCaller } from '@stowage/core'
import type { Scope } from '@stowage/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, RequestOptions } from './client.ts'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { CONTENT_TYPE, formBody, signedFields } from './post-form.ts'
import type { Condition, Field } from './post-form.ts'

const scopes: Record<string, Scope> = {
  PREFIX: { prefixes: ['up/'] },
  OTHER: { buckets: [{ jurisdiction: 'default', name: 'other' }] },
  READER: { operations: new Set(['GetObject']) },
  HERE: { sourceCidrs: ['127.0.0.0/8'] },
  THERE: { sourceCidrs: ['192.0.2.0/24'] },
}

let door: Door

beforeAll(async () => {
  door = await openDoor({
    rules: [{ effect: 'allow', who: 'anyone', actions: ['object.write'], bucket: 'open', keyPrefix: 'in/' }],
    jurisdictions: [{ name: 'eu', host: 'eu.test' }],
    credentials: (id) =>
      scopes[id] === undefined
        ? null
        : { id, version: '1', secretAccessKey: ANN.secretAccessKey, caller: { ...accountCaller('ann', id), scope: scopes[id] } },
  })
  for (const name of ['open', 'other']) await door.engine.as(accountCaller('ann')).createBucket({ bucket: { name } })
})
afterAll(async () => {
  expect(door.faults).toEqual([])
  expect((await door.settle()).findings).toEqual([])
  await door.close()
})

const FILE = { content: 'content' }
const KEY: Field = ['key', 'k']

/** What is answered, and whether anything was written. */
async function posted(
  fields: readonly Field[],
  { to = BUCKET, ...options }: RequestOptions & { readonly to?: string } = {},
): Promise<{ readonly answer: Answer; readonly written: boolean }> {
  const session = door.engine.as(accountCaller('ann'))
  const bucket = { name: to }
  const keys = async (): Promise<readonly string[]> => (await session.listObjects({ bucket })).objects.map(({ key }) => key)
  for (const key of await keys()) await session.deleteObject({ bucket, key })
  const headers = [CONTENT_TYPE, ...(options.headers ?? [])]
  const answer = await door.anonymous.send('POST', `/${to}`, { body: formBody(fields, FILE), ...options, headers })
  return { answer, written: (await keys()).length > 0 }
}

async function outcome(fields: readonly Field[], options: RequestOptions & { readonly to?: string } = {}): Promise<string> {
  const { answer, written } = await posted(fields, options)
  expect(written).toBe(answer.status < 400)
  return answer.outcome
}

describe('one mechanism', () => {
  test('a request with credentials of its own is no form', async () => {
    const body = formBody([KEY, ...signedFields(ANN)], FILE)
    const answer = await door.ann.send('POST', `/${BUCKET}`, { headers: [CONTENT_TYPE], body })
    expect([answer.outcome, answer.one('Message')]).toEqual(['400 InvalidArgument', expect.stringContaining('Only one auth mechanism')])
    for (const query of ['X-Amz-Signature=1', 'X-Amz-Credential=x&X-Amz-Algorithm=y']) {
      expect((await door.anonymous.send('POST', `/${BUCKET}?${query}`, { headers: [CONTENT_TYPE], body })).status).toBe(400)
    }
    const version2 = await door.anonymous.send('POST', `/${BUCKET}?Signature=x`, { headers: [CONTENT_TYPE], body })
    expect(version2.outcome).toBe('400 InvalidRequest')
  })

  test('a token that a proxy left in place does not count', async () => {
    expect(await outcome([KEY, ...signedFields(ANN)], { headers: [['authorization', 'Bearer x']] })).toBe('204')
  })

  test('Signature Version 2 is refused by name', async () => {
    const { answer, written } = await posted([KEY, ['AWSAccessKeyId', ANN.accessKeyId], ['policy', 'e30='], ['signature', 'x']])
    expect([answer.outcome, written]).toEqual(['400 InvalidRequest', false])
    expect(answer.one('Message')).toContain('Please use AWS4-HMAC-SHA256')
  })

  test('a POST that is no form is told so', async () => {
    for (const client of [door.ann, door.anonymous]) {
      const answer = await client.send('POST', `/${BUCKET}`, { headers: [['content-type', 'text/html']], body: 'x' })
      expect([answer.outcome, answer.one('Condition')]).toEqual([
        '412 PreconditionFailed',
        'Bucket POST must be of the enclosure-type multipart/form-data',
      ])
    }
  })

  test('a form is posted to a bucket, and to nothing in it', async () => {
    const body = formBody([KEY, ...signedFields(ANN)], FILE)
    const send = async (target: string): Promise<string> =>
      (await door.anonymous.send('POST', target, { headers: [CONTENT_TYPE], body })).outcome
    expect(await send('/')).toBe('405 MethodNotAllowed')
    expect(await send(`/${BUCKET}/key`)).toBe('405 MethodNotAllowed')
    expect(await send(`/${BUCKET}?delete`)).toBe('400 InvalidRequest')
    expect(await send(`/${BUCKET}?policy`)).toBe('501 NotImplemented')
    expect(await send(`/${BUCKET}/`)).toBe('204')
    expect(await send('/nowhere')).toBe('403 AccessDenied')
  })

  test.each(['x-amz-meta-a', 'x-amz-acl', 'x-amz-content-sha256', 'x-amz-security-token', 'content-md5', 'x-amz-tagging'])(
    '%s as a header of the request is refused',
    async (name) => {
      expect(await outcome([KEY, ...signedFields(ANN)], { headers: [[name, 'UNSIGNED-PAYLOAD']] })).toBe('400 InvalidArgument')
    },
  )

  test('headers of the browser say nothing of the object', async () => {
    const headers: readonly Field[] = [
      ['cache-control', 'max-age=0'],
      ['content-language', 'de'],
      ['referer', 'http://example.com/form'],
    ]
    expect(await outcome([KEY, ...signedFields(ANN)], { headers })).toBe('204')
    const { info } = await door.engine.as(accountCaller('ann')).headObject({ bucket: { name: BUCKET }, key: 'k' })
    expect(info.headers).toEqual({})
  })

  test('conditions in headers hold', async () => {
    expect(await outcome([KEY, ...signedFields(ANN)], { headers: [['if-none-match', '*']] })).toBe('204')
    const again = { headers: [CONTENT_TYPE, ['if-none-match', '*']] as const, body: formBody([KEY, ...signedFields(ANN)], FILE) }
    expect((await door.anonymous.send('POST', `/${BUCKET}`, again)).outcome).toBe('412 PreconditionFailed')
  })
})

describe('who may', () => {
  test('a form that nobody signed comes from nobody, and the policy of the engine decides', async () => {
    expect(await outcome([KEY])).toBe('403 AccessDenied')
    expect(await outcome([['key', 'in/k']], { to: 'open' })).toBe('204')
    expect(await outcome([KEY], { to: 'open' })).toBe('403 AccessDenied')
    const free: readonly Field[] = [
      ['key', 'in/k'],
      ['submit', 'x'],
      ['x-amz-meta-a', 'b'],
    ]
    expect(await outcome(free, { to: 'open' })).toBe('204')
  })

  test.each([
    ['PREFIX', 'up/k', '204'],
    ['PREFIX', 'k', '403 AccessDenied'],
    ['OTHER', 'k', '403 AccessDenied'],
    ['READER', 'k', '403 AccessDenied'],
    ['HERE', 'k', '204'],
    ['THERE', 'k', '403 AccessDenied'],
  ])('the scope of the credential binds the form: %s on %s: %s', async (accessKeyId, key, expected) => {
    expect(await outcome([['key', key], ...signedFields({ ...ANN, accessKeyId })])).toBe(expected)
  })

  test('a signed form is for the bucket of its name in no jurisdiction', async () => {
    const body = formBody([KEY, ...signedFields(ANN)], FILE)
    const tamper = (headers: (readonly [string, string])[]): (readonly [string, string])[] =>
      headers.map((header) => (header[0] === 'host' ? ['host', 'eu.test'] : header))
    const answer = await door.anonymous.send('POST', `/${BUCKET}`, { headers: [CONTENT_TYPE], body, tamper })
    expect(answer.outcome).toBe('501 NotImplemented')
  })
})

describe('what the fields say is verified', () => {
  const any = (name: string): Condition => ['starts-with', `$${name}`, '']
  const withField = (name: string, value: string): readonly Field[] => [
    KEY,
    [name, value],
    ...signedFields(ANN, { conditions: [any('key'), any(name)] }),
  ]
  const digest = (algorithm: string, data: string): string => createHash(algorithm).update(data).digest('base64')

  test.each([
    ['Content-MD5', digest('md5', FILE.content), '204'],
    ['Content-MD5', digest('md5', 'other'), '400 BadDigest'],
    ['Content-MD5', 'x', '400 InvalidDigest'],
    ['x-amz-checksum-sha256', digest('sha256', FILE.content), '204'],
    ['x-amz-checksum-sha256', digest('sha256', 'other'), '400 BadDigest'],
    ['x-amz-checksum-sha256', 'sailorjerry', '400 InvalidRequest'],
    ['x-amz-checksum-md4', 'x', '400 InvalidRequest'],
    ['x-amz-checksum-algorithm', 'CRC32', '204'],
    ['x-amz-checksum-algorithm', 'MD4', '400 InvalidRequest'],
    ['acl', 'private', '204'],
    ['acl', 'bucket-owner-full-control', '204'],
    ['acl', 'public-read', '400 AccessControlListNotSupported'],
    ['x-amz-storage-class', 'FakeClass', '400 InvalidStorageClass'],
    ['x-amz-server-side-encryption', 'AES256', '501 NotImplemented'],
    ['x-amz-object-lock-mode', 'GOVERNANCE', '501 NotImplemented'],
    ['x-amz-tagging', 'a=b', '501 NotImplemented'],
    ['tagging', 'not xml', '400 MalformedXML'],
    ['Content-Type', 'text/plain\r\nset-cookie: a=b', '400 InvalidArgument'],
    ['x-amz-meta-a', 'b\r\nset-cookie: a=b', '400 InvalidArgument'],
    ['x-amz-meta-a b', 'x', '400 InvalidArgument'],
    ['x-amz-meta-é', 'x', '400 InvalidArgument'],
    ['x-amz-meta-a:b', 'x', '400 InvalidArgument'],
  ])('%s: %j is answered %s', async (name, value, expected) => {
    expect(await outcome(withField(name, value))).toBe(expected)
  })

  test('a checksum is kept and told', async () => {
    const { answer } = await posted(withField('x-amz-checksum-sha256', digest('sha256', FILE.content)))
    expect(answer.header('x-amz-checksum-sha256')).toBe(digest('sha256', FILE.content))
  })

  test('a checksum is of the algorithm that is named', async () => {
    const conditions = ['key', 'x-amz-checksum-algorithm', 'x-amz-checksum-sha256'].map(any)
    const fields: readonly Field[] = [KEY, ['x-amz-checksum-algorithm', 'CRC32'], ['x-amz-checksum-sha256', digest('sha256', FILE.content)]]
    expect(await outcome([...fields, ...signedFields(ANN, { conditions })])).toBe('400 InvalidRequest')
  })

  test.each([
    ['no file', formBody([KEY, ...signedFields(ANN)], null), '400 InvalidArgument', 'POST requires exactly one file upload per request.'],
    ['a field twice', formBody([KEY, ['KEY', 'k'], ...signedFields(ANN)], FILE), '400 InvalidArgument', 'KEY came more than once'],
    ['no end', formBody([KEY, ...signedFields(ANN)], FILE).subarray(0, -4), '400 MalformedPOSTRequest', 'ends before its last boundary'],
    [
      'no end behind a late field',
      formBody([KEY, ...signedFields(ANN)], FILE, [['submit', 'x']]).subarray(0, -4),
      '400 MalformedPOSTRequest',
      'ends before its last boundary',
    ],
    ['fields too long', formBody([KEY, ['a', 'x'.repeat(20_480)]], FILE), '400 MaxPostPreDataLengthExceeded', 'too large'],
    [
      'a policy that is none',
      formBody([KEY, ...signedFields(ANN, { policy: 'e30=' })], FILE),
      '400 InvalidPolicyDocument',
      'missing expiration',
    ],
    ['an empty key', formBody([['key', ''], ...signedFields(ANN)], FILE), '400 InvalidArgument', ''],
    ['a key with NUL', formBody([['key', 'a\0b'], ...signedFields(ANN)], FILE), '400 InvalidArgument', ''],
    ['a long key', formBody([['key', 'k'.repeat(1025)], ...signedFields(ANN)], FILE), '400 KeyTooLongError', ''],
    [
      'a long name that is filled in',
      formBody([['key', '${filename}'], ...signedFields(ANN)], { ...FILE, filename: 'x'.repeat(1025) }),
      '400 InvalidArgument',
      'name of the file',
    ],
    [
      'a name filled in too often',
      formBody([['key', '${filename}'.repeat(30)], ...signedFields(ANN)], { ...FILE, filename: 'x'.repeat(1000) }),
      '400 InvalidArgument',
      'too long',
    ],
  ])('%s is refused', async (_what, body, expected, message) => {
    const { answer, written } = await posted([], { body })
    expect([answer.outcome, written]).toEqual([expected, false])
    expect(answer.one('Message')).toContain(message)
  })

  test('a Content-Type without a boundary is refused', async () => {
    const answer = await door.anonymous.send('POST', `/${BUCKET}`, { headers: [['content-type', 'multipart/form-data']], body: 'x' })
    expect(answer.outcome).toBe('400 MalformedPOSTRequest')
  })

  test.each([
    ['before the engine has heard of it', [KEY, ...signedFields({ ...ANN, secretAccessKey: 'wrong' })], '403 SignatureDoesNotMatch'],
    ['by what its fields say', withField('acl', 'public-read'), '400 AccessControlListNotSupported'],
    ['by the engine', [KEY, ...signedFields({ accessKeyId: 'BOBSKEY', secretAccessKey: 'the secret of Bob' })], '403 AccessDenied'],
  ])('a form that is refused %s is answered, and its connection is free or closed', async (_when, fields, expected) => {
    const body = formBody(fields, FILE)
    const { head } = door.anonymous.compose('POST', `/${BUCKET}`, { headers: [CONTENT_TYPE], body })
    const wire = door.anonymous.open()
    wire.write(Buffer.concat([head, body]))
    expect((await wire.answer('POST')).outcome).toBe(expected)
    await wire.closed()
  })

  test('a client that goes away in the middle of its file leaves nothing', async () => {
    const body = formBody([KEY, ...signedFields(ANN)], { content: Buffer.alloc(100_000) })
    const { head } = door.anonymous.compose('POST', `/${BUCKET}`, { headers: [CONTENT_TYPE], body })
    await posted([])
    const wire = door.anonymous.open()
    wire.write(Buffer.concat([head, body.subarray(0, 50_000)]))
    await new Promise((resolve) => setTimeout(resolve, 50))
    wire.destroy()
    const { answer, written } = await posted([])
    expect([answer.status, written]).toEqual([400, false])
  })
})
