import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { JsonObject } from '@stowage/core'
import * as fc from 'fast-check'
import { CompactEncrypt, SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { TokenError, type TokenErrorCode } from '../token-error.ts'
import { localKeys } from './jwt-key-source.ts'
import { type JwtKey, jwtKeyFromJwk, jwtKeysFromJwks, jwtSecret } from './jwt-key.ts'
import { JwtVerifier, type JwtVerifierOptions, type VerifiedJwt } from './jwt-verifier.ts'
import { VerifiedTokens } from './verified-tokens.ts'

const NOW = 1_800_000_000
const SECRET = 'a-secret-of-this-test-that-is-at-least-32-bytes-long'
const CLAIMS = { role: 'authenticated', sub: 'user-1', iat: NOW - 10, exp: NOW + 3600, aal: 'aal2' }

interface Pair {
  readonly alg: string
  readonly sign: KeyObject | Uint8Array
  readonly jwk: JsonObject
}

const pairs = new Map<string, Pair>()

beforeAll(() => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const
  const add = (alg: string, pair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }): void => {
    pairs.set(alg, { alg, sign: pair.privateKey, jwk: { ...pair.publicKey.export({ format: 'jwk' }), alg, kid: alg } })
  }
  for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) add(alg, rsa)
  for (const [alg, namedCurve] of Object.entries(curves)) add(alg, generateKeyPairSync('ec', { namedCurve }))
  add('EdDSA', generateKeyPairSync('ed25519'))
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    const secret = Buffer.alloc(64, alg)
    pairs.set(alg, { alg, sign: secret, jwk: { kty: 'oct', k: secret.toString('base64url'), alg, kid: alg } })
  }
})

function pair(alg: string): Pair {
  const found = pairs.get(alg)
  if (found === undefined) throw new Error(`no pair for ${alg}`)
  return found
}

function verifier(keys: readonly JwtKey[], options: Partial<JwtVerifierOptions> = {}): JwtVerifier {
  return new JwtVerifier({ keys: [localKeys(keys)], clock: () => new Date(NOW * 1000), ...options })
}

function byHand(header: unknown, payload: unknown, secret: string | Buffer = SECRET): string {
  const text = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const head = `${text(header)}.${text(payload)}`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}

async function outcome(verified: Promise<VerifiedJwt>): Promise<TokenErrorCode | 'accepted'> {
  try {
    await verified
    return 'accepted'
  } catch (error) {
    if (error instanceof TokenError) return error.code
    throw error
  }
}

const HS = { alg: 'HS256', typ: 'JWT' }
const secretVerifier = verifier([jwtSecret(SECRET)])
const refusal = (header: unknown, payload: unknown = CLAIMS): Promise<TokenErrorCode | 'accepted'> =>
  outcome(secretVerifier.verify(byHand(header, payload)))

