import { createHash, createHmac } from 'node:crypto'
import { accountCaller } from '@stowage/core'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arbitraryScope, arbitraryWish, scopeLets } from '../../test/scope-arbitrary.ts'
import { PARENT_ID, parentKey, Rig, START, userToken } from '../../test/temporary-credentials-rig.ts'
import { JwtVerifier } from '../jwt/jwt-verifier.ts'
import { sessionTokenCredentials } from '../s3/session-token-credentials.ts'
import { TokenError } from '../token-error.ts'
import { tokenKeys } from '../tokens/token-keys.ts'
import { userCaller } from '../user-caller.ts'
import { createAccessKeyId, isTemporaryAccessKeyId } from './access-key-id.ts'
import type { StsParameters } from './sts-request.ts'

const NO_PARAMETERS: StsParameters = { durationSeconds: null, policy: null, roleArn: null, roleSessionName: null }
const identity = (webIdentityToken: string, more: Partial<StsParameters> = {}) =>
  ({ action: 'AssumeRoleWithWebIdentity', webIdentityToken, ...NO_PARAMETERS, ...more }) as const
const stsError = (code: string): unknown => expect.objectContaining({ name: 'StsError', code })
const INVALID = { refused: 'invalid-token' }
const EXPIRED = { refused: 'expired-token' }

