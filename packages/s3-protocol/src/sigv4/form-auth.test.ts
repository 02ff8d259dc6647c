import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { signedFields } from '../../test/post-form.ts'
import type { SignOptions } from '../../test/post-form.ts'
import { readFormClaim } from './form-auth.ts'
import { RequestVerifier } from './request-verifier.ts'

const NOW = new Date('2015-12-29T00:05:00Z')
const CONTEXT = { regions: ['us-east-1'], now: NOW, skewSecondsMax: 900 }
const PAIR = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }

const asked: (readonly [string, string | null])[] = []
const verifier = new RequestVerifier<string>({
  credentials: {
    find(id, token) {
      asked.push([id, token])
      if (id === 'TEMPORARY') return { ...PAIR, id, version: '1', sessionToken: 'token', caller: 'session' }
      if (id === 'ROTATED')
        return { ...PAIR, id, version: '2', secretAccessKey: 'new', otherSecrets: [{ ...PAIR, version: '1' }], caller: 'rotated' }
      if (id === 'NOFORMS') return { ...PAIR, id, version: '1', presigning: 'deny', caller: 'x' }
      if (id === 'GONE') return { ...PAIR, id, version: '1', expiresAt: NOW, caller: 'x' }
      return id === PAIR.accessKeyId ? { ...PAIR, id, version: '1', caller: 'example' } : null
    },
  },
  region: 'us-east-1',
  clock: () => NOW,
})

/** AWS: sigv4-post-example, whose lines end in CRLF. */
const POLICY = Buffer.from(
  [
    '{ "expiration": "2015-12-30T12:00:00.000Z",',
    '  "conditions": [',
    '    {"bucket": "sigv4examplebucket"},',
    '    ["starts-with", "$key", "user/user1/"],',
    '    {"acl": "public-read"},',
    '    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},',
    '    ["starts-with", "$Content-Type", "image/"],',
    '    {"x-amz-meta-uuid": "14365123651274"},',
    '    {"x-amz-server-side-encryption": "AES256"},',
    '    ["starts-with", "$x-amz-meta-tag", ""],',
    '',
    '    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},',
    '    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},',
    '    {"x-amz-date": "20151229T000000Z" }',
    '  ]',
    '}',
  ].join('\r\n'),
).toString('base64')
const EXAMPLE: readonly (readonly [string, string])[] = [
  ['x-amz-algorithm', 'AWS4-HMAC-SHA256'],
  ['x-amz-credential', 'AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request'],
  ['x-amz-date', '20151229T000000Z'],
  ['policy', POLICY],
  ['x-amz-signature', '8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e'],
]

const changed = (name: string, value: string): ReadonlyMap<string, string> => new Map(EXAMPLE).set(name, value)
const signed = (accessKeyId: string, options: SignOptions = {}): ReadonlyMap<string, string> =>
  new Map(signedFields({ ...PAIR, accessKeyId }, { date: NOW, ...options }))

async function outcome(fields: ReadonlyMap<string, string>): Promise<unknown> {
  const verification = await verifier.verifyForm(fields)
  return verification.kind === 'signed' ? verification.credential.caller : 'nobody'
}