describe('a token that is signed by a key of ours', () => {
  test.each(['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])(
    'is verified by %s, and not by any other key or algorithm',
    async (alg) => {
      const { sign, jwk } = pair(alg)
      const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg, kid: alg }).sign(sign)
      const { role, sub, claims, exp } = await verifier([jwtKeyFromJwk(jwk)]).verify(token)
      expect({ role, sub, claims, exp }).toEqual({
        role: 'authenticated',
        sub: 'user-1',
        claims: CLAIMS,
        exp: new Date((NOW + 3600) * 1000),
      })
      for (const other of pairs.values()) {
        if (other.alg === alg) continue
        // Another key under the name that the token asks for: what counts is how that key signs.
        const record = jwtKeyFromJwk({ ...other.jwk, kid: alg })
        expect(await outcome(verifier([record]).verify(token))).toBe('algorithm')
      }
    },
  )

  test('without a kid is verified by the keys without a name, each of them', async () => {
    const token = byHand(HS, CLAIMS)
    const other = jwtSecret('another secret of this test, just as long as the first')
    expect(await outcome(verifier([other, jwtSecret(SECRET)]).verify(token))).toBe('accepted')
    expect(await outcome(verifier([other]).verify(token))).toBe('signature')
    expect(await outcome(verifier([jwtSecret(SECRET, { kid: 'named' })]).verify(token))).toBe('kid')
    expect(await outcome(verifier([]).verify(token))).toBe('kid')
  })

  test('with a kid is verified by the key of that name, and by no other', async () => {
    const token = byHand({ ...HS, kid: 'one' }, CLAIMS)
    expect(await outcome(verifier([jwtSecret(SECRET, { kid: 'one' })]).verify(token))).toBe('accepted')
    expect(await outcome(verifier([jwtSecret(SECRET), jwtSecret(SECRET, { kid: 'two' })]).verify(token))).toBe('kid')
    for (const kid of ['constructor', '__proto__', 'ONE', '../one', "one' or '1"]) expect(await refusal({ ...HS, kid })).toBe('kid')
  })

  test('is refused as soon as its key is gone, though it was verified before', async () => {
    const keys = [jwtSecret(SECRET)]
    const found: JwtKey[] = [...keys]
    const changing = new JwtVerifier({ keys: [{ find: () => found }], clock: () => new Date(NOW * 1000) })
    const token = byHand(HS, CLAIMS)
    expect(await outcome(changing.verify(token))).toBe('accepted')
    found.splice(0, 1, jwtSecret('another secret of this test, just as long as the first'))
    expect(await outcome(changing.verify(token))).toBe('signature')
  })

  test('is refused when it has expired, though it was verified before', async () => {
    let now = NOW
    const clocked = verifier([jwtSecret(SECRET)], { clock: () => new Date(now * 1000) })
    const token = byHand(HS, CLAIMS)
    expect(await outcome(clocked.verify(token))).toBe('accepted')
    now = CLAIMS.exp - 1
    expect(await outcome(clocked.verify(token))).toBe('accepted')
    now = CLAIMS.exp
    expect(await outcome(clocked.verify(token))).toBe('expired')
    now = Number.NaN
    expect(await outcome(clocked.verify(token))).toBe('expired')
  })

  test('gives claims that nobody can change for the next request', async () => {
    const token = byHand(HS, { ...CLAIMS, app_metadata: { teams: ['a'] } })
    const first = await secretVerifier.verify(token)
    const { teams } = first.claims['app_metadata'] as { readonly teams: string[] }
    expect(() => teams.push('b')).toThrow(TypeError)
    expect((await secretVerifier.verify(token)).claims).toEqual({ ...CLAIMS, app_metadata: { teams: ['a'] } })
  })

  test('is verified anew when too many others were remembered', async () => {
    const forgetful = verifier([jwtSecret(SECRET)], { remembered: new VerifiedTokens({ countMax: 2, bytesMax: 1e6 }) })
    for (const sub of ['a', 'b', 'c', 'a', 'b']) expect((await forgetful.verify(byHand(HS, { ...CLAIMS, sub }))).sub).toBe(sub)
  })
})

describe('D41: attacks on the algorithm', () => {
  test('a public key is never the secret of an HMAC, in any of its forms', async () => {
    for (const alg of ['RS256', 'ES256', 'EdDSA']) {
      const { jwk } = pair(alg)
      const record = jwtKeyFromJwk(jwk)
      const pem = record.key.export({ type: 'spki', format: 'pem' }).toString()
      const der = record.key.export({ type: 'spki', format: 'der' })
      const forms = [
        pem,
        pem.trim(),
        pem.replaceAll('\n', '\r\n'),
        der,
        der.toString('base64'),
        JSON.stringify(jwk),
        JSON.stringify(record.key.export({ format: 'jwk' })),
      ]
      for (const secret of forms) {
        for (const header of [
          { ...HS, kid: alg },
          { ...HS, kid: alg, jwk },
        ]) {
          expect(await outcome(verifier([record]).verify(byHand(header, CLAIMS, secret)))).toBe('algorithm')
        }
        expect(await outcome(verifier([record]).verify(byHand(HS, CLAIMS, secret)))).toBe('kid')
        expect(await outcome(verifier([record, jwtSecret(SECRET)]).verify(byHand(HS, CLAIMS, secret)))).toBe('signature')
      }
    }
  })

  test('nothing is accepted without a signature', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', 'HS256 ', 'hs256', 'HS1', 'constructor', 'toString']) {
      expect(await refusal({ alg })).toBe('algorithm')
      const [head, body] = byHand({ alg }, CLAIMS).split('.')
      for (const token of [`${head}.${body}.`, `${head}.${body}`, `${head}.${body}..`]) {
        expect(await outcome(secretVerifier.verify(token))).toBe('malformed')
      }
    }
    const [head, body] = byHand(HS, CLAIMS).split('.')
    expect(await outcome(secretVerifier.verify(`${head}.${body}.`))).toBe('malformed')
    expect(await outcome(secretVerifier.verify(`${head}.${body}.AAAA`))).toBe('signature')
  })

  test('a key in the token is not looked at', async () => {
    const { sign, jwk } = pair('ES256')
    const url = 'https://127.0.0.1:1/never-asked'
    const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'ES256', jwk, jku: url, x5u: url }).sign(sign)
    expect(await outcome(verifier([jwtSecret(SECRET)]).verify(token))).toBe('algorithm')
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const claimed = await new SignJWT(CLAIMS)
      .setProtectedHeader({ alg: 'ES256', kid: 'ES256', jwk: own.publicKey.export({ format: 'jwk' }) })
      .sign(own.privateKey)
    expect(await outcome(verifier([jwtKeyFromJwk(jwk)]).verify(claimed))).toBe('signature')
  })

  test('extensions, nested and encrypted tokens are refused', async () => {
    const extensions = [
      { crit: ['exp'] },
      { crit: [] },
      { crit: ['b64'], b64: false },
      { b64: false },
      { b64: true },
      { zip: 'DEF' },
      { enc: 'A256GCM' },
      { cty: 'JWT' },
    ]
    for (const extension of extensions) expect(await refusal({ ...HS, ...extension })).toBe('malformed')
    const encrypted = await new CompactEncrypt(Buffer.from(byHand(HS, CLAIMS)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(Buffer.alloc(32, 1))
    expect(await outcome(secretVerifier.verify(encrypted))).toBe('malformed')
  })
})

