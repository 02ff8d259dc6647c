import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { localKeys } from '../jwt/jwt-key-source.ts'
import { jwtSecret } from '../jwt/jwt-key.ts'
import { JwtVerifier } from '../jwt/jwt-verifier.ts'
import { TokenError } from '../token-error.ts'
import { firstCredential, type FoundS3Credential, type S3CredentialResolver } from './s3-credential.ts'
import { sessionTokenCredentials, type SessionTokenCredentialsOptions } from './session-token-credentials.ts'

const NOW = 1_800_000_000
const JWT_SECRET = Buffer.alloc(32, 'jwt secret')
const keys = localKeys([jwtSecret(JWT_SECRET)])
const clock = (): Date => new Date(NOW * 1000)
const token = (claims: object): Promise<string> =>
  new SignJWT({ exp: NOW + 60, ...claims }).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(JWT_SECRET)
const USER = await token({ role: 'authenticated', sub: 'user-1', aal: 'aal2' })

const PUBLIC_KEYS = ['sb_publishable_one', 'sb_publishable_two', 'legacy anon']
function resolver(options: Partial<SessionTokenCredentialsOptions> = {}): S3CredentialResolver {
  const verifier = new JwtVerifier({ keys: [keys], clock })
  return sessionTokenCredentials({ projectRef: 'project', publicKeys: () => PUBLIC_KEYS, verifier, account: 'account', ...options })
}

describe('the session of a user', () => {
  test('is the user, signed with any public key of the project, until the token expires', async () => {
    const found = await resolver().find('project', USER)
    expect(found).toMatchObject({
      secretAccessKey: PUBLIC_KEYS[0],
      otherSecrets: PUBLIC_KEYS.slice(1).map((secretAccessKey) => ({ secretAccessKey })),
      sessionToken: USER,
      expiresAt: new Date((NOW + 60) * 1000),
      presigning: 'allow',
      caller: {
        principal: { kind: 'role', role: 'authenticated', sub: 'user-1', claims: { aal: 'aal2' }, bypassRls: false },
        account: 'account',
        scope: null,
      },
    })
    expect(JSON.stringify((found as { caller: unknown }).caller)).not.toContain(USER)
  })

  test('is none of another project, and none without a token', () => {
    expect(resolver().find('another', USER)).toBeNull()
    expect(resolver().find('', USER)).toBeNull()
    expect(resolver().find('project', null)).toBeNull()
  })

  test('is none where the project has no public key', async () => {
    expect(await resolver({ publicKeys: () => [] }).find('project', USER)).toBeNull()
  })

  test('has at most eight keys', async () => {
    const publicKeys = (): string[] => Array.from({ length: 20 }, (_, at) => `key-${at}`)
    const found = await resolver({ publicKeys }).find('project', USER)
    expect(found).toMatchObject({ secretAccessKey: 'key-0', otherSecrets: { length: 7 } })
  })

  test('is refused with a token that is not good, each in its way', async () => {
    const find = (text: string): unknown => resolver().find('project', text)
    expect(await find(await token({ role: 'authenticated', exp: NOW }))).toEqual({ refused: 'expired-token' })
    for (const bad of ['', 'x', `${USER}x`, await token({ role: 'nobody' })]) expect(await find(bad)).toEqual({ refused: 'invalid-token' })
    const unavailable = { find: () => Promise.reject(new TokenError('keys-unavailable', 'gone')) }
    const verifier = new JwtVerifier({ keys: [unavailable], clock })
    expect(await resolver({ verifier }).find('project', USER)).toEqual({ refused: 'unavailable' })
  })

  test('is not one of a role that bypasses row-level security, unless that is allowed', async () => {
    const service = await token({ role: 'service_role' })
    expect(await resolver().find('project', service)).toEqual({ refused: 'invalid-token' })
    expect(await resolver({ allowBypassRls: true }).find('project', service)).toMatchObject({ caller: { principal: { bypassRls: true } } })
  })

  test('presigns no URLs where that is denied', async () => {
    expect(await resolver({ presignWithUserJwt: 'deny' }).find('project', USER)).toMatchObject({ presigning: 'deny' })
  })

  test('fails with what the store of keys fails with', async () => {
    const publicKeys = (): Promise<never> => Promise.reject(new Error('the store is gone'))
    await expect(Promise.resolve(resolver({ publicKeys }).find('project', USER))).rejects.toThrow('the store is gone')
  })
})

describe('resolvers in turn', () => {
  const none: S3CredentialResolver = { find: () => null }
  const later = (found: FoundS3Credential): S3CredentialResolver => ({ find: () => Promise.resolve(found) })
  const refusal = { refused: 'expired-token' } as const

  test('answer at once where they can', () => {
    expect(firstCredential([none, { find: () => refusal }, later(null)]).find('a', null)).toBe(refusal)
    expect(firstCredential([none, none]).find('a', null)).toBeNull()
    expect(firstCredential([]).find('a', null)).toBeNull()
  })

  test('are asked until one knows, and no further', async () => {
    const asked: string[] = []
    const last: S3CredentialResolver = {
      find: (id, sessionToken) => {
        asked.push(`${id} ${sessionToken}`)
        return refusal
      },
    }
    expect(await firstCredential([later(null), none, later(null), last]).find('a', 't')).toBe(refusal)
    expect(await firstCredential([later(refusal), last]).find('b', null)).toBe(refusal)
    expect(asked).toEqual(['a t'])
  })
})