describe('the signature of a form', () => {
  test("of AWS's example is right", async () => {
    expect(await outcome(new Map(EXAMPLE))).toBe('example')
  })

  test('covers the policy as it came', async () => {
    const other = `${POLICY.slice(0, -4)}fQ==`
    await expect(outcome(changed('policy', other))).rejects.toMatchObject({
      code: 'SignatureDoesNotMatch',
      fields: { AWSAccessKeyId: PAIR.accessKeyId, StringToSign: other },
    })
    await expect(outcome(changed('x-amz-signature', '0'.repeat(64)))).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
  })

  test('covers day and region by the key', async () => {
    const fields = changed('x-amz-credential', 'AKIAIOSFODNN7EXAMPLE/20151228/us-east-1/s3/aws4_request')
    await expect(outcome(new Map(fields).set('x-amz-date', '20151228T000000Z'))).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
    const region = changed('x-amz-credential', 'AKIAIOSFODNN7EXAMPLE/20151229/auto/s3/aws4_request')
    await expect(outcome(region)).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
  })

  test('of a key that does not exist is computed all the same, and says so', async () => {
    await expect(outcome(signed('NOBODY'))).rejects.toMatchObject({ code: 'InvalidAccessKeyId' })
  })

  test('goes with the session token of its credential, and with no other', async () => {
    expect(await outcome(signed('TEMPORARY', { sessionToken: 'token' }))).toBe('session')
    expect(asked.at(-1)).toEqual(['TEMPORARY', 'token'])
    for (const fields of [
      signed('TEMPORARY'),
      signed('TEMPORARY', { sessionToken: 'tokem' }),
      signed(PAIR.accessKeyId, { sessionToken: 'token' }),
    ]) {
      await expect(outcome(fields)).rejects.toMatchObject({ code: 'InvalidToken' })
    }
  })

  test('may be by any secret of a credential that has several', async () => {
    expect(await outcome(signed('ROTATED'))).toBe('rotated')
  })

  test('is refused of a credential that has ended, or that presigns nothing', async () => {
    await expect(outcome(signed('GONE'))).rejects.toMatchObject({ code: 'ExpiredToken' })
    await expect(outcome(signed('NOFORMS'))).rejects.toMatchObject({ code: 'AccessDenied' })
  })
})

describe('readFormClaim', () => {
  test('a form without any of its fields comes from nobody', async () => {
    expect(await outcome(new Map([['key', 'k']]))).toBe('nobody')
  })

  test.each(EXAMPLE.map(([name]) => name))('a form without %s only is refused', (name) => {
    const fields = new Map(EXAMPLE)
    fields.delete(name)
    expect(() => readFormClaim(fields, CONTEXT)).toThrow(/^Bucket POST must contain a field named/)
  })

  test('a session token alone does not make a form anonymous', () => {
    expect(() => readFormClaim(new Map([['x-amz-security-token', 't']]), CONTEXT)).toThrow('a field named')
  })

  test.each([
    [{ awsaccesskeyid: 'A' }, 'InvalidRequest'],
    [{ signature: 's' }, 'InvalidRequest'],
    [{ 'x-amz-algorithm': 'AWS4-ECDSA-P256-SHA256' }, 'NotImplemented'],
    [{ 'x-amz-algorithm': 'AWS4-HMAC-SHA1' }, 'InvalidArgument'],
    [{ 'x-amz-credential': 'A' }, 'InvalidArgument'],
    [{ 'x-amz-credential': '/20151229/us-east-1/s3/aws4_request' }, 'InvalidArgument'],
    [{ 'x-amz-credential': 'A/20151229/us-east-1/iam/aws4_request' }, 'InvalidArgument'],
    [{ 'x-amz-credential': 'A/20151229/mars/s3/aws4_request' }, 'InvalidArgument'],
    [{ 'x-amz-credential': 'A/20151228/us-east-1/s3/aws4_request' }, 'InvalidArgument'],
    [{ 'x-amz-date': '2015-12-29T00:00:00Z' }, 'InvalidArgument'],
    [{ 'x-amz-date': '20151229T006000Z' }, 'InvalidArgument'],
    [{ 'x-amz-signature': 'A'.repeat(64) }, 'InvalidArgument'],
    [{ 'x-amz-signature': '' }, 'InvalidArgument'],
  ])('refuses %j with %s', (fields, code) => {
    expect(() => readFormClaim(new Map([...EXAMPLE, ...Object.entries(fields)]), CONTEXT)).toThrow(expect.objectContaining({ code }))
  })

  test.each([
    ['2015-12-28T23:50:00Z', null],
    ['2015-12-28T23:44:59Z', 'Request is not yet valid'],
    ['2016-01-05T00:00:00Z', null],
    ['2016-01-05T00:00:01Z', 'Request has expired'],
  ])('at %s: %s', (now, message) => {
    const read = (): unknown => readFormClaim(new Map(EXAMPLE), { ...CONTEXT, now: new Date(now) })
    if (message === null) expect(read()).not.toBeNull()
    else expect(read).toThrow(message)
  })
})