describe('what a token may say', () => {
  test('it has an end, a beginning that is past, and no other purpose', async () => {
    const { exp: _, ...endless } = CLAIMS
    expect(await refusal(HS, endless)).toBe('claims')
    for (const exp of ['2099-01-01', `${NOW + 10}`, null, -1, 1e300]) expect(await refusal(HS, { ...CLAIMS, exp })).toBe('claims')
    expect(await refusal(HS, { ...CLAIMS, exp: NOW })).toBe('expired')
    expect(await refusal(HS, { ...CLAIMS, exp: NOW + 0.5 })).toBe('accepted')
    for (const name of ['nbf', 'iat']) {
      expect(await refusal(HS, { ...CLAIMS, [name]: NOW + 60 })).toBe('accepted')
      expect(await refusal(HS, { ...CLAIMS, [name]: NOW + 61 })).toBe('claims')
      expect(await refusal(HS, { ...CLAIMS, [name]: 'now' })).toBe('claims')
    }
    for (const typ of ['jwt', 'at+jwt', 'application/at+JWT']) expect(await refusal({ alg: 'HS256', typ })).toBe('accepted')
    for (const typ of ['sts+jwt', 'stowage-download+jwt', '']) expect(await refusal({ alg: 'HS256', typ })).toBe('claims')
  })

  test('its role is one that there is, and anon where it names none', async () => {
    const { role: _, ...roleless } = CLAIMS
    expect((await secretVerifier.verify(byHand(HS, roleless))).role).toBe('anon')
    expect(await outcome(verifier([jwtSecret(SECRET)], { defaultRole: null }).verify(byHand(HS, roleless)))).toBe('claims')
    for (const role of ['postgres', '', 'Authenticated', 1, null, ['service_role'], '__proto__']) {
      expect(await refusal(HS, { ...CLAIMS, role })).toBe('claims')
    }
    for (const sub of ['', 1, {}, ['a']]) expect(await refusal(HS, { ...CLAIMS, sub })).toBe('claims')
    expect((await secretVerifier.verify(byHand(HS, { ...CLAIMS, sub: 'auth0|no-uuid' }))).sub).toBe('auth0|no-uuid')
  })

  test('issuer and audience are those that are allowed', async () => {
    const choosy = verifier([jwtSecret(SECRET)], { issuers: ['https://a'], audiences: ['authenticated', 'other'] })
    const said = (iss: unknown, aud: unknown): Promise<TokenErrorCode | 'accepted'> =>
      outcome(choosy.verify(byHand(HS, { ...CLAIMS, iss, aud })))
    expect(await said('https://a', 'authenticated')).toBe('accepted')
    expect(await said('https://a', ['x', 'other'])).toBe('accepted')
    for (const iss of ['https://a/', 'https://b', '', ['https://a'], undefined]) expect(await said(iss, 'other')).toBe('claims')
    for (const aud of ['x', '', [], ['x'], [['other']], undefined]) expect(await said('https://a', aud)).toBe('claims')
  })
})

