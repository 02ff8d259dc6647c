import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CONFIGURATION_OPERATIONS } from '../src/operations/configurations.ts'
import { SUB_RESOURCES } from '../src/sub-resources.ts'
import { Client } from './client.ts'
import type { Answer, RequestOptions } from './client.ts'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { sha256 } from './signer.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor({
    rules: [
      { effect: 'allow', who: 'anyone', actions: ['object.read', 'object.list'], bucket: 'public' },
      { effect: 'allow', who: 'anyone', actions: ['object.read'], bucket: 'readable' },
    ],
  })
  for (const bucket of ['public', 'readable', 'private']) {
    await door.ann.send('PUT', `/${bucket}`)
    expect((await door.ann.send('PUT', `/${bucket}/k`, { body: `of ${bucket}` })).status).toBe(200)
  }
  await door.ann.send('PUT', `/${BUCKET}/k`, { body: 'the only one' })
})
afterAll(() => door.close())
afterEach(async () => {
  expect(door.faults).toEqual([])
  expect((await door.ann.send('GET', `/${BUCKET}/k`)).text).toBe('the only one')
})

const put = (options: RequestOptions, client: Client = door.ann): Promise<Answer> =>
  client.send('PUT', `/${BUCKET}/k`, { body: 'overwritten', ...options })

