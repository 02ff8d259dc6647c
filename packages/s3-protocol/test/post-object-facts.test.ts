import { afterAll, beforeAll, expect, test } from 'vitest'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { CONTENT_TYPE, formBody, signedFields } from './post-form.ts'
import type { Field } from './post-form.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor({ stored: true, domains: ['s3.test'] })
})
afterAll(() => door.close())

/** A statement of the bucket's policy against everybody, the owner among them. */
async function deny(condition: object): Promise<void> {
  const statement = { Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: `arn:aws:s3:::${BUCKET}/*`, Condition: condition }
  const body = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  expect((await door.ann.send('PUT', `/${BUCKET}?policy`, { body })).status).toBe(204)
}

async function post(fields: readonly Field[], headers: readonly Field[] = []): Promise<string> {
  const body = formBody([['key', 'k'], ...fields], { content: 'x' })
  return (await door.anonymous.send('POST', `/${BUCKET}`, { headers: [CONTENT_TYPE, ...headers], body })).outcome
}

test('policies of buckets hear that it was a form', async () => {
  await deny({ StringEquals: { 's3:authType': 'POST' } })
  expect(await post(signedFields(ANN))).toBe('403 AccessDenied')
  expect((await door.ann.send('PUT', `/${BUCKET}/k`, { body: 'x' })).status).toBe(200)
  await deny({ StringEquals: { 's3:authType': 'REST-HEADER' } })
  expect(await post(signedFields(ANN))).toBe('204')
})

test('how it was signed, and how long ago', async () => {
  await deny({ StringNotEquals: { 's3:signatureversion': 'AWS4-HMAC-SHA256' } })
  expect(await post(signedFields(ANN))).toBe('204')
  await deny({ NumericGreaterThan: { 's3:signatureAge': '600000' } })
  const expiration = new Date(Date.now() + 60_000).toISOString()
  expect(await post(signedFields(ANN))).toBe('204')
  expect(await post(signedFields(ANN, { date: new Date(Date.now() - 700_000), expiration }))).toBe('403 AccessDenied')
})

test('what its fields say, and what the browser does', async () => {
  const conditions = [
    ['starts-with', '$key', ''],
    ['starts-with', '$acl', ''],
  ]
  await deny({ StringEquals: { 's3:x-amz-acl': 'private' } })
  expect(await post([['acl', 'private'], ...signedFields(ANN, { conditions })])).toBe('403 AccessDenied')
  expect(await post([['acl', 'bucket-owner-full-control'], ...signedFields(ANN, { conditions })])).toBe('204')
  await deny({ StringLike: { 'aws:Referer': 'http://evil.test/*' } })
  expect(await post(signedFields(ANN), [['referer', 'http://evil.test/form']])).toBe('403 AccessDenied')
  expect(await post(signedFields(ANN), [['referer', 'http://good.test/form']])).toBe('204')
})

test('a host may name the bucket', async () => {
  const body = formBody([['key', 'a/b'], ...signedFields(ANN)], { content: 'x' })
  const tamper = (headers: (readonly [string, string])[]): (readonly [string, string])[] =>
    headers.map((header) => (header[0] === 'host' ? ['host', `${BUCKET}.s3.test`] : header))
  const answer = await door.anonymous.send('POST', '/', { headers: [CONTENT_TYPE], body, tamper })
  expect([answer.status, answer.header('location')]).toEqual([204, `http://${BUCKET}.s3.test/a%2Fb`])
  expect((await door.ann.send('GET', `/${BUCKET}/a/b`)).text).toBe('x')
})
