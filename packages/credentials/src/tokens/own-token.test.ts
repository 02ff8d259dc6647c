import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { signOwnToken, verifyOwnToken } from './own-token.ts'
import { type TokenKeys, tokenKeys, type TokenPurpose } from './token-keys.ts'

const NOW = new Date(1_800_000_000_000)
const KIND = { typ: 'test+jwt', aud: 'stowage:test' }
const OLD = { kid: 'old', secret: Buffer.alloc(32, 1) }
const NEW = { kid: 'new', secret: Buffer.alloc(32, 2) }

function keysOf(secrets = [OLD], purpose: TokenPurpose = 'sts', project = 'project'): TokenKeys {
  return tokenKeys({ purpose, project, secrets })
}

const times = { issuedAt: NOW, expiresAt: new Date(NOW.getTime() + 60_000) }
const code = (expected: string): unknown => expect.objectContaining({ name: 'TokenError', code: expected })

describe('tokens of our own', () => {
  test('come back as they were signed', async () => {
    const keys = keysOf()
    const token = await signOwnToken({ a: 1 }, KIND, { keys, ...times })
    expect(await verifyOwnToken(token, KIND, { keys, now: NOW })).toMatchObject({ claims: { a: 1 }, expiresAt: times.expiresAt })
    await expect(verifyOwnToken(token, KIND, { keys, now: times.expiresAt })).rejects.toEqual(code('expired'))
  })

  test('outlive a rotation of their secret, as long as it is there', async () => {
    const token = await signOwnToken({}, KIND, { keys: keysOf([OLD]), ...times })
    expect(await verifyOwnToken(token, KIND, { keys: keysOf([NEW, OLD]), now: NOW })).toMatchObject({ expiresAt: times.expiresAt })
    await expect(verifyOwnToken(token, KIND, { keys: keysOf([NEW]), now: NOW })).rejects.toEqual(code('kid'))
    const replaced = keysOf([{ kid: 'old', secret: NEW.secret }])
    await expect(verifyOwnToken(token, KIND, { keys: replaced, now: NOW })).rejects.toEqual(code('signature'))
  })

  test('are good for one purpose, in one project, of one kind', async () => {
    const token = await signOwnToken({}, KIND, { keys: keysOf(), ...times })
    await expect(verifyOwnToken(token, KIND, { keys: keysOf([OLD], 'signed-url'), now: NOW })).rejects.toEqual(code('signature'))
    await expect(verifyOwnToken(token, KIND, { keys: keysOf([OLD], 'sts', 'another'), now: NOW })).rejects.toEqual(code('signature'))
    await expect(verifyOwnToken(token, { ...KIND, typ: 'other+jwt' }, { keys: keysOf(), now: NOW })).rejects.toEqual(code('claims'))
    await expect(verifyOwnToken(token, { ...KIND, aud: 'stowage:other' }, { keys: keysOf(), now: NOW })).rejects.toEqual(code('claims'))
  })

  test('are signed by nothing but a derived key', async () => {
    const keys = keysOf()
    const forge = (header: { alg: string; kid?: string }): Promise<string> =>
      new SignJWT({ aud: KIND.aud, exp: NOW.getTime() / 1000 + 60 })
        .setProtectedHeader({ typ: KIND.typ, ...header })
        .sign(Buffer.concat([OLD.secret, OLD.secret]))
    await expect(verifyOwnToken(await forge({ alg: 'HS256', kid: 'old' }), KIND, { keys, now: NOW })).rejects.toEqual(code('signature'))
    await expect(verifyOwnToken(await forge({ alg: 'HS512', kid: 'old' }), KIND, { keys, now: NOW })).rejects.toEqual(code('algorithm'))
    await expect(verifyOwnToken(await forge({ alg: 'HS256' }), KIND, { keys, now: NOW })).rejects.toEqual(code('kid'))
    await expect(verifyOwnToken('no token', KIND, { keys, now: NOW })).rejects.toEqual(code('malformed'))
  })

  test('have keys of which none leads to another', () => {
    const { signing, deriving } = keysOf().newest
    const others = [keysOf([NEW]), keysOf([OLD], 'signed-url'), keysOf([OLD], 'sts', 'another')].map((keys) => keys.newest)
    const all = [signing.key.export(), deriving, ...others.flatMap((each) => [each.signing.key.export(), each.deriving])]
    expect(new Set(all.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(all.length)
  })

  test('need a secret, of a length, each of another name', () => {
    expect(() => keysOf([])).toThrow('without a secret')
    expect(() => keysOf([{ kid: 'short', secret: Buffer.alloc(31) }])).toThrow('32 bytes')
    expect(() => keysOf([OLD, { ...NEW, kid: 'old' }])).toThrow('two secrets are named old')
  })
})