describe('a request is refused', () => {
  type Pairs = [string, string][]
  const without = (name: string) => (headers: readonly (readonly [string, string])[]) =>
    headers.filter((header) => header[0] !== name) as Pairs
  const replaced = (name: string, change: (value: string) => string) => (headers: readonly (readonly [string, string])[]) =>
    headers.map(([each, value]) => [each, each === name ? change(value) : value]) as Pairs
  const doubled = (name: string) => (headers: readonly (readonly [string, string])[]) =>
    [...headers, ...headers.filter((header) => header[0] === name)] as Pairs

  test.each<[string, RequestOptions, string]>([
    ['with an x-amz header that is not signed', { unsigned: [['x-amz-meta-a', 'b']] }, '403 AccessDenied'],
    ['with an x-amz header that is not signed and means nothing', { unsigned: [['x-amz-user-agent', 'b']] }, '403 AccessDenied'],
    ['made a copy by a header that is not signed', { unsigned: [['x-amz-copy-source', 'public/k']] }, '403 AccessDenied'],
    [
      'without a header that was signed',
      { headers: [['content-type', 'a/b']], tamper: without('content-type') },
      '403 SignatureDoesNotMatch',
    ],
    [
      'with another value of a header that was signed',
      { headers: [['content-type', 'a/b']], tamper: replaced('content-type', () => 'a/c') },
      '403 SignatureDoesNotMatch',
    ],
    ['for another host', { tamper: replaced('host', () => 'elsewhere') }, '403 SignatureDoesNotMatch'],
    ['with another payload hash', { tamper: replaced('x-amz-content-sha256', () => 'UNSIGNED-PAYLOAD') }, '403 SignatureDoesNotMatch'],
    [
      'with another date',
      { tamper: replaced('x-amz-date', (date) => `${date.slice(0, -3)}${date.endsWith('00Z') ? '01' : '00'}Z`) },
      '403 SignatureDoesNotMatch',
    ],
    [
      'with another signature',
      { tamper: replaced('authorization', (value) => value.replace(/.$/, (d) => (d === '0' ? '1' : '0'))) },
      '403 SignatureDoesNotMatch',
    ],
    [
      'with an upper-case signature',
      { tamper: replaced('authorization', (value) => value.replace(/Signature=.*/, (s) => `Signature=${'A'.repeat(s.length - 10)}`)) },
      '400 AuthorizationHeaderMalformed',
    ],
    [
      'with an empty signature',
      { tamper: replaced('authorization', (value) => value.replace(/Signature=.*/, 'Signature=')) },
      '400 AuthorizationHeaderMalformed',
    ],
    [
      'with the key of somebody else',
      { tamper: replaced('authorization', (value) => value.replace('ANNSKEY', 'BOBSKEY')) },
      '403 SignatureDoesNotMatch',
    ],
    [
      'with a key that there is not',
      { tamper: replaced('authorization', (value) => value.replace('ANNSKEY', 'EVESKEY')) },
      '403 InvalidAccessKeyId',
    ],
    [
      'with the key __proto__',
      { tamper: replaced('authorization', (value) => value.replace('ANNSKEY', '__proto__')) },
      '403 InvalidAccessKeyId',
    ],
    ['with two Authorization headers', { tamper: doubled('authorization') }, '400 InvalidArgument'],
    ['with two dates', { tamper: doubled('x-amz-date') }, '400 InvalidArgument'],
    ['with two payload hashes', { tamper: doubled('x-amz-content-sha256') }, '400 InvalidArgument'],
    ['signed an hour ago', { date: new Date(Date.now() - 3_600_000) }, '403 RequestTimeTooSkewed'],
    ['signed an hour ahead', { date: new Date(Date.now() + 3_600_000) }, '403 RequestTimeTooSkewed'],
    ['signed for another region', { region: 'eu-central-1' }, '400 AuthorizationHeaderMalformed'],
    ['with a session token that nobody gave', { headers: [['x-amz-security-token', 'x']] }, '403 InvalidToken'],
    ['with Signature Version 2', { tamper: replaced('authorization', () => 'AWS ANNSKEY:abcdef') }, '400 InvalidRequest'],
    ['with lower-case aws4', { tamper: replaced('authorization', (value) => value.toLowerCase()) }, '400 InvalidRequest'],
    ['without Authorization', { tamper: without('authorization') }, '403 AccessDenied'],
    ['with an Authorization of another world', { tamper: replaced('authorization', () => 'Bearer abc') }, '403 AccessDenied'],
    [
      'framed, and without a signature',
      {
        payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        headers: [['x-amz-decoded-content-length', '1']],
        makeBody: () => Buffer.from('1\r\nx\r\n0\r\n\r\n'),
        tamper: without('authorization'),
      },
      '403 AccessDenied',
    ],
    [
      'framed as if signed, and without a signature',
      {
        payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        headers: [['x-amz-decoded-content-length', '1']],
        makeBody: () => Buffer.from(`1;chunk-signature=${'0'.repeat(64)}\r\nx\r\n0;chunk-signature=${'0'.repeat(64)}\r\n\r\n`),
        tamper: without('authorization'),
      },
      '403 AccessDenied',
    ],
  ])('%s', async (_, options, outcome) => {
    const answer = await put(options)
    expect(answer.outcome).toBe(outcome)
    expect(answer.text).not.toContain(ANN.secretAccessKey)
  })

  test('when it is the signature of another request', async () => {
    const { head, body } = door.ann.compose('PUT', `/${BUCKET}/k`, { body: 'overwritten' })
    const moved = async (from: string, to: string): Promise<string> => {
      const wire = door.ann.open()
      wire.write(head.toString('latin1').replace(from, to))
      wire.write(body)
      const { outcome } = await wire.answer('PUT')
      wire.destroy()
      return outcome
    }
    expect(await moved(`PUT /${BUCKET}/k `, `PUT /${BUCKET}/l `)).toBe('403 SignatureDoesNotMatch')
    expect(await moved(`PUT /${BUCKET}/k `, `PUT /public/k `)).toBe('403 SignatureDoesNotMatch')
    expect(await moved(`PUT /${BUCKET}/k `, `DELETE /${BUCKET}/k `)).toBe('403 SignatureDoesNotMatch')
    expect(await moved(`PUT /${BUCKET}/k `, `PUT /${BUCKET}/k?partNumber=1&uploadId=x `)).toBe('403 SignatureDoesNotMatch')
  })

  test.each(['X-Amz-Signature=x', 'x-amz-credential=x', 'X-Amz-Algorithm=AWS4-HMAC-SHA256', 'X-Amz-Expires=1'])(
    'with ?%s: half of a presigned URL makes nobody anonymous',
    async (query) => {
      expect((await door.anonymous.send('GET', `/public/k?${query}`)).outcome).toBe('400 AuthorizationQueryParametersError')
      expect((await door.ann.send('GET', `/public/k?${query}`)).outcome).toBe('400 InvalidArgument')
    },
  )

  test('and the answer to HEAD has no body', async () => {
    const head = await door.bob.send('HEAD', `/${BUCKET}/k`)
    expect([head.status, head.body.length, head.header('x-amz-request-id')]).toEqual([403, 0, expect.stringMatching(/^[0-9A-F]{16}$/)])
    for (const [client, target, status] of [
      [door.ann, '/nowhere', 404],
      [door.ann, `/${BUCKET}/absent`, 404],
      [door.ann, `/${BUCKET}/k?acl`, 501],
      [door.ann, '/', 405],
      [new Client(door.port, { ...ANN, secretAccessKey: 'wrong' }), '/', 403],
    ] as const) {
      const answer = await client.send('HEAD', target)
      expect([target, answer.status, answer.body.length]).toEqual([target, status, 0])
    }
  })
})

