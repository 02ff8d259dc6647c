import { generateKeyPairSync, hash } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgresDatabase } from '../../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../../core/test/postgres-server.ts'
import { got, ROOT, userJwt, verdict, withStored } from '../../test/stored-world.ts'
import type { StoredWorld } from '../../test/stored-world.ts'
import { givenMasterKeys } from '../sealing/given-master-keys.ts'
import { restCaller } from '../rest/rest-caller.ts'
import type { KeyCredential } from '../keys/access-key.ts'
import { createUrlToken, verifyUrlToken } from '../signed-urls/url-token.ts'
import { tokenKeys } from '../tokens/token-keys.ts'
import { parseR2TemporaryRequest } from '../r2/r2-temporary-request.ts'
import type { StsParameters, StsResult } from '../sts/sts-request.ts'

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await openPostgresDatabase()
})
afterAll(() => postgres.stop())

const REF = 'abcdefghijklmnopqrst'
const NOTHING: StsParameters = { durationSeconds: null, policy: null, roleArn: null, roleSessionName: null }
const READ_PHOTOS = [
  {
    id: '1',
    effect: 'allow',
    resources: { 'com.cloudflare.edge.r2.bucket.acme_default_photos': '*' },
    permission_groups: [{ id: '2', name: 'Workers R2 Storage Bucket Item Read' }],
  },
]

async function project({ here }: StoredWorld, ref = REF): Promise<string> {
  const { jwtSecret } = await here.projects.create({ ref, account: 'acme', by: 'test' })
  return jwtSecret ?? ''
}

const session = (world: StoredWorld, secret: string, claims: object = { role: 'authenticated', sub: 'ann' }): string =>
  userJwt(secret, claims, world.now())

