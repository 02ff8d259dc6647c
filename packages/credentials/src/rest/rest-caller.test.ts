import { ANONYMOUS } from '@stowage/core'
import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { localKeys } from '../jwt/jwt-key-source.ts'
import { jwtSecret } from '../jwt/jwt-key.ts'
import { JwtVerifier } from '../jwt/jwt-verifier.ts'
import { createOpaqueKey, opaqueKeyDigest } from '../opaque-keys/opaque-key.ts'
import type { RestCredentials } from './decide-rest-credentials.ts'
import { restCaller, type RestIdentity, type StoredOpaqueKey } from './rest-caller.ts'

const NOW = 1_800_000_000
const JWT_SECRET = Buffer.alloc(32, 'jwt secret')
const PUBLISHABLE = createOpaqueKey('publishable', 'project')
const SECRET = createOpaqueKey('secret', 'project')
const verifier = new JwtVerifier({ keys: [localKeys([jwtSecret(JWT_SECRET)])], clock: () => new Date(NOW * 1000) })

const token = (claims: object): Promise<string> =>
  new SignJWT({ exp: NOW + 60, ...claims }).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(JWT_SECRET)
const USER = await token({ role: 'authenticated', sub: 'user-1' })
const LEGACY_ANON = await token({ iss: 'supabase', ref: 'project', role: 'anon' })
const LEGACY_SERVICE = await token({ iss: 'supabase', ref: 'project', role: 'service_role' })

const stored = new Map<string, StoredOpaqueKey>(
  (['publishable', 'secret'] as const).map((kind) => {
    const digest = opaqueKeyDigest(kind === 'secret' ? SECRET : PUBLISHABLE)
    return [digest, { id: `key-${kind}`, kind, digest }]
  }),
)

function ask(shown: Partial<RestCredentials>, keys = stored): Promise<RestIdentity> {
  const nothing = { apikey: null, authorization: null, userAgent: null, apikeyInQuery: null }
  const finder = { find: (digest: string): StoredOpaqueKey | null => keys.get(digest) ?? null }
  return restCaller({ ...nothing, ...shown }, { keys: finder, verifier, account: 'account', projectRef: 'project' })
}

async function who(shown: Partial<RestCredentials>): Promise<unknown> {
  const identity = await ask(shown)
  if (identity.kind !== 'caller') return identity.kind === 'refused' ? identity.reason : identity.kind
  const { principal, credentialId } = identity.caller
  return principal.kind === 'role' ? [principal.role, principal.sub, principal.bypassRls, credentialId] : principal.kind
}

describe('the caller of a REST request', () => {
  test('has the role of its key, or of the user whose token comes with it', async () => {
    expect(await who({})).toBe('anonymous')
    expect(await who({ apikey: PUBLISHABLE })).toEqual(['anon', null, false, 'key-publishable'])
    expect(await who({ apikey: SECRET })).toEqual(['service_role', null, true, 'key-secret'])
    expect(await who({ apikey: LEGACY_ANON })).toEqual(['anon', null, false, 'legacy-anon'])
    expect(await who({ apikey: LEGACY_SERVICE, authorization: `Bearer ${LEGACY_SERVICE}` })).toEqual([
      'service_role',
      null,
      true,
      'legacy-service_role',
    ])
    for (const [apikey, id] of [
      [PUBLISHABLE, 'key-publishable'],
      [SECRET, 'key-secret'],
      [LEGACY_ANON, 'legacy-anon'],
      [null, null],
    ] as const) {
      expect(await who({ apikey, authorization: `Bearer ${USER}` })).toEqual(['authenticated', 'user-1', false, id])
    }
    expect(await ask({})).toEqual({ kind: 'caller', caller: ANONYMOUS })
  })

  test('is refused with a key that is not there, also with a good token', async () => {
    const revoked = createOpaqueKey('secret', 'project')
    expect(await who({ apikey: revoked })).toBe('unknown-key')
    expect(await who({ apikey: revoked, authorization: `Bearer ${USER}` })).toBe('unknown-key')
    // A user's token is no key, though it is verified by the same secret.
    expect(await who({ apikey: USER })).toBe('unknown-key')
    expect(await who({ apikey: await token({ role: 'authenticated' }) })).toBe('unknown-key')
    expect(await who({ apikey: await token({ role: 'anon', sub: 'user-1' }), authorization: `Bearer ${USER}` })).toBe('unknown-key')
  })

  test('is refused with a token that is not good, also with a good key', async () => {
    const expired = await token({ role: 'authenticated', exp: NOW - 1 })
    const forged = await new SignJWT({ role: 'service_role', exp: NOW + 60 })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.alloc(32, 'another'))
    for (const bad of [expired, forged, 'undefined', `${USER}x`]) {
      for (const apikey of [PUBLISHABLE, SECRET, null]) expect(await who({ apikey, authorization: `Bearer ${bad}` })).toBe('invalid-token')
    }
    expect(await who({ apikey: forged })).toBe('invalid-token')
  })

  test('is not found by a store that answers with another key', async () => {
    const [publishable] = stored.values()
    const wrong = new Map([[opaqueKeyDigest(SECRET), { ...publishable!, kind: 'secret' as const }]])
    expect(await ask({ apikey: SECRET }, wrong)).toEqual({ kind: 'refused', reason: 'unknown-key' })
    const otherKind = new Map([[opaqueKeyDigest(PUBLISHABLE), { id: 'x', kind: 'secret' as const, digest: opaqueKeyDigest(PUBLISHABLE) }]])
    expect(await ask({ apikey: PUBLISHABLE }, otherKind)).toEqual({ kind: 'refused', reason: 'unknown-key' })
  })

  test('fails with what the store fails with', async () => {
    const keys = { find: () => Promise.reject(new Error('the store is gone')) }
    const shown = { apikey: SECRET, authorization: null, userAgent: null, apikeyInQuery: null }
    await expect(restCaller(shown, { keys, verifier, account: null, projectRef: 'project' })).rejects.toThrow('the store is gone')
  })
})