describe('who may do what', () => {
  test.each<[string, string, string, string, string]>([
    // What, and how it looks to a stranger, to another account, to the owner.
    ['GET', '/public/k', '200', '200', '200'],
    ['GET', '/public/absent', '404 NoSuchKey', '404 NoSuchKey', '404 NoSuchKey'],
    ['GET', '/readable/k', '200', '200', '200'],
    ['GET', '/readable/absent', '403 AccessDenied', '403 AccessDenied', '404 NoSuchKey'],
    ['GET', '/private/k', '403 AccessDenied', '403 AccessDenied', '200'],
    ['GET', '/private/absent', '403 AccessDenied', '403 AccessDenied', '404 NoSuchKey'],
    ['GET', '/nowhere/k', '404 NoSuchBucket', '404 NoSuchBucket', '404 NoSuchBucket'],
    ['GET', '/private', '403 AccessDenied', '403 AccessDenied', '200'],
    ['GET', '/public', '200', '200', '200'],
    ['GET', '/readable', '403 AccessDenied', '403 AccessDenied', '200'],
    ['GET', '/nowhere', '404 NoSuchBucket', '404 NoSuchBucket', '404 NoSuchBucket'],
    ['PUT', '/public/new', '403 AccessDenied', '403 AccessDenied', '200'],
    ['DELETE', '/public', '403 AccessDenied', '403 AccessDenied', '409 BucketNotEmpty'],
    ['PUT', '/private', '403 AccessDenied', '409 BucketAlreadyExists', '200'],
    ['GET', '/public?uploads', '200', '200', '200'],
    ['GET', '/readable?uploads', '403 AccessDenied', '403 AccessDenied', '200'],
    ['POST', '/public/k?uploads', '403 AccessDenied', '403 AccessDenied', '200'],
  ])('%s %s', async (method, target, stranger, another, owner) => {
    const outcome = async (client: Client): Promise<string> => (await client.send(method, target)).outcome
    expect([await outcome(door.anonymous), await outcome(door.bob), await outcome(door.ann)]).toEqual([stranger, another, owner])
  })

  test('uploads are listed to whom they belong, and nobody else goes on with one', async () => {
    const uploadId = (await door.ann.send('POST', '/public/k?uploads')).one('UploadId') ?? ''
    expect((await door.ann.send('GET', '/public?uploads')).all('UploadId')).toContain(uploadId)
    for (const client of [door.anonymous, door.bob]) {
      expect((await client.send('GET', '/public?uploads')).all('UploadId')).toEqual([])
      for (const [method, query] of [
        ['PUT', `partNumber=1&uploadId=${uploadId}`],
        ['GET', `uploadId=${uploadId}`],
        ['DELETE', `uploadId=${uploadId}`],
      ] as const) {
        expect([403, 404]).toContain((await client.send(method, `/public/k?${query}`, method === 'PUT' ? { body: 'x' } : {})).status)
      }
    }
    expect((await door.ann.send('DELETE', `/public/k?uploadId=${uploadId}`)).status).toBe(204)
  })

  test('buckets are listed to whom they belong', async () => {
    expect((await door.ann.send('GET', '/')).all('Name')).toEqual([BUCKET, 'private', 'public', 'readable'])
    expect((await door.bob.send('GET', '/')).all('Name')).toEqual([])
    expect((await door.anonymous.send('GET', '/')).outcome).toBe('403 AccessDenied')
  })

  test('strangers may not say what a browser takes an object for', async () => {
    const target = '/public/k?response-content-type=text%2Fhtml'
    expect((await door.anonymous.send('GET', target)).outcome).toBe('400 InvalidRequest')
    expect((await door.ann.send('GET', target)).header('content-type')).toBe('text/html')
  })

  test('what a stranger says of a body is held against it too', async () => {
    door.policy.replace([
      { effect: 'allow', who: { owner: true }, actions: 'all' },
      { effect: 'allow', who: 'anyone', actions: ['object.write'], bucket: 'public', keyPrefix: 'inbox/' },
    ])
    await door.engine.policyChanged()
    const drop = (payload: string | undefined): Promise<Answer> =>
      door.anonymous.send('PUT', '/public/inbox/1', { body: 'a letter', ...(payload === undefined ? {} : { payload }) })
    expect((await drop(sha256('another letter'))).outcome).toBe('400 XAmzContentSHA256Mismatch')
    expect((await drop(sha256('a letter'))).outcome).toBe('200')
    expect((await drop(undefined)).outcome).toBe('200')
    expect((await door.anonymous.send('PUT', '/public/outside', { body: 'x' })).outcome).toBe('403 AccessDenied')
    expect((await door.anonymous.send('PUT', '/public/inbox/../outside', { body: 'x' })).outcome).toBe('200')
    expect((await door.ann.send('HEAD', '/public/outside')).status).toBe(404)
  })
})

