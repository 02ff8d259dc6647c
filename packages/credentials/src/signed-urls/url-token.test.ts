import { accountCaller, ANONYMOUS, type Caller, type OperationName } from '@stowage/core'
import { SignJWT } from 'jose'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arbitraryScope, arbitraryWish, scopeLets } from '../../test/scope-arbitrary.ts'
import { localKeys } from '../jwt/jwt-key-source.ts'
import { JwtVerifier } from '../jwt/jwt-verifier.ts'
import { TokenError } from '../token-error.ts'
import { tokenKeys } from '../tokens/token-keys.ts'
import { createUrlToken, type UrlTokenInput, type UrlTokenRequest, verifyUrlToken, type VerifiedUrlToken } from './url-token.ts'

const START = 1_800_000_000_000
const SECRET = { kid: 'k', secret: Buffer.alloc(32, 1) }
const keys = tokenKeys({ purpose: 'signed-url', project: 'project', secrets: [SECRET] })
const at = (milliseconds: number) => ({ keys, clock: () => new Date(milliseconds) })
const TARGET = { bucket: { jurisdiction: 'default', name: 'avatars' }, key: 'user-1/a b.png' }
const USER: Caller = {
  principal: { kind: 'role', role: 'authenticated', sub: 'user-1', claims: { aal: 'aal2' }, bypassRls: false },
  account: 'project',
  scope: null,
  credentialId: 'key-1',
}
const DOWNLOAD: UrlTokenInput = { use: 'download', target: TARGET, caller: USER, expiresInSeconds: 60 }
const UPLOAD: UrlTokenInput = { use: 'upload', target: TARGET, caller: USER, expiresInSeconds: 60 }
const GET: UrlTokenRequest = { use: 'download', target: TARGET, operation: 'GetObject' }
const PUT: UrlTokenRequest = { use: 'upload', target: TARGET, operation: 'PutObject' }

const make = (input: UrlTokenInput): Promise<string> => createUrlToken(input, at(START))

async function verify(token: string, request: UrlTokenRequest, milliseconds = START): Promise<VerifiedUrlToken | string> {
  try {
    return await verifyUrlToken(token, request, at(milliseconds))
  } catch (error) {
    if (error instanceof TokenError) return error.code
    throw error
  }
}

describe('a signed URL', () => {
  test('is one operation on one object, in the name of who signed it', async () => {
    const principal = {
      kind: 'grant',
      operation: 'GetObject',
      ...TARGET,
      versionId: null,
      frozen: { sub: 'user-1', role: 'authenticated', claims: { aal: 'aal2' } },
    }
    expect(await verify(await make(DOWNLOAD), GET)).toEqual({
      caller: { principal, account: 'project', scope: null, credentialId: null },
      ifNoneMatch: null,
      transformations: null,
      expiresAt: new Date(START + 60_000),
    })
  })

  test('ends', async () => {
    const token = await make(DOWNLOAD)
    expect(await verify(token, GET, START + 59_999)).toMatchObject({ ifNoneMatch: null })
    expect(await verify(token, GET, START + 60_000)).toBe('expired')
  })

  test('may be for a version, and for an image that is changed', async () => {
    const transformations = { width: 100 }
    const token = await make({ ...DOWNLOAD, versionId: 'v1', transformations })
    expect(await verify(token, GET)).toMatchObject({ transformations, caller: { principal: { versionId: 'v1' } } })
  })

  test('D43: is good for nothing but what it was signed for', async () => {
    const download = await make(DOWNLOAD)
    const upload = await make(UPLOAD)
    expect(await verify(download, PUT)).toBe('claims')
    expect(await verify(upload, GET)).toBe('claims')
    const others = [
      { ...TARGET, key: 'user-1/a%20b.png' },
      { ...TARGET, key: 'user-1/a b.png/' },
      { ...TARGET, key: '/user-1/a b.png' },
      { ...TARGET, key: 'a b.png', bucket: { jurisdiction: 'default', name: 'avatars/user-1' } },
      { ...TARGET, bucket: { jurisdiction: 'eu', name: 'avatars' } },
      { ...TARGET, bucket: { jurisdiction: 'default', name: 'other' } },
    ]
    for (const target of others) expect(await verify(download, { ...GET, target })).toBe('claims')
    const operations: OperationName[] = ['DeleteObject', 'PutObject', 'CopyObject', 'ListObjects', 'CreateMultipartUpload']
    for (const operation of operations) expect(await verify(download, { ...GET, operation })).toBe('claims')
    for (const operation of ['GetObject', 'DeleteObject', 'CopyObject'] as const)
      expect(await verify(upload, { ...PUT, operation })).toBe('claims')
    for (const operation of ['GetObject', 'HeadObject'] as const)
      expect(await verify(download, { ...GET, operation })).toMatchObject({ caller: { principal: { operation } } })
  })

  test('D43: is no token of a user, and a user’s is no signed URL', async () => {
    const verifier = new JwtVerifier({ keys: [localKeys([keys.newest.signing])], clock: () => new Date(START) })
    for (const token of [await make(DOWNLOAD), await make(UPLOAD)]) {
      await expect(verifier.verify(token)).rejects.toEqual(expect.objectContaining({ code: 'claims' }))
    }
    // As PR 520 of Supabase Storage: what a user may put into it must not become a role.
    const token = await make({ ...DOWNLOAD, transformations: { role: 'service_role', sub: 'admin' } })
    expect(await verify(token, GET)).toMatchObject({ caller: { principal: { frozen: { role: 'authenticated', sub: 'user-1' } } } })
    const session = await new SignJWT({
      url: 'avatars/user-1/a b.png',
      scope: 'download',
      jur: 'default',
      frozen: {},
      aud: 'stowage:download',
      exp: START / 1000 + 60,
    })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: 'k' })
      .sign(keys.newest.signing.key)
    expect(await verify(session, GET)).toBe('claims')
  })

  test('of an upload does not replace anything unless that was signed', async () => {
    expect(await verify(await make(UPLOAD), PUT)).toMatchObject({ ifNoneMatch: '*' })
    expect(await verify(await make({ ...UPLOAD, upsert: false }), PUT)).toMatchObject({ ifNoneMatch: '*' })
    expect(await verify(await make({ ...UPLOAD, upsert: true }), PUT)).toMatchObject({ ifNoneMatch: null })
  })
})

