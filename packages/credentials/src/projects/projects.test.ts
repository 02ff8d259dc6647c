import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { got, userJwt, verdict, withStored } from '../../test/stored-world.ts'
import type { StoredWorld } from '../../test/stored-world.ts'
import type { StsParameters } from '../sts/sts-request.ts'

const NOTHING: StsParameters = { durationSeconds: null, policy: null, roleArn: null, roleSessionName: null }
const world =
  (run: (world: StoredWorld) => Promise<void>): (() => Promise<void>) =>
  () =>
    withStored('sqlite', null, run)
const SECRET = 'a secret that there is already, long enough'

const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a project', () => {
  test(
    'takes a secret that there is already, and an anon token with it',
    world(async ({ here, now }) => {
      expect(await here.projects.create({ ref: 'mine', account: 'acme', jwtSecret: SECRET })).toMatchObject({ jwtSecret: null })
      const anon = userJwt(SECRET, { role: 'anon' }, now())
      await here.projects.addAnonKey('mine', anon)
      const found = await got(here.find('mine', userJwt(SECRET, { role: 'authenticated', sub: 'ann' }, now())))
      expect(found.secretAccessKey).toBe(anon)
      expect(found.presigning).toBe('allow')
      await here.projects.update('mine', { presignWithUserJwt: 'deny', issuers: ['https://auth.example'] })
      expect(await verdict(here.find('mine', userJwt(SECRET, { role: 'authenticated' }, now())))).toBe('invalid-token')
      const issued = userJwt(SECRET, { role: 'authenticated', iss: 'https://auth.example' }, now())
      expect((await got(here.find('mine', issued))).presigning).toBe('deny')
      // What is not set is as it was.
      expect(await here.projects.update('mine', { description: 'shop' })).toMatchObject({
        description: 'shop',
        presignWithUserJwt: 'deny',
        issuers: ['https://auth.example'],
      })
    }),
  )

  test(
    'takes public keys, of which no private half is kept',
    world(async ({ here, now, store }) => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }
      expect(await here.projects.create({ ref: 'mine', account: 'acme', jwks: { keys: [jwk] } })).toMatchObject({
        jwtSecret: null,
        project: { jwtSecrets: [] },
      })
      const { key } = await here.opaqueKeys.create({ project: 'mine', kind: 'publishable' })
      const claims = { role: 'authenticated', sub: 'ann', exp: now().getTime() / 1000 + 60 }
      const head = `${text({ alg: 'ES256', kid: 'one' })}.${text(claims)}`
      const signature = sign('sha256', Buffer.from(head), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')
      expect((await got(here.find('mine', `${head}.${signature}`))).secretAccessKey).toBe(key)
      const { documents } = await store.listDocuments({ kind: 'project', after: null, limit: 10 })
      expect(JSON.stringify(documents)).not.toContain(jwk.d)
    }),
  )

  test(
    'reads the keys that its issuer publishes, once, whatever else is changed',
    world(async ({ openStored, now, advance }) => {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'two', alg: 'RS256' }] })
      let reads = 0
      const issuer = createServer((_request, response) => {
        reads += 1
        response.end(jwks)
      })
      issuer.listen(0, '127.0.0.1')
      await once(issuer, 'listening')
      onTestFinished(() => void issuer.close())
      const stored = openStored({ remoteKeys: { allowHttp: true, allowPrivateAddresses: true } })
      const jwksUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`
      expect(await stored.projects.create({ ref: 'mine', account: 'acme', jwksUrl, audiences: ['shop'] })).toMatchObject({
        jwtSecret: null,
      })
      await stored.opaqueKeys.create({ project: 'mine', kind: 'publishable' })
      const claims = { role: 'authenticated', sub: 'ann', aud: 'shop', exp: now().getTime() / 1000 + 60 }
      const head = `${text({ alg: 'RS256', kid: 'two' })}.${text(claims)}`
      const token = `${head}.${sign('sha256', Buffer.from(head), privateKey).toString('base64url')}`
      for (let change = 0; change < 3; change += 1) {
        expect((await got(stored.find('mine', token))).caller).toMatchObject({ principal: { sub: 'ann' } })
        await stored.opaqueKeys.create({ project: 'mine', kind: 'secret' })
        advance(1000)
      }
      expect(reads).toBe(1)
      // A secret of the project's own is no key of its issuer.
      const forged = userJwt(jwks, { role: 'authenticated' }, now())
      expect(await verdict(stored.find('mine', forged))).toBe('invalid-token')
      await stored.close()
    }),
  )

  test(
    'is the one that a role names; of several, one must be named',
    world(async ({ here, now }) => {
      const web = (sub: string): { action: 'AssumeRoleWithWebIdentity'; webIdentityToken: string } & StsParameters => ({
        action: 'AssumeRoleWithWebIdentity',
        ...NOTHING,
        webIdentityToken: userJwt(SECRET, { role: 'authenticated', sub }, now()),
      })
      await expect(here.assumeRoleWithWebIdentity(web('ann'))).rejects.toMatchObject({ code: 'ValidationError' })
      // Of one secret, and yet not the same: the account is that of the project which is named.
      await here.projects.create({ ref: 'one', account: 'acme', jwtSecret: SECRET })
      expect(await here.assumeRoleWithWebIdentity(web('ann'))).toMatchObject({ sub: 'ann' })
      await here.projects.create({ ref: 'two', account: 'other', jwtSecret: SECRET })
      await expect(here.assumeRoleWithWebIdentity(web('ann'))).rejects.toMatchObject({ code: 'ValidationError' })
      const made = await here.assumeRoleWithWebIdentity({ ...web('ann'), roleArn: 'arn:aws:iam::two:role/authenticated' })
      expect((await got(here.find(made.accessKeyId, made.sessionToken))).caller.account).toBe('other')
    }),
  )

  test(
    'makes no sense',
    world(async ({ here }) => {
      const bad: readonly (readonly [object, string])[] = [
        [{ ref: 'A' }, 'ref'],
        [{ ref: 'a/b' }, 'ref'],
        [{ account: '' }, 'account'],
        [{ jwtSecret: 'short' }, 'jwtSecret'],
        [{ jwks: { keys: [{ kty: 'oct', k: Buffer.alloc(32).toString('base64url') }] } }, 'jwks'],
        [{ jwks: { keys: [{ kty: 'RSA' }] } }, 'jwks'],
        [{ jwks: {} }, 'jwks'],
        [{ jwksUrl: 'http://auth.example/jwks' }, 'jwksUrl'],
        [{ jwksUrl: 'https://a:b@auth.example/jwks' }, 'jwksUrl'],
        [{ jwksUrl: 'https://auth.example/jwks' }, 'jwksUrl'],
        [{ issuers: [] }, 'issuers'],
      ]
      for (const [input, argument] of bad) {
        const refused = here.projects.create({ ref: 'mine', account: 'acme', ...input })
        await expect(refused).rejects.toMatchObject({ code: 'InvalidArgument', details: { argument } })
      }
      expect(await here.projects.list()).toEqual([])
      await expect(here.opaqueKeys.create({ project: 'mine', kind: 'secret' })).rejects.toMatchObject({ details: { argument: 'project' } })
      for (const change of [here.projects.update('mine', {}), here.projects.rotateSecret('mine'), here.projects.delete('mine')]) {
        await expect(change).rejects.toMatchObject({ code: 'InvalidArgument', details: { argument: 'ref' } })
      }
      await here.projects.create({ ref: 'mine', account: 'acme' })
      const jwksUrl = 'https://auth.example/jwks'
      const unsaid = { code: 'InvalidArgument', details: { argument: 'jwksUrl', reason: expect.stringContaining('issuers or audiences') } }
      await expect(here.projects.update('mine', { jwksUrl })).rejects.toMatchObject(unsaid)
      await here.projects.update('mine', { jwksUrl, issuers: ['https://auth.example/'] })
      await expect(here.projects.update('mine', { issuers: null })).rejects.toMatchObject(unsaid)
      await here.projects.update('mine', { issuers: null, audiences: ['shop'] })
      await here.projects.update('mine', { jwksUrl: null, audiences: null })
      await expect(here.projects.rotateSecret('mine', { overlapSeconds: -1 })).rejects.toMatchObject({ code: 'InvalidArgument' })
      await expect(here.opaqueKeys.create({ project: 'mine', kind: 'secret', expiresAt: new Date(0) })).rejects.toMatchObject({
        details: { argument: 'expiresAt' },
      })
      const tokens = here.r2Tokens.create({ account: 'acme', policies: [{ effect: 'deny' }] })
      await expect(tokens).rejects.toMatchObject({ code: 'InvalidArgument', details: { argument: 'policies' } })
    }),
  )
})
