import { DeleteBucketPolicyCommand, GetBucketPolicyCommand, GetBucketPolicyStatusCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from './client.ts'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { sdkClient } from './sdk-client.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor({ stored: true, trustedProxies: ['127.0.0.1'] })
  for (const key of ['open/k', 'shut/k']) await door.ann.send('PUT', `/${BUCKET}/${key}`, { body: key })
})
afterAll(() => door.close())
afterEach(async () => {
  expect(door.faults).toEqual([])
  expect((await door.ann.send('DELETE', `/${BUCKET}?policy`)).status).toBe(204)
})

const ALLOW = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${BUCKET}/open/*` }

function policy(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements.map((statement) => ({ ...ALLOW, ...statement })) })
}

async function put(...statements: readonly object[]): Promise<void> {
  expect((await door.ann.send('PUT', `/${BUCKET}?policy`, { body: policy(...statements) })).status).toBe(204)
}

describe('the policy of a bucket', () => {
  test('is given back as it was put, and says whether it is public', async () => {
    expect(await door.ann.send('GET', `/${BUCKET}?policy`)).toMatchObject({
      status: 404,
      text: expect.stringContaining('NoSuchBucketPolicy'),
    })
    expect(await door.ann.send('GET', `/${BUCKET}?policyStatus`)).toMatchObject({ status: 404 })
    await put({})
    const answer = await door.ann.send('GET', `/${BUCKET}?policy`)
    expect(answer.text).toBe(policy({}))
    expect(answer.header('content-type')).toBe('application/json')
    expect((await door.ann.send('GET', `/${BUCKET}?policyStatus`)).text).toContain('<IsPublic>true</IsPublic>')
    await put({ Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } })
    expect((await door.ann.send('GET', `/${BUCKET}?policyStatus`)).text).toContain('<IsPublic>false</IsPublic>')
  })

  test('is put, read and deleted by the SDK', async () => {
    const client = sdkClient(door.port, ANN)
    const bucket = { Bucket: BUCKET }
    await client.send(new PutBucketPolicyCommand({ ...bucket, Policy: policy({}), ConfirmRemoveSelfBucketAccess: true }))
    expect((await client.send(new GetBucketPolicyCommand(bucket))).Policy).toBe(policy({}))
    expect((await client.send(new GetBucketPolicyStatusCommand(bucket))).PolicyStatus).toEqual({ IsPublic: true })
    await client.send(new DeleteBucketPolicyCommand(bucket))
    await expect(client.send(new GetBucketPolicyCommand(bucket))).rejects.toMatchObject({ name: 'NoSuchBucketPolicy' })
    client.destroy()
  })

  test.each([
    ['no JSON', '{'],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0x7d])],
    ['an element nobody knows', policy({ NotPrincipal: '*' })],
    ['a condition nobody knows', policy({ Condition: { StringEquals: { 's3:Nonsense': 'x' } } })],
    ['the objects of another bucket', policy({ Resource: 'arn:aws:s3:::other/*' })],
  ])('with %s is MalformedPolicy, and changes nothing', async (_, body) => {
    await put({})
    const answer = await door.ann.send('PUT', `/${BUCKET}?policy`, { body })
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('<Code>MalformedPolicy</Code>') })
    expect((await door.ann.send('GET', `/${BUCKET}?policy`)).text).toBe(policy({}))
  })

  test('is its owner’s alone to see and to change', async () => {
    await put({})
    for (const client of [door.bob, door.anonymous]) {
      for (const method of ['GET', 'PUT', 'DELETE'] as const) {
        const answer = await client.send(method, `/${BUCKET}?policy`, method === 'PUT' ? { body: policy({}) } : {})
        expect(answer).toMatchObject({ status: 403, text: expect.stringContaining('AccessDenied') })
      }
      expect((await client.send('GET', `/${BUCKET}?policyStatus`)).status).toBe(403)
    }
  })
})

describe('what it allows', () => {
  test('is allowed to strangers, and nothing beside it', async () => {
    await put({})
    expect(await door.anonymous.send('GET', `/${BUCKET}/open/k`)).toMatchObject({ status: 200, text: 'open/k' })
    expect((await door.bob.send('GET', `/${BUCKET}/open/k`)).status).toBe(200)
    for (const [method, target] of [
      ['GET', 'shut/k'],
      ['GET', 'open/none'],
      ['PUT', 'open/new'],
      ['DELETE', 'open/k'],
      ['GET', '?list-type=2'],
    ] as const) {
      expect((await door.anonymous.send(method, `/${BUCKET}/${target}`.replace('/?', '?'))).status).toBe(403)
    }
  })

  test('may hang on where a request comes from: the peer, or what a proxy that is trusted says', async () => {
    await put({ Condition: { IpAddress: { 'aws:SourceIp': '198.51.100.0/24' } } })
    const get = (headers: [string, string][]): Promise<{ status: number }> => door.anonymous.send('GET', `/${BUCKET}/open/k`, { headers })
    expect((await get([])).status).toBe(403)
    expect((await get([['x-forwarded-for', '198.51.100.7']])).status).toBe(200)
    expect((await get([['x-forwarded-for', '198.51.100.7, 203.0.113.1']])).status).toBe(403)
  })

  test('D24: hears nothing of what a client puts in the query', async () => {
    await put({ Condition: { StringEquals: { 'aws:username': 'root' } } })
    expect((await door.anonymous.send('GET', `/${BUCKET}/open/k?username=root&aws:username=root`)).status).toBe(403)
  })

  test('a denial is for the owner too, but for the policy itself', async () => {
    await put({ Effect: 'Deny', Action: 's3:*', Resource: [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`] })
    expect((await door.ann.send('GET', `/${BUCKET}/open/k`)).status).toBe(403)
    expect((await door.ann.send('GET', `/${BUCKET}?list-type=2`)).status).toBe(403)
    expect((await door.ann.send('GET', `/${BUCKET}?policy`)).status).toBe(200)
  })

  test('a copy needs both sides', async () => {
    const source = { Action: 's3:GetObject' }
    const target = { Action: 's3:PutObject', Resource: `arn:aws:s3:::${BUCKET}/drop/*` }
    const copy = async (): Promise<number> =>
      (await door.bob.send('PUT', `/${BUCKET}/drop/k`, { headers: [['x-amz-copy-source', `/${BUCKET}/open/k`]] })).status
    await put(source)
    expect(await copy()).toBe(403)
    await put(target)
    expect(await copy()).toBe(403)
    await put(source, target)
    expect(await copy()).toBe(200)
    expect((await door.ann.send('DELETE', `/${BUCKET}/drop/k`)).status).toBe(204)
  })

  test('setting an ACL is an action of its own, which reading does not bring', async () => {
    const headers = [['x-amz-acl', 'private']] as const
    const answers = async (client: Client = door.bob): Promise<readonly number[]> => {
      const targets = [`/${BUCKET}?acl`, `/${BUCKET}/open/k?acl`, `/${BUCKET}/shut/k?acl`, `/${BUCKET}/open/absent?acl`]
      const all: number[] = []
      for (const target of targets) all.push((await client.send('PUT', target, { headers })).status)
      return all
    }
    const inBucket = { Action: 's3:ListBucket', Resource: `arn:aws:s3:::${BUCKET}` }
    await put({}, inBucket)
    expect(await answers()).toEqual([403, 403, 403, 403])
    await put({ Action: 's3:PutObject' }, inBucket)
    expect(await answers()).toEqual([403, 403, 403, 403])
    await put({ Action: 's3:PutObjectAcl' }, { ...inBucket, Action: 's3:PutBucketAcl' }, inBucket)
    expect(await answers()).toEqual([200, 200, 403, 404])
    expect((await door.bob.send('GET', `/${BUCKET}/open/k`)).status).toBe(403)
    expect((await door.bob.send('PUT', `/${BUCKET}/open/k?acl&versionId=null`, { headers })).status).toBe(403)
    await put({ Action: 's3:PutObjectVersionAcl' })
    expect((await door.bob.send('PUT', `/${BUCKET}/open/k?acl&versionId=null`, { headers })).status).toBe(200)
    await put({ Effect: 'Deny', Action: 's3:Put*Acl', Resource: [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`] })
    expect(await answers(door.ann)).toEqual([403, 403, 403, 403])
  })

  test('whoever may read an object may say whose bucket it is to be', async () => {
    await put({})
    const get = async (owner: string, key = 'open/k'): Promise<string> =>
      (await door.bob.send('GET', `/${BUCKET}/${key}`, { headers: [['x-amz-expected-bucket-owner', owner]] })).outcome
    expect([await get('ann'), await get('bob'), await get('ann', 'shut/k'), await get('bob', 'shut/k')]).toEqual([
      '200',
      '403 AccessDenied',
      '403 AccessDenied',
      '403 AccessDenied',
    ])
  })

  test('a listing by its prefix and its size', async () => {
    await put({
      Action: 's3:ListBucket',
      Resource: `arn:aws:s3:::${BUCKET}`,
      Condition: { StringEquals: { 's3:prefix': 'open/' }, NumericLessThanEquals: { 's3:max-keys': '10' } },
    })
    const list = async (query: string): Promise<number> => (await door.bob.send('GET', `/${BUCKET}?list-type=2${query}`)).status
    expect(await list('&prefix=open%2F&max-keys=10')).toBe(200)
    expect(await list('&prefix=open%2F&max-keys=11')).toBe(403)
    expect(await list('&prefix=open%2Fk&max-keys=10')).toBe(403)
    expect(await list('')).toBe(403)
  })
})
