import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { TokenError, type TokenErrorCode } from '../token-error.ts'
import { JwtVerifier } from './jwt-verifier.ts'
import { isPublicAddress } from './public-address.ts'
import { remoteKeys, type RemoteKeysOptions } from './remote-keys.ts'

const NOW = 1_800_000_000
const running: { close(): void; closeAllConnections(): void }[] = []

afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

interface Issuer {
  readonly origin: string
  readonly seen: string[]
  /** Names of the keys that it publishes. */
  published: readonly string[]
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | null
  now: number
}

const privateKeys = new Map<string, KeyObject>()
const publicJwks = new Map<string, object>()
for (const kid of ['one', 'two', 'three']) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  privateKeys.set(kid, privateKey)
  publicJwks.set(kid, { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' })
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  running.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function startIssuer(): Promise<Issuer> {
  const issuer: Issuer = { origin: '', seen: [], published: ['one'], answer: null, now: NOW }
  const port = await listen(
    createServer((request, response) => {
      issuer.seen.push(request.url ?? '')
      if (issuer.answer !== null) return issuer.answer(request, response)
      response.end(JSON.stringify({ keys: issuer.published.map((kid) => publicJwks.get(kid)) }))
    }),
  )
  return Object.assign(issuer, { origin: `http://127.0.0.1:${port}` })
}

function verifierOf(issuer: Issuer, options: Partial<RemoteKeysOptions> = {}): (kid: string) => Promise<TokenErrorCode | 'accepted'> {
  const clock = (): Date => new Date(issuer.now * 1000)
  const keys = remoteKeys({ url: `${issuer.origin}/jwks.json`, clock, allowHttp: true, allowPrivateAddresses: true, ...options })
  const verifier = new JwtVerifier({ keys: [keys], clock })
  return async (kid) => {
    const token = await new SignJWT({ role: 'authenticated', exp: NOW + 1_000_000 })
      .setProtectedHeader(kid === '' ? { alg: 'ES256' } : { alg: 'ES256', kid })
      .sign(privateKeys.get(kid) ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
    try {
      await verifier.verify(token)
      return 'accepted'
    } catch (error) {
      if (error instanceof TokenError) return error.code
      throw error
    }
  }
}

describe('keys that an issuer publishes', () => {
  test('are read when the first token asks, once for all of them', async () => {
    const issuer = await startIssuer()
    const verify = verifierOf(issuer)
    expect(issuer.seen).toEqual([])
    expect(await Promise.all([verify('one'), verify('one'), verify('one')])).toEqual(['accepted', 'accepted', 'accepted'])
    expect(issuer.seen).toEqual(['/jwks.json'])
  })

  test('are read again for a new name, once in a while', async () => {
    const issuer = await startIssuer()
    const verify = verifierOf(issuer)
    expect(await verify('one')).toBe('accepted')
    issuer.published = ['one', 'two']
    // Just now they were read: whoever invents names does not make us ask.
    expect(await verify('two')).toBe('kid')
    expect(await verify('invented')).toBe('kid')
    expect(issuer.seen.length).toBe(1)
    issuer.now += 30
    expect(await Promise.all([verify('two'), verify('invented'), verify('one')])).toEqual(['accepted', 'kid', 'accepted'])
    expect(issuer.seen.length).toBe(2)
  })

  test('are no longer used when a rotation has taken them away', async () => {
    const issuer = await startIssuer()
    const verify = verifierOf(issuer)
    expect(await verify('one')).toBe('accepted')
    issuer.published = ['two']
    issuer.now += 601
    expect(await verify('one')).toBe('kid')
    expect(await verify('two')).toBe('accepted')
    expect(issuer.seen.length).toBe(2)
  })

  test('are read in passing before they are too old', async () => {
    const issuer = await startIssuer()
    const verify = verifierOf(issuer)
    expect(await verify('one')).toBe('accepted')
    issuer.now += 301
    expect(await verify('one')).toBe('accepted')
    await expect.poll(() => issuer.seen.length).toBe(2)
  })

  test('without a name, of another kind or shared secrets are passed over', async () => {
    const issuer = await startIssuer()
    const { kid: _, ...nameless } = { kid: '', ...publicJwks.get('two') }
    const secret = { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url'), kid: 'secret' }
    issuer.answer = (_request, response) => {
      response.end(JSON.stringify({ keys: [nameless, secret, { kty: 'OKP', crv: 'X25519', kid: 'x' }, publicJwks.get('one')] }))
    }
    const verify = verifierOf(issuer)
    expect(await verify('one')).toBe('accepted')
    expect(await verify('')).toBe('kid')
    const clock = (): Date => new Date(NOW * 1000)
    const keys = remoteKeys({ url: `${issuer.origin}/jwks.json`, clock, allowHttp: true, allowPrivateAddresses: true })
    expect(await keys.find('secret')).toEqual([])
    expect(await keys.find(null)).toEqual([])
  })
})

describe('an issuer that does not answer', () => {
  const failures: Readonly<Record<string, Issuer['answer']>> = {
    'with an error': (_request, response) => void response.writeHead(500).end('{"keys":[]}'),
    'with no JSON': (_request, response) => void response.end('<html>'),
    'with JSON that is no key set': (_request, response) => void response.end('{"keys":{}}'),
    'by breaking off': (request) => void request.socket.destroy(),
    'in time': () => {},
    'to an end': (_request, response) => void response.write('{"keys":['),
    'in few words': (_request, response) => void response.end(`{"keys":[${'{},'.repeat(30_000)}{}]}`),
  }

  test.each(Object.keys(failures))('%s has its last keys used, up to a limit', async (name) => {
    const issuer = await startIssuer()
    const verify = verifierOf(issuer, { timeoutMilliseconds: 100, outageSecondsMax: 3600 })
    expect(await verify('one')).toBe('accepted')
    issuer.answer = failures[name] ?? null
    issuer.now += 700
    expect(await verify('one')).toBe('accepted')
    expect(issuer.seen.length).toBe(2)
    // Whether that is a name of theirs cannot be told.
    expect(await verify('two')).toBe('keys-unavailable')
    expect(issuer.seen.length).toBe(2)
    issuer.now = NOW + 3601
    expect(await verify('one')).toBe('keys-unavailable')
    issuer.answer = null
    expect(await verify('one')).toBe('keys-unavailable')
    issuer.now += 30
    expect(await verify('one')).toBe('accepted')
  })

  test('from the beginning has every token refused, and is not asked too often', async () => {
    const issuer = await startIssuer()
    issuer.answer = (request) => void request.socket.destroy()
    const verify = verifierOf(issuer)
    expect([await verify('one'), await verify('one'), await verify('two')]).toEqual(Array.from({ length: 3 }, () => 'keys-unavailable'))
    expect(issuer.seen.length).toBe(1)
    issuer.answer = null
    issuer.now += 30
    expect(await verify('one')).toBe('accepted')
  })

  test('but sends us elsewhere is not followed', async () => {
    const other = await startIssuer()
    for (const status of [301, 302, 307, 308]) {
      const issuer = await startIssuer()
      issuer.answer = (_request, response) => void response.writeHead(status, { location: `${other.origin}/jwks.json` }).end()
      expect(await verifierOf(issuer)('one')).toBe('keys-unavailable')
    }
    expect(other.seen).toEqual([])
  })

  test('with a certificate is none', async () => {
    const port = await listen(createTlsServer({}))
    const issuer = await startIssuer()
    expect(await verifierOf(issuer, { url: `https://127.0.0.1:${port}/` })('one')).toBe('keys-unavailable')
  })
})

describe('where keys may be read from', () => {
  const clock = (): Date => new Date(NOW * 1000)

  test('https, without a password, unless more is allowed', () => {
    for (const url of [
      'http://example.com/',
      'ftp://example.com/',
      'file:///etc/passwd',
      'data:,{}',
      'https://',
      'x',
      '',
      'https://a:b@example.com/',
    ]) {
      expect(() => remoteKeys({ url, clock })).toThrow(TypeError)
    }
    expect(() => remoteKeys({ url: 'ftp://example.com/', clock, allowHttp: true })).toThrow('https://')
    expect(() => remoteKeys({ url: 'http://example.com/', clock, allowHttp: true })).not.toThrow()
  })

  test('D48: never from this machine or its network, by address or by name', async () => {
    const issuer = await startIssuer()
    const port = new URL(issuer.origin).port
    for (const host of ['127.0.0.1', 'localhost', '127.1', '2130706433', '0x7f000001', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '[::]']) {
      const verify = verifierOf(issuer, { url: `http://${host}:${port}/jwks.json`, allowPrivateAddresses: false })
      expect(await verify('one')).toBe('keys-unavailable')
    }
    expect(issuer.seen).toEqual([])
  })

  test('public is what is routed on the internet', () => {
    const no = [
      '10.0.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.169.254',
      '100.100.100.200',
      '127.0.0.1',
      '0.0.0.0',
      '255.255.255.255',
      '224.0.0.1',
    ]
    const no6 = [
      '::',
      '::1',
      'fe80::1',
      'fc00::1',
      'fd00:ec2::254',
      'ff02::1',
      '::ffff:10.0.0.1',
      '::ffff:8.8.8.8',
      '::8.8.8.8',
      '64:ff9b::a00:1',
      '2002:a00:1::',
      '2001::1',
    ]
    for (const address of [...no, ...no6, '', 'localhost', '8.8.8.8/32', '2001:db8::1']) expect(isPublicAddress(address)).toBe(false)
    for (const address of ['8.8.8.8', '172.32.0.1', '1.1.1.1', '2606:4700::1111', '2a00:1450::8'])
      expect(isPublicAddress(address)).toBe(true)
  })
})
