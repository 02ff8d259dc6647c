import { createHash } from 'node:crypto'
import type { RowPolicy } from '@stowage/core/policy'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Client } from '../client.ts'
import type { Answer, RequestOptions } from '../client.ts'
import { BUCKET, openDoor } from '../door.ts'
import type { Door } from '../door.ts'
import { encoded } from './encoded.ts'
import { CONTENT, jwt, KEY, KEYS, openWorld, userSession } from '../matrix/world.ts'
import type { World } from '../matrix/world.ts'

/* Defects of others, each with its number in the catalogue, about who may do what. */

/** Own rows to see, and what lies in one's own folder. */
const POLICIES: readonly RowPolicy[] = [
  { name: 'see', table: 'objects', mode: 'permissive', command: 'select', roles: ['authenticated'], using: own() },
  { name: 'write', table: 'objects', mode: 'permissive', command: 'all', roles: ['authenticated'], using: inOwnFolder() },
]

function own(): RowPolicy['using'] & object {
  return { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'ctx', f: 'sub' } }
}
function inOwnFolder(): RowPolicy['using'] & object {
  const folder = { k: 'idx', a: { k: 'call', f: 'foldername', a: [{ k: 'col', n: 'name' }] }, i: 1 } as const
  return { k: 'cmp', op: '=', a: folder, b: { k: 'ctx', f: 'sub' } }
}

let world: World
let door: Door

beforeAll(async () => {
  world = await openWorld({ policies: POLICIES })
  door = await openDoor({ stored: true })
  await door.ann.send('PUT', `/${BUCKET}/p/k`, { body: 'k' })
})
afterAll(async () => {
  await world.close()
  await door.close()
})
afterEach(() => expect([world.faults, door.faults]).toEqual([[], []]))

/** A user's request, signed in a session. */
function asUser(sub: string, method: string, target: string, options: RequestOptions = {}): Promise<Answer> {
  const { sessionToken, ...pair } = userSession(jwt({ role: 'authenticated', sub }))
  const headers = [['x-amz-security-token', sessionToken] as const, ...(options.headers ?? [])]
  return new Client(world.port, pair).send(method, target, { ...options, headers })
}

const owner = (method: string, target: string, options: RequestOptions = {}): Promise<Answer> =>
  new Client(world.port, KEYS.owner).send(method, target, options)

