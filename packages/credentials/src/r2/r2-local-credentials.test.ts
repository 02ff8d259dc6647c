import { createHash, createHmac } from 'node:crypto'
import type { JsonObject, OperationName } from '@stowage/core'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arbitraryScope, arbitraryWish, scopeLets } from '../../test/scope-arbitrary.ts'
import { PARENT_ID, parentKey, Rig, START } from '../../test/temporary-credentials-rig.ts'
import type { FoundS3Credential, S3Credential } from '../s3/s3-credential.ts'
import { r2LocalCredentials } from './r2-local-credentials.ts'
import { type R2Permission, r2PermissionScope } from './r2-permissions.ts'
import { issueR2Temporary } from './r2-temporary-credentials.ts'
import { parseR2TemporaryRequest } from './r2-temporary-request.ts'
import { createR2Token, r2SecretAccessKey } from './r2-token.ts'

const HOST = 'account.r2.example'
const SECRET = parentKey().secretAccessKey
const CLAIMS = { bucket: 'one', scope: 'object-read-write', sub: 'account', iss: PARENT_ID, aud: HOST, iat: START, exp: START + 900 }

/** As the documentation of R2 does it, by hand. */
function sign(claims: JsonObject, secret = SECRET, header: JsonObject = { alg: 'HS256', typ: 'JWT' }): string {
  const text = (value: JsonObject): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = `${text(header)}.${text(claims)}`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}

const wrap = (jwt: string): string => Buffer.from(`jwt/${jwt}`).toString('base64')

function find(sessionToken: string | null, { rig = new Rig(), id = PARENT_ID } = {}): FoundS3Credential | Promise<FoundS3Credential> {
  const endpoints = new Map([
    [HOST, 'default'],
    ['account.eu.r2.example', 'eu'],
  ])
  return r2LocalCredentials({ parents: rig.parents, accountId: 'account', endpoints, clock: rig.clock }).find(id, sessionToken)
}

async function found(claims: JsonObject, rig = new Rig()): Promise<S3Credential> {
  const answer = await find(wrap(sign(claims)), { rig })
  if (answer === null || 'refused' in answer) throw new Error(JSON.stringify(answer))
  return answer
}

const refused = async (claims: JsonObject): Promise<unknown> => await find(wrap(sign(claims)))
const INVALID = { refused: 'invalid-token' }