describe('who signs a URL', () => {
  test('an account signs for itself; a role that bypasses row-level security for the role, so that both can be taken from it', async () => {
    const service: Caller = { ...USER, principal: { kind: 'role', role: 'service_role', sub: null, claims: {}, bypassRls: true } }
    const frozen = { sub: null, role: 'service_role', claims: {}, bypassRls: true }
    for (const [caller, says] of [
      [accountCaller('project'), {}],
      [service, frozen],
    ] as const) {
      const verified = (await verify(await make({ ...DOWNLOAD, caller }), GET)) as VerifiedUrlToken
      expect(verified.caller).toMatchObject({ account: 'project', principal: { kind: 'grant' } })
      expect(verified.caller.principal).toHaveProperty('frozen', says)
    }
    const nobody = await verify(await make({ ...DOWNLOAD, caller: ANONYMOUS }), GET)
    expect(nobody).toMatchObject({ caller: { account: null, principal: { frozen: { sub: null, role: null } } } })
  })

  test('nobody signs who came with a signed URL, nor the system', async () => {
    const { caller } = (await verify(await make(DOWNLOAD), GET)) as VerifiedUrlToken
    expect(() => createUrlToken({ ...DOWNLOAD, caller }, at(START))).toThrow('a grant cannot sign')
  })

  test('gives away no more than it has, and no longer', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryScope, arbitraryWish, fc.integer({ min: 1, max: 4_000_000_000 }), async (scope, wish, expiresInSeconds) => {
        const token = await createUrlToken({ ...DOWNLOAD, caller: { ...USER, scope }, expiresInSeconds }, at(0))
        const verified = await verify(token, GET, 0)
        // The credential has ended within the second.
        if (typeof verified === 'string') {
          expect(scope.notAfter?.getTime()).toBe(0)
          return
        }
        if (scope.notAfter !== undefined) expect(verified.expiresAt.getTime()).toBeLessThanOrEqual(scope.notAfter.getTime())
        expect(scopeLets(verified.caller.scope, wish)).toBe(scopeLets(scope, wish))
      }),
    )
  })

  test('signs for a time', () => {
    expect(() => createUrlToken({ ...DOWNLOAD, expiresInSeconds: Number.NaN }, at(START))).toThrow(TypeError)
    const caller = { ...USER, scope: { notAfter: new Date(Number.NaN) } }
    expect(() => createUrlToken({ ...DOWNLOAD, caller }, at(START))).toThrow(TypeError)
  })
})