describe('sub-resources', () => {
  /** Words that rows of the table read, by where and how. */
  const ANSWERED = new Set([
    'GET bucket location',
    'GET bucket uploads',
    'POST bucket delete',
    'POST object uploads',
    'GET object uploadId',
    'POST object uploadId',
    'DELETE object uploadId',
    'GET object versionId',
    'HEAD object versionId',
    'DELETE object versionId',
    'GET object partNumber',
    'HEAD object partNumber',
    'GET bucket versions',
    'GET object attributes',
    'PUT bucket acl',
    'PUT object acl',
    'PUT bucket versioning',
    'GET bucket policy',
    'PUT bucket policy',
    'DELETE bucket policy',
    'GET bucket policyStatus',
    ...CONFIGURATION_OPERATIONS.map(({ match }) => `GET ${match.on} ${Object.keys(match.query ?? {})[0]}`),
  ])
  const cases = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'].flatMap((method) =>
    (['bucket', 'object'] as const).map((on) => [method, on] as const),
  )

  test.each(cases)('%s of a %s: every word is answered by its own operation, or 501 by name', async (method, on) => {
    const target = on === 'bucket' ? `/${BUCKET}` : `/${BUCKET}/k`
    for (const word of SUB_RESOURCES) {
      if (ANSWERED.has(`${method} ${on} ${word}`)) continue
      const answer = await door.ann.send(method, `${target}?${word}`, method === 'PUT' ? { body: '<x/>' } : {})
      expect([word, answer.status]).toEqual([word, 501])
      if (method !== 'HEAD') expect(answer.one('Code')).toBe('NotImplemented')
    }
    expect((await door.ann.send('HEAD', `/${BUCKET}`)).status).toBe(200)
  })

  test('a method that there is not, or not there', async () => {
    for (const [method, target, allow] of [
      ['PATCH', `/${BUCKET}/k`, 'DELETE, GET, HEAD, POST, PUT'],
      ['POST', `/${BUCKET}/k`, 'DELETE, GET, HEAD, POST, PUT'],
      ['POST', '/', 'GET'],
      ['DELETE', '/', 'GET'],
      ['PUT', '/', 'GET'],
    ] as const) {
      const answer = await door.ann.send(method, target)
      expect([answer.outcome, answer.header('allow')]).toEqual(['405 MethodNotAllowed', allow])
    }
  })
})