describe.each(['sqlite', 'postgres'] as const)('stored credentials on %s', (database) => {
  const world =
    (run: (world: StoredWorld) => Promise<void>): (() => Promise<void>) =>
    () =>
      withStored(database, postgres, run)

  test(
    'a project: sessions are signed with its publishable keys, and the token says who it is',
    world(async (own) => {
      const { here, there, now } = own
      const secret = await project(own)
      const token = session(own, secret)
      expect(await verdict(here.find(REF, token))).toBe('unknown')
      const made = await here.opaqueKeys.create({ project: REF, kind: 'publishable' })
      await here.opaqueKeys.create({ project: REF, kind: 'secret' })
      const found = await got(there.find(REF, token))
      expect([found.secretAccessKey, ...(found.otherSecrets ?? []).map((each) => each.secretAccessKey)]).toEqual([made.key])
      expect(found.caller).toMatchObject({
        account: 'acme',
        principal: { kind: 'role', role: 'authenticated', sub: 'ann', bypassRls: false },
      })
      expect(found.expiresAt).toEqual(new Date(now().getTime() + 3_600_000))
      expect(await verdict(here.find(REF, null))).toBe('unknown')
      expect(await verdict(here.find(REF, session(own, 'another secret of somebody else')))).toBe('invalid-token')
      expect(await verdict(here.find(REF, session(own, secret, { role: 'service_role' })))).toBe('invalid-token')
      expect(await verdict(here.find(REF, session(own, secret, { role: 'anon', exp: 1 })))).toBe('expired-token')
      expect(await verdict(here.find('another-project', token))).toBe('unknown')
    }),
  )

  test(
    'what is taken away counts here at once, elsewhere within a second',
    world(async (own) => {
      const { here, there, advance } = own
      const secret = await project(own)
      const token = session(own, secret)
      const first = await here.opaqueKeys.create({ project: REF, kind: 'publishable' })
      for (const each of [here, there]) expect(await verdict(each.find(REF, token))).toBe('found')
      await here.opaqueKeys.revoke(first.id)
      expect(await verdict(here.find(REF, token))).toBe('unknown')
      advance(1000)
      expect(await verdict(there.find(REF, token))).toBe('unknown')
      await here.opaqueKeys.create({ project: REF, kind: 'publishable' })
      await here.projects.rotateSecret(REF)
      expect(await verdict(here.find(REF, token))).toBe('invalid-token')
      advance(1000)
      expect(await verdict(there.find(REF, token))).toBe('invalid-token')
      await here.deleteProject(REF)
      expect(await verdict(here.find(REF, token))).toBe('unknown')
      expect(await here.opaqueKeys.list()).toEqual([])
      await expect(here.projects.create({ ref: REF, account: 'somebody-else' })).rejects.toMatchObject({ code: 'InvalidArgument' })
    }),
  )

  test(
    'secrets and publishable keys are replaced with an overlap',
    world(async (own) => {
      const { here, advance } = own
      const former = await project(own)
      const legacy = await here.projects.createLegacyKeys(REF)
      const key = await here.opaqueKeys.create({ project: REF, kind: 'publishable', description: 'web' })
      const { jwtSecret: next } = await here.projects.rotateSecret(REF, { overlapSeconds: 60 })
      const rotated = await here.opaqueKeys.rotate(key.id, { overlapSeconds: 60 })
      const secretsOf = async (token: string): Promise<readonly string[]> => {
        const { secretAccessKey, otherSecrets = [] } = await got(here.find(REF, token))
        return [secretAccessKey, ...otherSecrets.map((each) => each.secretAccessKey)]
      }
      for (const secret of [former, next ?? '']) {
        expect([...(await secretsOf(session(own, secret)))].sort()).toEqual([key.key, rotated.key, legacy.anonKey].sort())
      }
      advance(60_000)
      expect(await verdict(here.find(REF, session(own, former)))).toBe('invalid-token')
      expect(await secretsOf(session(own, next ?? ''))).toEqual([rotated.key])
      expect(await here.opaqueKeys.list(REF)).toContainEqual(
        expect.objectContaining({ id: rotated.id, description: 'web', expiresAt: null }),
      )
    }),
  )

  test(
    'R2 tokens: signed with the digest of the value, under their policies, until they are rolled or revoked',
    world(async ({ here, there, advance, now, events }) => {
      const expiresAt = new Date(now().getTime() + 7_200_000)
      const token = await here.r2Tokens.create({ account: 'acme', policies: READ_PHOTOS, expiresAt })
      const found = await got(there.find(token.id, null))
      expect(found.secretAccessKey).toBe(hash('sha256', token.value))
      expect(found.caller).toMatchObject({ account: 'acme', scope: { buckets: [{ jurisdiction: 'default', name: 'photos' }] } })
      expect(found.caller.scope?.operations?.has('PutObject')).toBe(false)
      const body = { bucket: 'photos', parentAccessKeyId: token.id, permission: 'admin-read-write', ttlSeconds: 604_800, prefixes: ['a/'] }
      const child = await here.issueR2Temporary(parseR2TemporaryRequest(body), { by: 'ann' })
      expect(child.expiration).toEqual(expiresAt)
      const scope = (await got(there.find(child.accessKeyId, child.sessionToken))).caller.scope
      expect([scope?.prefixes, scope?.operations?.has('GetObject'), scope?.operations?.has('PutObject')]).toEqual([['a/'], true, false])
      const rolled = await here.r2Tokens.roll(token.id)
      expect((await got(here.find(token.id, null))).secretAccessKey).toBe(hash('sha256', rolled.value))
      expect(await verdict(here.find(child.accessKeyId, child.sessionToken))).toBe('invalid-token')
      advance(1000)
      expect((await got(there.find(token.id, null))).secretAccessKey).toBe(rolled.secretAccessKey)
      expect(await verdict(there.find(child.accessKeyId, child.sessionToken))).toBe('invalid-token')
      expect(events.filter(({ name }) => name === 'sts.issued').map(({ fields }) => fields)).toEqual([
        expect.objectContaining({ jti: child.jti, accessKeyId: child.accessKeyId, parent: token.id, bucket: 'photos', by: 'ann' }),
      ])
      await here.r2Tokens.revoke(token.id)
      expect(await verdict(here.find(token.id, null))).toBe('unknown')
      advance(1000)
      expect(await verdict(there.find(token.id, null))).toBe('unknown')
      await expect(here.r2Tokens.revoke(token.id)).rejects.toMatchObject({ code: 'InvalidArgument' })
      await expect(here.issueR2Temporary(parseR2TemporaryRequest(body))).rejects.toMatchObject({ code: 'AccessDenied' })
    }),
  )

  test(
    'temporary credentials outlive this process, and are taken back one by one, by user, or all at once',
    world(async (own) => {
      const { here, there, advance, now, openStored } = own
      const secret = await project(own)
      const webIdentityToken = session(own, secret)
      const request = { action: 'AssumeRoleWithWebIdentity', ...NOTHING, webIdentityToken } as const
      const ofUser = await here.assumeRoleWithWebIdentity(request)
      const ofKey = await here.assumeRole({ ...NOTHING, durationSeconds: 900 }, { accessKeyId: ROOT.id, credential: ROOT })
      for (const each of [here, there]) {
        expect((await got(each.find(ofUser.accessKeyId, ofUser.sessionToken))).caller).toMatchObject({
          account: 'acme',
          principal: { sub: 'ann' },
        })
        expect((await got(each.find(ofKey.accessKeyId, ofKey.sessionToken))).caller).toMatchObject({ account: 'root' })
      }
      await here.revocations.revoke(REF, { sub: 'ann' })
      expect(await verdict(here.find(ofUser.accessKeyId, ofUser.sessionToken))).toBe('invalid-token')
      advance(1000)
      expect(await verdict(there.find(ofUser.accessKeyId, ofUser.sessionToken))).toBe('invalid-token')
      const later = await there.assumeRoleWithWebIdentity(request)
      // By a process whose clock is behind.
      const behind = openStored({ clock: () => new Date(now().getTime() - 30_000) })
      const once = await here.assumeRoleWithWebIdentity(request)
      await behind.revocations.revoke(REF, { jti: once.jti })
      advance(1000)
      expect(await verdict(here.find(once.accessKeyId, once.sessionToken))).toBe('invalid-token')
      await behind.close()
      expect(await verdict(here.find(later.accessKeyId, later.sessionToken))).toBe('found')
      // A secret that is replaced verifies what it signed, unless that is what it is replaced for.
      await here.tokenSecrets.rotate()
      for (const each of [later, ofKey]) expect(await verdict(here.find(each.accessKeyId, each.sessionToken))).toBe('found')
      await here.tokenSecrets.rotate({ revokesFormer: true })
      for (const each of [later, ofKey]) expect(await verdict(here.find(each.accessKeyId, each.sessionToken))).toBe('invalid-token')
      const fresh = await here.assumeRoleWithWebIdentity(request)
      advance(1000)
      expect(await verdict(there.find(fresh.accessKeyId, fresh.sessionToken))).toBe('found')
      // The token of one is that of another project for nobody.
      const [head = '', claims = '', signature = ''] = fresh.sessionToken.split('.')
      const aud = Buffer.from(claims, 'base64url').toString().replace(`stowage/${REF}`, 'stowage/')
      const moved = [head, Buffer.from(aud).toString('base64url'), signature].join('.')
      expect(await verdict(here.find(fresh.accessKeyId, moved))).toBe('invalid-token')
      await here.deleteProject(REF)
      expect(await verdict(here.find(fresh.accessKeyId, fresh.sessionToken))).toBe('invalid-token')
    }),
  )

  test(
    'a temporary credential of a user ends with the key that has signed the user’s token',
    world(async (own) => {
      const { here, there, advance } = own
      const secret = await project(own)
      const assume = async (webIdentityToken: string): Promise<StsResult> =>
        here.assumeRoleWithWebIdentity({ action: 'AssumeRoleWithWebIdentity', ...NOTHING, webIdentityToken })
      const ofSecret = await assume(session(own, secret))
      expect(await verdict(there.find(ofSecret.accessKeyId, ofSecret.sessionToken))).toBe('found')
      await here.projects.rotateSecret(REF, { overlapSeconds: 60 })
      expect(await verdict(here.find(ofSecret.accessKeyId, ofSecret.sessionToken))).toBe('found')
      advance(60_000)
      for (const each of [here, there]) expect(await verdict(each.find(ofSecret.accessKeyId, ofSecret.sessionToken))).toBe('invalid-token')
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const jwk = { ...pair.publicKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'one' }
      await here.projects.update(REF, { jwks: { keys: [jwk] } })
      const token = new SignJWT({ role: 'authenticated', sub: 'ann' }).setProtectedHeader({ alg: 'ES256', kid: 'one' })
      const ofKey = await assume(await token.setExpirationTime(Math.floor(own.now().getTime() / 1000) + 3600).sign(pair.privateKey))
      advance(1000)
      expect(await verdict(there.find(ofKey.accessKeyId, ofKey.sessionToken))).toBe('found')
      // Of another key with the same name nobody has heard.
      const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
      for (const keys of [[{ ...other, alg: 'ES256', kid: 'one' }], [{ ...jwk, kid: 'two' }]]) {
        await here.projects.update(REF, { jwks: { keys } })
        advance(1000)
        for (const each of [here, there]) expect(await verdict(each.find(ofKey.accessKeyId, ofKey.sessionToken))).toBe('invalid-token')
      }
      await here.projects.update(REF, { jwks: { keys: [jwk] } })
      expect(await verdict(here.find(ofKey.accessKeyId, ofKey.sessionToken))).toBe('found')
    }),
  )

  test(
    'what is made from a key that ends, ends with it',
    world(async ({ keys, here, openStored, now }) => {
      const expiresAt = new Date(now().getTime() + 1_800_000)
      const parent = await keys.create({ account: 'acme', expiresAt })
      const child = await keys.createChild({ parent: parent.id, scope: { prefixes: ['a/'] } })
      const token = await here.r2Tokens.create({ account: 'acme', policies: READ_PHOTOS, expiresAt })
      const find = async (id: string): Promise<KeyCredential | null> => (await keys.find(id))?.credential ?? here.r2Tokens.find(id)
      const stored = openStored({ keys: { find } })
      const secrets = [{ kid: '1', secret: Buffer.alloc(32, 1) }]
      const urls = { keys: tokenKeys({ purpose: 'signed-url', project: 'acme', secrets }), clock: now }
      for (const accessKeyId of [parent.id, child.id, token.id]) {
        const credential = await find(accessKeyId)
        if (credential === null) throw new Error('there is such a key')
        const made = await stored.assumeRole(NOTHING, { accessKeyId, credential })
        expect(made.expiration).toEqual(expiresAt)
        expect((await got(stored.find(made.accessKeyId, made.sessionToken))).expiresAt).toEqual(expiresAt)
        const target = { bucket: { jurisdiction: 'default', name: 'photos' }, key: 'a/1' }
        const url = await createUrlToken({ use: 'download', target, caller: credential.caller, expiresInSeconds: 86_400 }, urls)
        expect(await verifyUrlToken(url, { use: 'download', target, operation: 'GetObject' }, urls)).toMatchObject({ expiresAt })
      }
      await stored.close()
    }),
  )

  test(
    'everything is sealed anew under another master key, and nobody notices',
    world(async (own) => {
      const { here, openStored, events } = own
      const secret = await project(own)
      const jwt = session(own, secret)
      await here.opaqueKeys.create({ project: REF, kind: 'publishable' })
      const token = await here.r2Tokens.create({ account: 'acme', policies: READ_PHOTOS })
      const ofKey = await here.assumeRole(NOTHING, { accessKeyId: ROOT.id, credential: ROOT })
      const ofToken = await here.issueR2Temporary(
        parseR2TemporaryRequest({ bucket: 'photos', parentAccessKeyId: token.id, permission: 'object-read-only' }),
      )
      const [former, next] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
      const between = openStored({ masterKeys: givenMasterKeys(next, [former]) })
      expect(await between.reseal({ by: 'anna' })).toBe(3)
      expect(events.at(-1)).toEqual({ name: 'credentials.resealed', fields: { count: 3, by: 'anna' } })
      expect(await between.reseal()).toBe(0)
      const after = openStored({ masterKeys: givenMasterKeys(next) })
      expect((await got(after.find(token.id, null))).secretAccessKey).toBe(token.secretAccessKey)
      expect(await verdict(after.find(REF, jwt))).toBe('found')
      for (const each of [ofKey, ofToken]) expect(await verdict(after.find(each.accessKeyId, each.sessionToken))).toBe('found')
      await expect(openStored().r2Tokens.find(token.id)).rejects.toMatchObject({ code: 'StoreUnavailable' })
      for (const each of [between, after]) await each.close()
    }),
  )

  test(
    'a key of another kind costs one look, whatever its id looks like',
    world(async ({ store, openStored, advance }) => {
      let reads = 0
      const readDocument: typeof store.readDocument = (id) => {
        reads += 1
        return store.readDocument(id)
      }
      const documents = {
        readDocument,
        policyVersion: () => store.policyVersion(),
        listDocuments: store.listDocuments.bind(store),
        writeDocuments: store.writeDocuments.bind(store),
      }
      const counted = openStored({ documents })
      for (let request = 0; request < 10; request += 1) {
        expect(await verdict(counted.find('a'.repeat(32), null))).toBe('unknown')
        advance(400)
      }
      expect(reads).toBe(1)
      const token = await counted.r2Tokens.create({ account: 'acme', policies: READ_PHOTOS })
      expect(await verdict(counted.find(token.id, null))).toBe('found')
      await counted.close()
    }),
  )

  test(
    'uses are written once a minute, and no event has a secret in it',
    world(async (own) => {
      const { here, openStored, events, store, advance, now } = own
      const secret = await project(own)
      const legacy = await here.projects.createLegacyKeys(REF)
      const key = await here.opaqueKeys.create({ project: REF, kind: 'secret', by: 'ann' })
      const token = await here.r2Tokens.create({ account: 'acme', policies: READ_PHOTOS })
      const process = openStored()
      await got(process.find(token.id, null))
      const rest = await process.restOptions(REF)
      if (rest === null) throw new Error('there is a project')
      const shown = { apikey: key.key, authorization: null, userAgent: null, apikeyInQuery: null }
      expect(await restCaller(shown, rest)).toMatchObject({
        kind: 'caller',
        caller: { account: 'acme', principal: { role: 'service_role' } },
      })
      expect(await restCaller({ ...shown, apikey: legacy.serviceRoleKey }, rest)).toMatchObject({
        caller: { principal: { role: 'service_role' } },
      })
      await process.close()
      const first = now()
      expect(await here.opaqueKeys.list(REF)).toMatchObject([{ id: key.id, lastUsedAt: first, key: null }])
      expect(await here.r2Tokens.list('acme')).toMatchObject([{ id: token.id, lastUsedAt: first }])
      advance(1000)
      await got(here.find(token.id, null))
      advance(1000)
      await got(here.find(token.id, null))
      expect(await here.r2Tokens.list()).toMatchObject([{ lastUsedAt: first }])
      const { jwtSecret: next } = await here.projects.rotateSecret(REF, { by: 'ann' })
      expect(events.map(({ name }) => name)).toEqual([
        'project.created',
        'project.legacy-keys-created',
        'opaque-key.created',
        'r2-token.created',
        'project.secret-rotated',
      ])
      expect(events[2]?.fields).toEqual({ id: key.id, project: REF, kind: 'secret', by: 'ann' })
      const kept: unknown[] = [events]
      for (const kind of ['project', 'opaque-key', 'r2-token', 'token-secrets', 'r2-token-use', 'opaque-key-use']) {
        const { documents } = await store.listDocuments({ kind, after: null, limit: 10 })
        kept.push(documents.map(({ body, sealed }) => [body, Buffer.from(sealed ?? []).toString('latin1')]))
      }
      const text = JSON.stringify(kept)
      for (const each of [secret, next ?? '', key.key, token.value, token.secretAccessKey, legacy.serviceRoleKey])
        expect(text).not.toContain(each)
    }),
  )
})