describe('a temporary credential of a key', () => {
  test('is the key for a while, with a secret and a token of its own', async () => {
    const rig = new Rig()
    const made = await rig.credentials.assumeRole(NO_PARAMETERS, rig.parent)
    expect(made.accessKeyId).toMatch(/^ASIA[A-Z2-7]{26}$/)
    expect(made).toMatchObject({ expiration: new Date((START + 3600) * 1000), sub: null })
    const found = await rig.find(made)
    expect(found).toMatchObject({
      secretAccessKey: made.secretAccessKey,
      sessionToken: made.sessionToken,
      expiresAt: made.expiration,
      caller: { principal: { kind: 'account' }, account: 'account', scope: { notAfter: made.expiration }, credentialId: made.accessKeyId },
    })
    const other = await rig.credentials.assumeRole(NO_PARAMETERS, rig.parent)
    expect(new Set([made.accessKeyId, other.accessKeyId, made.secretAccessKey, other.secretAccessKey]).size).toBe(4)
    expect((await rig.find(other)).id).not.toBe(found.id)
  })

  test('has a secret that is no option on a command line', async () => {
    const rig = new Rig()
    const made = await Promise.all(Array.from({ length: 500 }, () => rig.credentials.assumeRole(NO_PARAMETERS, rig.parent)))
    // One of 64 would begin with a dash.
    expect(made.filter(({ secretAccessKey }) => secretAccessKey.startsWith('-'))).toEqual([])
    for (const each of made.slice(0, 5)) expect((await rig.find(each)).secretAccessKey).toBe(each.secretAccessKey)
  })

  test('has a secret that its token does not lead to', async () => {
    const rig = new Rig()
    const { sessionToken, secretAccessKey, accessKeyId } = await rig.credentials.assumeRole(NO_PARAMETERS, rig.parent)
    const [head = '', body = '', signature = ''] = sessionToken.split('.')
    const { jti } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { readonly jti: string }
    for (const part of [sessionToken, head, body, signature, jti, accessKeyId, `secret${jti}`]) {
      for (const digest of ['hex', 'base64url'] as const) {
        expect(createHash('sha256').update(part).digest(digest)).not.toBe(secretAccessKey)
        for (const key of ['', accessKeyId, jti, sessionToken])
          expect(createHmac('sha256', key).update(part).digest(digest)).not.toBe(secretAccessKey)
      }
      expect(part).not.toContain(secretAccessKey)
    }
  })

  test('ends when it was to end, and no later than its parent', async () => {
    const rig = new Rig()
    const made = await rig.credentials.assumeRole({ ...NO_PARAMETERS, durationSeconds: 900 }, rig.parent)
    rig.now = START + 899
    expect(await rig.find(made)).toMatchObject({ expiresAt: made.expiration })
    rig.now = START + 900
    expect(await rig.answer(made.accessKeyId, made.sessionToken)).toEqual(EXPIRED)
    rig.now = START
    rig.keys.set(PARENT_ID, parentKey(null, { expiresAt: new Date((START + 1000) * 1000) }))
    expect((await rig.credentials.assumeRole(NO_PARAMETERS, rig.parent)).expiration).toEqual(new Date((START + 1000) * 1000))
  })

  test('lasts from 15 minutes to 12 hours', async () => {
    const rig = new Rig()
    for (const durationSeconds of [899, 43_201, 0, -1, 1000.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(rig.credentials.assumeRole({ ...NO_PARAMETERS, durationSeconds }, rig.parent)).rejects.toEqual(
        stsError('ValidationError'),
      )
    }
    for (const durationSeconds of [900, 43_200]) {
      const { expiration } = await rig.credentials.assumeRole({ ...NO_PARAMETERS, durationSeconds }, rig.parent)
      expect(expiration).toEqual(new Date((START + durationSeconds) * 1000))
    }
  })

  test('is gone at once when its parent is revoked, replaced or has expired', async () => {
    const changes: ((rig: Rig) => void)[] = [
      (rig) => rig.keys.delete(PARENT_ID),
      (rig) => rig.keys.set(PARENT_ID, parentKey(null, { secretAccessKey: 'e'.repeat(64) })),
      (rig) => rig.keys.set(PARENT_ID, parentKey(null, { caller: accountCaller('another', PARENT_ID) })),
      (rig) => rig.keys.set(PARENT_ID, parentKey(null, { sessionToken: 't' })),
    ]
    for (const change of changes) {
      const rig = new Rig()
      const made = await rig.credentials.assumeRole(NO_PARAMETERS, rig.parent)
      await rig.find(made)
      change(rig)
      expect(await rig.answer(made.accessKeyId, made.sessionToken)).toEqual(INVALID)
    }
    const rig = new Rig()
    const made = await rig.credentials.assumeRole(NO_PARAMETERS, rig.parent)
    rig.keys.set(PARENT_ID, parentKey(null, { expiresAt: new Date(START * 1000) }))
    expect(await rig.answer(made.accessKeyId, made.sessionToken)).toEqual(EXPIRED)
  })

  test('lasts while its parent has the secret that it had, whatever else becomes of it', async () => {
    const rig = new Rig()
    const made = await rig.credentials.assumeRole(NO_PARAMETERS, rig.parent)
    rig.keys.set(PARENT_ID, parentKey(null, { version: 'of a document that was sealed anew' }))
    expect(await rig.find(made)).toMatchObject({ secretAccessKey: made.secretAccessKey })
  })

  test('says nothing of the secret of its parent that somebody could try secrets with', async () => {
    const rig = new Rig()
    const secret = parentKey().secretAccessKey
    const bodies = await Promise.all(
      [rig, new Rig({ keys: tokenKeys({ purpose: 'sts', project: 'project', secrets: [{ kid: 'k', secret: Buffer.alloc(32, 4) }] }) })].map(
        async ({ credentials, parent }) => {
          const { sessionToken } = await credentials.assumeRole(NO_PARAMETERS, parent)
          return Buffer.from(sessionToken.split('.')[1] ?? '', 'base64url').toString()
        },
      ),
    )
    const names = bodies.map((body) => (JSON.parse(body) as { readonly parent: { readonly secret: string } }).parent.secret)
    expect(names).toEqual([expect.stringMatching(/^[\w-]{22}$/), expect.stringMatching(/^[\w-]{22}$/)])
    // It depends on a key of the server's: under another one the same secret has another name.
    expect(names[0]).not.toBe(names[1])
    for (const text of [secret, JSON.stringify(['key', PARENT_ID, 'account', secret])]) {
      const digest = createHash('sha256').update(text).digest()
      for (const body of bodies) {
        expect(body).not.toContain(digest.toString('hex').slice(0, 16))
        expect(body).not.toContain(digest.toString('base64url').slice(0, 16))
      }
    }
  })

  test('lets through what its parent lets through now, its session policy and its time: no more', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryScope, arbitraryScope, arbitraryScope, arbitraryWish, async (before, after, session, wish) => {
        const rig = new Rig({ readSessionPolicy: () => session })
        rig.keys.set(PARENT_ID, parentKey(before))
        const made = await rig.credentials.assumeRole({ ...NO_PARAMETERS, policy: '{}' }, rig.parent)
        // The parent was downgraded, or given more, since.
        rig.keys.set(PARENT_ID, parentKey(after))
        const { caller } = await rig.find(made)
        expect(scopeLets(caller.scope, wish)).toBe(scopeLets(after, wish) && scopeLets(session, wish) && wish.at <= made.expiration)
      }),
      { numRuns: 300 },
    )
  })

  test('makes no other one', async () => {
    const rig = new Rig()
    const made = await rig.credentials.assumeRole(NO_PARAMETERS, rig.parent)
    const chained = { accessKeyId: made.accessKeyId, credential: await rig.find(made) }
    await expect(rig.credentials.assumeRole(NO_PARAMETERS, chained)).rejects.toEqual(stsError('AccessDenied'))
  })
})