describe('a credential that was signed elsewhere', () => {
  test('has its hash for a secret, and one bucket', async () => {
    const jwt = sign(CLAIMS)
    expect(await find(wrap(jwt))).toMatchObject({
      secretAccessKey: createHash('sha256').update(jwt).digest('hex'),
      sessionToken: wrap(jwt),
      expiresAt: new Date((START + 900) * 1000),
      caller: {
        principal: { kind: 'account' },
        account: 'account',
        scope: { ...r2PermissionScope('object-read-write'), buckets: [{ jurisdiction: 'default', name: 'one' }] },
      },
    })
  })

  test('is for the jurisdiction that is behind its endpoint', async () => {
    const { caller } = await found({ ...CLAIMS, aud: 'account.eu.r2.example' })
    expect(caller.scope?.buckets).toEqual([{ jurisdiction: 'eu', name: 'one' }])
  })

  test('does what its key, its permission, its actions and its paths all let through', async () => {
    const actions = {
      GetObject: 'GetObject',
      HeadObject: 'HeadObject',
      ListObjectsV2: 'ListObjects',
      PutObject: 'PutObject',
      CopyObject: 'CopyObject',
    } as const
    const limits = fc.record({
      permission: fc.option(fc.constantFrom<R2Permission>('admin-read-write', 'admin-read-only', 'object-read-write', 'object-read-only')),
      actions: fc.option(fc.subarray(Object.keys(actions) as (keyof typeof actions)[])),
      prefixes: fc.option(fc.subarray(['a', 'a/', 'b/'])),
      objects: fc.option(fc.subarray(['a', 'b/a', 'c'])),
    })
    await fc.assert(
      fc.asyncProperty(arbitraryScope, limits, arbitraryWish, async (parent, { permission, actions: named, prefixes, objects }, wish) => {
        fc.pre(permission !== null || named !== null)
        const rig = new Rig()
        rig.keys.set(PARENT_ID, parentKey(parent))
        const paths = { ...(prefixes === null ? {} : { prefixPaths: prefixes }), ...(objects === null ? {} : { objectPaths: objects }) }
        const { scope: _, ...rest } = CLAIMS
        const { caller } = await found(
          { ...rest, ...(permission === null ? {} : { scope: permission }), ...(named === null ? {} : { actions: named }), paths },
          rig,
        )
        const allowed: readonly OperationName[] | undefined = named?.map((name) => actions[name])
        const expected =
          scopeLets(parent, wish) &&
          wish.bucket.name === 'one' &&
          wish.bucket.jurisdiction === 'default' &&
          wish.at.getTime() <= (START + 900) * 1000 &&
          (permission === null || scopeLets(r2PermissionScope(permission), wish)) &&
          (allowed === undefined || allowed.includes(wish.operation)) &&
          ((prefixes === null && objects === null) ||
            prefixes?.some((prefix) => wish.key.startsWith(prefix)) === true ||
            objects?.includes(wish.key) === true)
        expect(scopeLets(caller.scope, wish)).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('is gone with its key, and ends with it', async () => {
    const token = wrap(sign(CLAIMS))
    const rig = new Rig()
    rig.keys.set(PARENT_ID, parentKey(null, { expiresAt: new Date(START * 1000) }))
    expect(await find(token, { rig })).toEqual({ refused: 'expired-token' })
    rig.keys.set(PARENT_ID, parentKey(null, { sessionToken: 't' }))
    expect(await find(token, { rig })).toEqual(INVALID)
    rig.keys.set(PARENT_ID, parentKey(null, { secretAccessKey: 'e'.repeat(64) }))
    expect(await find(token, { rig })).toEqual(INVALID)
    rig.keys.delete(PARENT_ID)
    expect(await find(token, { rig })).toEqual(INVALID)
  })

  test('is no other kind of token', () => {
    expect(find(null)).toBeNull()
    for (const token of [
      '',
      'x',
      sign(CLAIMS),
      Buffer.from(sign(CLAIMS)).toString('base64'),
      '%',
      wrap('a').slice(0, 3),
      wrap('x'.repeat(11_000)),
    ]) {
      expect(find(token)).toBeNull()
    }
  })

  test('is refused where anything about it is not right', async () => {
    const { scope: _, ...silent } = CLAIMS
    const wrong: JsonObject[] = [
      silent,
      { ...CLAIMS, sub: 'another' },
      { ...CLAIMS, iss: 'another' },
      { ...CLAIMS, aud: 'another.example' },
      { ...CLAIMS, aud: [HOST] },
      { ...CLAIMS, aud: `https://${HOST}` },
      { ...CLAIMS, bucket: '' },
      { ...CLAIMS, bucket: ['one'] },
      { ...CLAIMS, bucket: undefined },
      { ...CLAIMS, scope: 'everything' },
      { ...CLAIMS, scope: null, actions: null },
      { ...CLAIMS, actions: 'GetObject' },
      { ...CLAIMS, actions: ['GetEverything'] },
      { ...CLAIMS, paths: ['a/'] },
      { ...CLAIMS, paths: { prefixPaths: 'a/' } },
      { ...CLAIMS, paths: { prefixes: ['a/'] } },
      { ...CLAIMS, paths: { objectPaths: [1] } },
      { ...CLAIMS, sourceIp: '10.0.0.1' },
      { ...CLAIMS, exp: START + 604_801 },
      { ...CLAIMS, iat: undefined },
      { ...CLAIMS, iat: START + 61 },
      { ...CLAIMS, exp: undefined },
    ]
    for (const claims of wrong) expect(await refused(claims), JSON.stringify(claims)).toEqual(INVALID)
    expect(await refused({ ...CLAIMS, exp: START })).toEqual({ refused: 'expired-token' })
    expect(await refused({ ...CLAIMS, exp: START + 604_800 })).toMatchObject({ caller: { account: 'account' } })
    expect(await find(wrap(sign(CLAIMS)), { id: 'another' })).toEqual(INVALID)
  })

  test('is signed by the secret of its key, by nothing else and not without', async () => {
    for (const secret of ['', 'x', createHash('sha256').update(SECRET).digest('hex')])
      expect(await find(wrap(sign(CLAIMS, secret)))).toEqual(INVALID)
    for (const alg of ['none', 'HS384', 'RS256']) expect(await find(wrap(sign(CLAIMS, SECRET, { alg })))).toEqual(INVALID)
    expect(await find(wrap('a.b'))).toEqual(INVALID)
    expect(await find(wrap(''))).toEqual(INVALID)
    const rig = new Rig()
    rig.keys.set(PARENT_ID, parentKey(null, { secretAccessKey: 'short' }))
    expect(await find(wrap(sign(CLAIMS, 'short')), { rig })).toEqual(INVALID)
  })
})

describe('a credential that our API makes', () => {
  const BODY = { bucket: 'one', parentAccessKeyId: PARENT_ID, permission: 'object-read-only' }

  test('does what its key and the request both let through', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryScope, fc.subarray(['a', 'b/']), arbitraryWish, async (parent, prefixes, wish) => {
        const rig = new Rig()
        rig.keys.set(PARENT_ID, parentKey(parent))
        const request = parseR2TemporaryRequest({ ...BODY, ttlSeconds: 604_800, prefixes })
        const made = await issueR2Temporary(rig.credentials, { request, parent: rig.parent })
        const { caller } = await rig.find(made)
        const expected =
          scopeLets(parent, wish) &&
          scopeLets(r2PermissionScope('object-read-only'), wish) &&
          wish.bucket.name === 'one' &&
          wish.bucket.jurisdiction === 'default' &&
          prefixes.some((prefix) => wish.key.startsWith(prefix)) &&
          wish.at <= made.expiration
        expect(scopeLets(caller.scope, wish)).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })

  test('is good for 15 minutes unless more is asked for, and made from the key that is named', async () => {
    const rig = new Rig()
    const request = parseR2TemporaryRequest(BODY)
    const made = await issueR2Temporary(rig.credentials, { request, parent: rig.parent })
    expect(made.expiration).toEqual(new Date((START + 900) * 1000))
    const other = { accessKeyId: 'another', credential: parentKey() }
    await expect(issueR2Temporary(rig.credentials, { request, parent: other })).rejects.toEqual(
      expect.objectContaining({ code: 'AccessDenied' }),
    )
  })

  test('is not made of a request that is not wholly understood', () => {
    const wrong: unknown[] = [
      null,
      [],
      {},
      { ...BODY, bucket: undefined },
      { ...BODY, bucket: '' },
      { ...BODY, parentAccessKeyId: 1 },
      { ...BODY, permission: 'object-write-only' },
      { ...BODY, permission: undefined },
      { ...BODY, ttlSeconds: 0 },
      { ...BODY, ttlSeconds: 604_801 },
      { ...BODY, ttlSeconds: '900' },
      { ...BODY, prefixes: 'a/' },
      { ...BODY, objects: [1] },
      { ...BODY, prefixes: Array.from({ length: 1001 }, () => 'a') },
      { ...BODY, actions: ['GetObject'] },
    ]
    for (const body of wrong) expect(() => parseR2TemporaryRequest(body), JSON.stringify(body)).toThrow(TypeError)
  })
})

test('the secret of a token is the hash of its value', () => {
  const { id, value, secretAccessKey } = createR2Token()
  expect(id).toMatch(/^[0-9a-f]{32}$/)
  expect(value).toMatch(/^[\w-]{40}$/)
  expect(secretAccessKey).toBe(createHash('sha256').update(value).digest('hex'))
  expect(r2SecretAccessKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(createR2Token().value).not.toBe(value)
})