async function putPolicy(...statements: readonly object[]): Promise<void> {
  const all = statements.map((statement) => ({
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${BUCKET}/*`,
    ...statement,
  }))
  const body = JSON.stringify({ Version: '2012-10-17', Statement: all })
  expect((await door.ann.send('PUT', `/${BUCKET}?policy`, { body })).status).toBe(204)
}

describe('what a client says of itself', () => {
  test('D25: an address in X-Forwarded-For of whom nobody trusts is none', async () => {
    await putPolicy({ Condition: { IpAddress: { 'aws:SourceIp': '198.51.100.0/24' } } })
    for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'true-client-ip', 'x-client-ip']) {
      const value = name === 'forwarded' ? 'for=198.51.100.7' : '198.51.100.7'
      expect((await door.anonymous.send('GET', `/${BUCKET}/p/k`, { headers: [[name, value]] })).outcome).toBe('403 AccessDenied')
    }
    await door.ann.send('DELETE', `/${BUCKET}?policy`)
  })

  test('D26: no header names who is asking', async () => {
    const names = [
      'x-stowage-principal',
      'x-stowage-account',
      'x-principal',
      'x-user',
      'x-remote-user',
      'x-forwarded-user',
      'x-amz-account-id',
      'apikey',
    ]
    for (const name of names) {
      const headers = [[name, 'ann'] as const]
      expect((await door.anonymous.send('GET', `/${BUCKET}/p/k`, { headers })).status).toBeGreaterThanOrEqual(400)
      expect((await door.bob.send('GET', `/${BUCKET}/p/k`, { headers })).status).toBeGreaterThanOrEqual(400)
    }
  })
})

describe('D27: a copy reads what its caller may read', () => {
  test.each([
    ['what is hidden', `/photos/${KEY}`],
    ['a version of what is hidden', `/photos/${KEY}?versionId=null`],
    ['another bucket', '/bare/k'],
    ['a bucket of somebody else', '/bobs/k'],
    ['a bucket that there is not', '/nowhere/k'],
    ['what is absent', '/photos/u1/absent'],
  ])('%s', async (_, source) => {
    const headers = [['x-amz-copy-source', source] as const]
    expect((await asUser('u1', 'PUT', '/photos/u1/copy', { headers })).outcome).toMatch(/^40[34] /)
    const uploadId = (await asUser('u1', 'POST', '/photos/u1/big?uploads')).one('UploadId') ?? ''
    const part = await asUser('u1', 'PUT', `/photos/u1/big?partNumber=1&uploadId=${uploadId}`, { headers })
    expect(part.outcome).toMatch(/^40[34] /)
    expect((await owner('HEAD', '/photos/u1/copy')).status).toBe(404)
    expect((await asUser('u1', 'DELETE', `/photos/u1/big?uploadId=${uploadId}`)).status).toBe(204)
  })
})

describe('uploads', () => {
  test('D29: an upload is its beginner’s, under its own key, whatever key it is shown with', async () => {
    const uploadId = (await asUser('u1', 'POST', '/photos/u1/big?uploads')).one('UploadId') ?? ''
    const etag = (await asUser('u1', 'PUT', `/photos/u1/big?partNumber=1&uploadId=${uploadId}`, { body: 'part' })).header('etag')
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`
    for (const [sub, key] of [
      ['u2', 'u2/big'],
      ['u2', 'u1/big'],
      ['u1', 'u1/other'],
    ] as const) {
      const target = `/photos/${key}?uploadId=${uploadId}`
      const answers = [
        await asUser(sub, 'PUT', `${target}&partNumber=1`, { body: 'theirs' }),
        await asUser(sub, 'PUT', `${target}&partNumber=2`, { headers: [['x-amz-copy-source', `/photos/${KEY}`]] }),
        await asUser(sub, 'GET', target),
        await asUser(sub, 'POST', target, { body }),
        await asUser(sub, 'DELETE', target),
      ]
      for (const answer of answers) expect(answer.outcome).toMatch(/^(?:404 NoSuchUpload|403 AccessDenied|404 NoSuchKey)$/)
    }
    expect((await asUser('u2', 'GET', '/photos?uploads')).all('UploadId')).not.toContain(uploadId)
    expect((await asUser('u1', 'POST', `/photos/u1/big?uploadId=${uploadId}`, { body })).status).toBe(200)
    expect((await asUser('u1', 'GET', '/photos/u1/big')).text).toBe('part')
  })

  test.each(['', '../x', 'a/b', '../../etc/passwd', '\0', "'", "' OR 1=1 --", 'x'.repeat(10_000), '\u{1f600}'])(
    'D30: %j is no upload',
    async (text) => {
      const id = encoded(text)
      for (const [method, query] of [
        ['PUT', `partNumber=1&uploadId=${id}`],
        ['GET', `uploadId=${id}`],
        ['DELETE', `uploadId=${id}`],
      ] as const) {
        const answer = await owner(method, `/photos/${KEY}?${query}`, method === 'PUT' ? { body: 'x' } : {})
        expect(answer.outcome).toMatch(/^(?:404 NoSuchUpload|400 \w+)$/)
      }
    },
  )
})

describe('strangers', () => {
  test.each(['public-read', 'public-read-write', 'authenticated-read', 'aws-exec-read', 'log-delivery-write'])(
    'D31: the ACL %s is refused, and lets nobody in',
    async (acl) => {
      const headers = [['x-amz-acl', acl] as const]
      for (const target of [`/${BUCKET}?acl`, `/${BUCKET}/p/k?acl`]) {
        expect((await door.ann.send('PUT', target, { headers })).outcome).toBe('400 AccessControlListNotSupported')
      }
      expect((await door.ann.send('PUT', `/${BUCKET}/p/k2`, { headers, body: 'x' })).outcome).toBe('400 AccessControlListNotSupported')
      for (const client of [door.anonymous, door.bob]) {
        for (const target of [`/${BUCKET}`, `/${BUCKET}/p/k`, `/${BUCKET}?acl`]) expect((await client.send('GET', target)).status).toBe(403)
      }
    },
  )

  test('D34: who may read below a prefix may not list it', async () => {
    await putPolicy({ Action: ['s3:GetObject', 's3:ListBucket'], Resource: `arn:aws:s3:::${BUCKET}/p/*` })
    expect((await door.anonymous.send('GET', `/${BUCKET}/p/k`)).status).toBe(200)
    for (const query of [
      '?prefix=p%2F',
      '?list-type=2&prefix=p%2F',
      '?prefix=p%2F&delimiter=%2F',
      '?versions&prefix=p%2F',
      '?uploads&prefix=p%2F',
    ]) {
      expect((await door.anonymous.send('GET', `/${BUCKET}${query}`)).outcome).toBe('403 AccessDenied')
    }
    await door.ann.send('DELETE', `/${BUCKET}?policy`)
  })

  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toUTCString()
  test.each([
    ['if-modified-since', day(-1)],
    ['if-modified-since', day(1)],
    ['if-unmodified-since', day(-1)],
    ['if-unmodified-since', day(1)],
    ['if-match', '"x"'],
    ['if-match', '*'],
    ['if-none-match', '"8ce4b16b22b58894aa86c421e8759df3"'],
    ['if-none-match', '*'],
    ['range', 'bytes=100-'],
  ])('D36: %s: %s is answered alike for what is there and what is not', async (name, value) => {
    const headers = [[name, value] as const]
    for (const method of ['GET', 'HEAD']) {
      const outcomes: string[] = []
      for (const key of ['p/k', 'p/absent']) outcomes.push((await door.anonymous.send(method, `/${BUCKET}/${key}`, { headers })).outcome)
      expect(outcomes).toEqual(method === 'HEAD' ? ['403', '403'] : ['403 AccessDenied', '403 AccessDenied'])
    }
  })
})

/** An answer without what is new in every one, and without the key that was asked for. */
function comparable(answer: Answer, key: string): unknown {
  const headers = answer.headers.filter(([name]) => name !== 'x-amz-request-id' && name !== 'date' && name !== 'content-length')
  const id = answer.header('x-amz-request-id') ?? ''
  return [answer.status, headers, answer.text.replaceAll(key, 'KEY').replaceAll(id, 'ID')]
}

describe('what is hidden', () => {
  test.each<[string, string, RequestOptions]>([
    ['GET', '', {}],
    ['HEAD', '', {}],
    ['DELETE', '', {}],
    ['GET', '?attributes', { headers: [['x-amz-object-attributes', 'ETag']] }],
    ['GET', '?tagging', {}],
    ['GET', '?acl', {}],
    ['GET', '?versionId=null', {}],
    ['DELETE', '?versionId=null', {}],
    ['GET', '', { headers: [['if-none-match', '*']] }],
    ['GET', '', { headers: [['range', 'bytes=0-1']] }],
  ])('D35: %s%s is answered byte by byte as if it were absent', async (method, query, options) => {
    const absent = 'folder/j'
    const hidden = await asUser('u1', method, `/photos/${KEY}${query}`, options)
    const none = await asUser('u1', method, `/photos/${absent}${query}`, options)
    expect(comparable(hidden, KEY)).toEqual(comparable(none, absent))
    expect((await owner('GET', `/photos/${KEY}`)).text).toBe(CONTENT)
  })

  test('D35: and so in a list of deletes', async () => {
    const body = `<Delete><Object><Key>${KEY}</Key></Object><Object><Key>folder/j</Key></Object></Delete>`
    const answer = await asUser('u1', 'POST', '/photos?delete', {
      body,
      headers: [['content-md5', createHash('md5').update(body).digest('base64')]],
    })
    expect(answer.text.replaceAll(KEY, 'KEY').match(/<(Deleted|Error)>.*?<\/\1>/gs)).toEqual([
      '<Deleted><Key>KEY</Key></Deleted>',
      '<Deleted><Key>folder/j</Key></Deleted>',
    ])
    expect((await owner('GET', `/photos/${KEY}`)).text).toBe(CONTENT)
  })

  test.each(['u1%2F..%2Ffolder%2Fnew', 'u1/../folder/new', 'u1/%2e%2e/folder/new', 'u1//folder/new', 'u1/.\\folder'])(
    'D40: what is decided of %s is done to that key',
    async (spelled) => {
      expect((await asUser('u1', 'PUT', `/photos/${spelled}`, { body: 'x' })).status).toBe(200)
      const listed = (await owner('GET', '/photos?encoding-type=url')).all('Key').map(decodeURIComponent)
      expect(listed).toContain(decodeURIComponent(spelled))
      expect(listed.filter((key) => key.startsWith('folder/'))).toEqual([KEY])
      expect((await asUser('u2', 'GET', `/photos/${spelled}`)).status).toBe(404)
      expect((await asUser('u1', 'DELETE', `/photos/${spelled}`)).status).toBe(204)
    },
  )

  test.each(['%2Fu1/k', './u1/k', '../u1/k', 'U1/k', 'folder%2Fu1', 'u1', '%75%32/k'])('D40: %s is nothing of u1’s', async (spelled) => {
    expect((await asUser('u1', 'PUT', `/photos/${spelled}`, { body: 'x' })).outcome).toBe('403 AccessDenied')
  })
})