describe('the session policy', () => {
  test('is a ceiling', async () => {
    const rig = new Rig()
    const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/a/*' }
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    const { caller } = await rig.find(await rig.credentials.assumeRole({ ...NO_PARAMETERS, policy }, rig.parent))
    expect(caller.scope).toMatchObject({ buckets: [{ jurisdiction: 'default', name: 'photos' }], prefixes: ['a/'], objects: [] })
    expect(caller.scope?.operations).toEqual(new Set(['GetObject', 'HeadObject']))
    const denial = JSON.stringify({ Statement: [{ ...statement, Effect: 'Deny' }] })
    await expect(rig.credentials.assumeRole({ ...NO_PARAMETERS, policy: denial }, rig.parent)).rejects.toThrow('can only allow')
  })

  test('is refused where it cannot be read, and never taken for none', async () => {
    const rig = new Rig()
    await expect(rig.credentials.assumeRole({ ...NO_PARAMETERS, policy: '' }, rig.parent)).rejects.toEqual(
      stsError('MalformedPolicyDocument'),
    )
    const failing = new Rig({
      readSessionPolicy: () => {
        throw new Error('no policy')
      },
    })
    for (const policy of ['', '{}', 'x']) {
      await expect(failing.credentials.assumeRole({ ...NO_PARAMETERS, policy }, failing.parent)).rejects.toEqual(
        stsError('MalformedPolicyDocument'),
      )
      const request = identity(await userToken({ role: 'authenticated' }), { policy })
      await expect(failing.credentials.assumeRoleWithWebIdentity(request)).rejects.toEqual(stsError('MalformedPolicyDocument'))
    }
  })

  test('may not be larger than every request can carry', async () => {
    const rig = new Rig({ readSessionPolicy: (policy) => ({ prefixes: [policy] }) })
    await expect(rig.credentials.assumeRole({ ...NO_PARAMETERS, policy: 'x'.repeat(4096) }, rig.parent)).rejects.toEqual(
      stsError('PackedPolicyTooLarge'),
    )
  })
})

describe('a temporary credential of a user', () => {
  test('decides as the token itself does, at every door', async () => {
    const claim = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string(), { maxLength: 3 }))
    const claims = fc.record({
      role: fc.constantFrom('anon', 'authenticated'),
      sub: fc.string({ minLength: 1 }),
      app_metadata: fc.dictionary(fc.string({ maxLength: 5 }), claim, { maxKeys: 3 }),
      aal: fc.constantFrom('aal1', 'aal2'),
    })
    await fc.assert(
      fc.asyncProperty(claims, async (said) => {
        const rig = new Rig()
        const token = await userToken(said)
        const bearer = userCaller(await rig.verifier.verify(token), { account: 'account', credentialId: null })
        const sessions = sessionTokenCredentials({
          projectRef: 'project',
          publicKeys: () => ['key'],
          verifier: rig.verifier,
          account: 'account',
        })
        const session = await sessions.find('project', token)
        const assumed = await rig.find(await rig.credentials.assumeRoleWithWebIdentity(identity(token)))
        expect(session).toMatchObject({ caller: bearer })
        expect({ ...assumed.caller, scope: null, credentialId: null }).toEqual(bearer)
        expect(assumed.caller.scope).toEqual({ notAfter: assumed.expiresAt })
      }),
      { numRuns: 100 },
    )
  })

  test('ends with the token that it was made from', async () => {
    const rig = new Rig()
    const token = await userToken({ role: 'authenticated', sub: 'user-1', exp: START + 100 })
    const made = await rig.credentials.assumeRoleWithWebIdentity(identity(token, { durationSeconds: 43_200 }))
    expect(made).toMatchObject({ expiration: new Date((START + 100) * 1000), sub: 'user-1' })
  })

  test('is not made of a token that is not good', async () => {
    const rig = new Rig()
    const expectError = async (token: string, code: string): Promise<void> => {
      await expect(rig.credentials.assumeRoleWithWebIdentity(identity(token))).rejects.toEqual(stsError(code))
    }
    await expectError(await userToken({ role: 'authenticated', exp: START }), 'ExpiredTokenException')
    await expectError(await userToken({ role: 'nobody' }), 'InvalidIdentityToken')
    await expectError(await userToken({ role: 'service_role' }), 'AccessDenied')
    // CVE-2024-48916: a token that says it needs no signature.
    const [, body = ''] = (await userToken({ role: 'authenticated' })).split('.')
    for (const alg of ['none', 'None', 'NONE']) {
      const head = Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url')
      for (const token of [`${head}.${body}.`, `${head}.${body}`, `${head}.${body}.AA`]) await expectError(token, 'InvalidIdentityToken')
    }
    const unavailable = { keys: [{ find: () => Promise.reject(new TokenError('keys-unavailable', 'gone')) }], clock: rig.clock }

    const other = new Rig({ verifier: new JwtVerifier(unavailable) })
    const request = identity(await userToken({ role: 'authenticated' }))
    await expect(other.credentials.assumeRoleWithWebIdentity(request)).rejects.toEqual(stsError('IDPCommunicationError'))
  })

  test('is taken back by itself, with its session, or with its user', async () => {
    const token = await userToken({ role: 'authenticated', sub: 'user-1', session_id: 'session-1' })
    for (const revocation of [{ sub: 'user-1' }, { sessionId: 'session-1' }, 'jti'] as const) {
      const rig = new Rig()
      const made = await rig.credentials.assumeRoleWithWebIdentity(identity(token))
      const { id } = await rig.find(made)
      rig.revocations.revoke({ sub: 'user-2' })
      rig.revocations.revoke({ sessionId: 'user-1' })
      await rig.find(made)
      rig.now += 10
      rig.revocations.revoke(revocation === 'jti' ? { jti: id.slice('sts/'.length) } : revocation)
      expect(await rig.answer(made.accessKeyId, made.sessionToken)).toEqual(INVALID)
      rig.now += 1
      await rig.find(await rig.credentials.assumeRoleWithWebIdentity(identity(token)))
    }
  })

  test('is taken back by its own name for good, whatever the clock of who made it said', async () => {
    const rig = new Rig()
    const ahead = new Rig({ revocations: rig.revocations })
    ahead.now += 50
    const made = await ahead.credentials.assumeRole(NO_PARAMETERS, ahead.parent)
    await rig.find(made)
    rig.revocations.revoke({ jti: made.jti })
    expect(await rig.answer(made.accessKeyId, made.sessionToken)).toEqual(INVALID)
    rig.now += 604_800
    rig.revocations.revoke({ jti: 'another' })
    expect(rig.revocations.isRevoked({ jti: made.jti, sub: null, sessionId: null, issuedAt: ahead.clock() })).toBe(true)
  })

  test('is gone when its role is, or bypasses row-level security from now on', async () => {
    const token = await userToken({ role: 'authenticated' })
    const roles = new Map([['authenticated', { bypassRls: false }]])
    const rig = new Rig({ roles })
    const made = await rig.credentials.assumeRoleWithWebIdentity(identity(token))
    roles.set('authenticated', { bypassRls: true })
    expect(await rig.answer(made.accessKeyId, made.sessionToken)).toEqual(INVALID)
    roles.clear()
    expect(await rig.answer(made.accessKeyId, made.sessionToken)).toEqual(INVALID)
  })

  test('carries the claims that are named, where some are', async () => {
    const rig = new Rig({ claimNames: ['aal'] })
    const made = await rig.credentials.assumeRoleWithWebIdentity(
      identity(await userToken({ role: 'authenticated', aal: 'aal2', email: 'a@b' })),
    )
    expect((await rig.find(made)).caller.principal).toMatchObject({ claims: { aal: 'aal2' } })
    expect((await rig.find(made)).caller.principal).not.toMatchObject({ claims: { email: 'a@b' } })
  })
})

describe('the token of a temporary credential', () => {
  test('is good with its own access key, at its own endpoint, and in no other form', async () => {
    const rig = new Rig()
    const [made, other] = [
      await rig.credentials.assumeRole(NO_PARAMETERS, rig.parent),
      await rig.credentials.assumeRole(NO_PARAMETERS, rig.parent),
    ]
    expect(await rig.answer(made.accessKeyId, other.sessionToken)).toEqual(INVALID)
    const elsewhere = new Rig({ audience: 'https://other.example' })
    expect(await elsewhere.answer(made.accessKeyId, made.sessionToken)).toEqual(INVALID)
    const otherKeys = tokenKeys({ purpose: 'sts', project: 'another', secrets: [{ kid: 'k', secret: Buffer.alloc(32, 3) }] })
    expect(await new Rig({ keys: otherKeys }).answer(made.accessKeyId, made.sessionToken)).toEqual(INVALID)
    for (const token of ['', 'x', `${made.sessionToken}A`, await userToken({ role: 'service_role' })]) {
      expect(await rig.answer(made.accessKeyId, token)).toEqual(INVALID)
    }
    // And it is no token of a user.
    await expect(rig.verifier.verify(made.sessionToken)).rejects.toEqual(expect.objectContaining({ name: 'TokenError' }))
  })

  test('is asked for with access keys of its kind only', async () => {
    const rig = new Rig()
    const { accessKeyId, sessionToken } = await rig.credentials.assumeRole(NO_PARAMETERS, rig.parent)
    for (const id of [PARENT_ID, 'AKIAIOSFODNN7EXAMPLE', accessKeyId.toLowerCase(), `${accessKeyId}A`, ''])
      expect(rig.answer(id, sessionToken)).toBeNull()
    expect(rig.answer(accessKeyId, null)).toBeNull()
  })

  test('is known by its access key', () => {
    const ids = Array.from({ length: 200 }, createAccessKeyId)
    expect(ids.every(isTemporaryAccessKeyId)).toBe(true)
    expect(new Set(ids).size).toBe(200)
    // All of the alphabet, in every place but the last: of its five bits three are random.
    const letters = new Set(ids.flatMap((id) => id.slice(4, -1).split('')))
    expect(letters.size).toBe(32)
  })
})