describe('what cannot be read', () => {
  test('is refused as malformed', async () => {
    const token = byHand(HS, CLAIMS)
    const [head = '', body = '', signature = ''] = token.split('.')
    const texts = [
      '',
      '.',
      '..',
      '...',
      'null',
      `${token}.`,
      ` ${token}`,
      `${token}=`,
      `${head}..${signature}`,
      `${head}.${body}=.${signature}`,
    ]
    for (const text of texts) expect(await outcome(secretVerifier.verify(text))).toBe('malformed')
    const long = byHand(HS, { ...CLAIMS, padding: 'x'.repeat(8192) })
    expect(await outcome(secretVerifier.verify(long))).toBe('malformed')
    for (const header of [
      'null',
      '[]',
      '"a"',
      '{',
      '',
      { typ: 'JWT' },
      { alg: 5 },
      { alg: null },
      { ...HS, kid: 7 },
      { ...HS, kid: '' },
      { ...HS, kid: 'k'.repeat(257) },
      { ...HS, typ: [] },
    ]) {
      expect(await refusal(header)).toBe('malformed')
    }
    for (const payload of ['null', '[]', '"a"', '{', '7']) expect(await refusal(HS, payload)).toBe('malformed')
    const latin1 = `${head}.${Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')}`
    expect(await outcome(secretVerifier.verify(`${latin1}.${createHmac('sha256', SECRET).update(latin1).digest('base64url')}`))).toBe(
      'malformed',
    )
  })

  test('10,000 changed tokens: none is accepted, none fails otherwise', async () => {
    const { sign, jwk } = pair('ES256')
    const asymmetric = await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'ES256', kid: 'ES256' }).sign(sign)
    const tokens = [byHand(HS, CLAIMS), asymmetric]
    const both = verifier([jwtSecret(SECRET), jwtKeyFromJwk(jwk)])
    for (const token of tokens) expect(await outcome(both.verify(token))).toBe('accepted')
    const change = fc.record({
      token: fc.constantFrom(...tokens),
      at: fc.nat(400),
      cut: fc.nat(4),
      put: fc.oneof(
        fc.string({ unit: fc.constantFrom('A', 'Q', 'g', '_', '-', '.', '=', 'w', '9'), maxLength: 4 }),
        fc.string({ maxLength: 3 }),
      ),
    })
    await fc.assert(
      fc.asyncProperty(change, async ({ token, at, cut, put }) => {
        const place = at % (token.length + 1)
        const changed = token.slice(0, place) + put + token.slice(place + cut)
        fc.pre(changed !== token)
        expect(await outcome(both.verify(changed))).not.toBe('accepted')
      }),
      { numRuns: 10_000 },
    )
  })

  test('any text at all fails with a typed error', async () => {
    const json = fc.jsonValue().map((value) => value as JsonObject)
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.tuple(json, json).map(([header, payload]) => byHand(header, payload)),
        ),
        async (text) => {
          expect(await outcome(secretVerifier.verify(text))).not.toBe('accepted')
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('records of keys', () => {
  test('take their algorithm from kind and curve where none is named', () => {
    const kinds = { RS256: 'RS256', PS512: 'RS256', ES256: 'ES256', ES384: 'ES384', ES512: 'ES512', EdDSA: 'EdDSA', HS384: 'HS256' }
    for (const [alg, expected] of Object.entries(kinds)) {
      const { alg: _, ...jwk } = pair(alg).jwk
      expect(jwtKeyFromJwk(jwk).alg).toBe(expected)
    }
  })

  test('hold the public half of a private key', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = { ...privateKey.export({ format: 'jwk' }) }
    expect(jwtKeyFromJwk(jwk).key.type).toBe('public')
    expect(createPrivateKey({ key: jwk, format: 'jwk' }).type).toBe('private')
  })

  test('are not made of keys of another kind, for another purpose, or too weak', () => {
    const rsa = pair('RS256').jwk
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
    const refused: JsonObject[] = [
      {},
      { kty: 'none' },
      { ...rsa, alg: 'none' },
      { ...rsa, alg: 'HS256' },
      { ...rsa, alg: 'ES256' },
      { ...rsa, use: 'enc' },
      { ...rsa, key_ops: ['encrypt'] },
      { ...rsa, kid: 7 },
      { ...rsa, kid: '' },
      { ...rsa, n: 'x' },
      { ...weak },
      { ...pair('ES256').jwk, alg: 'ES384' },
      { kty: 'oct', k: Buffer.alloc(31).toString('base64url') },
      { kty: 'oct', k: Buffer.alloc(32).toString('base64url'), alg: 'HS384' },
      { kty: 'oct', k: '' },
      { kty: 'oct' },
      { kty: 'oct', k: Buffer.alloc(64).toString('base64url'), alg: 'RS256' },
      { kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA' },
    ]
    for (const jwk of refused) expect(() => jwtKeyFromJwk(jwk)).toThrow(TypeError)
    expect(() => jwtSecret('too short')).toThrow('32 bytes')
    for (const jwks of [{}, { keys: {} }, { keys: [1] }, { keys: [[]] }, { keys: [{}] }])
      expect(() => jwtKeysFromJwks(jwks)).toThrow(TypeError)
  })

  test('say nothing of the secret in what goes wrong', () => {
    for (const make of [() => jwtSecret('hunter2'), () => jwtKeyFromJwk({ kty: 'oct', k: 'aHVudGVyMg' })]) {
      expect(make).toThrow(TypeError)
      expect(make).not.toThrow(/hunter2|aHVudGVyMg/)
    }
  })
})
