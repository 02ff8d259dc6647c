import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { behindProxies } from './behind-proxies.ts'
import type { HttpHeader, HttpRequest } from './message.ts'

/** What a handler sees of a request that came from 10.0.0.1. */
async function seen(
  headers: readonly HttpHeader[],
  proxies: readonly string[] = ['10.0.0.0/8', '::1'],
  address: string | null = '10.0.0.1',
): Promise<HttpRequest> {
  let found: HttpRequest | undefined
  const handler = behindProxies(async (request) => {
    found = request
    return { status: 200, headers: [], body: null }
  }, proxies)
  const { signal } = new AbortController()
  await handler({
    method: 'GET',
    target: '/b/k?x',
    mount: '',
    headers: [['host', 'inner:9000'], ...headers],
    body: Readable.from([]),
    signal,
    peer: { address, encrypted: false },
    acceptBody: () => {},
  })
  if (found === undefined) throw new Error('the handler was not called')
  expect(found.signal).toBe(signal)
  return found
}

const hostOf = ({ headers }: HttpRequest): readonly string[] => headers.filter(([name]) => name === 'host').map(([, value]) => value)

test('what a trusted proxy says counts', async () => {
  const request = await seen([
    ['x-forwarded-host', 's3.example.com'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-port', '8443'],
    ['x-forwarded-prefix', '/storage/'],
    ['x-forwarded-for', '198.51.100.9, 203.0.113.7, 10.1.1.1'],
  ])
  expect(hostOf(request)).toEqual(['s3.example.com:8443'])
  expect(request.peer).toEqual({ address: '203.0.113.7', encrypted: true })
  expect([request.target, request.mount]).toEqual(['/storage/b/k?x', '/storage'])
})

test('as RFC 7239 writes it, which outranks the others', async () => {
  const request = await seen([
    ['forwarded', 'for=198.51.100.9;host=old.example.com, For="[2001:db8::7]:4711";Proto=https;Host="s3.example.com:8443"'],
    ['x-forwarded-host', 'other.example.com'],
    ['x-forwarded-for', '192.0.2.1'],
  ])
  expect(hostOf(request)).toEqual(['s3.example.com:8443'])
  expect(request.peer).toEqual({ address: '2001:db8::7', encrypted: true })
  expect([request.target, request.mount]).toEqual(['/b/k?x', ''])
})

test.each<[string, readonly string[], string | null]>([
  ['nobody is trusted', [], '10.0.0.1'],
  ['another is', ['192.0.2.1', '::1'], '10.0.0.1'],
  ['the host does not say who it is', ['0.0.0.0/0'], null],
  ['it is no address', ['0.0.0.0/0'], 'localhost'],
])('and nothing where %s', async (_, proxies, address) => {
  const request = await seen([['x-forwarded-host', 'evil.example.com'], ['x-forwarded-for', '1.2.3.4'], ['x-forwarded-prefix', '/x'], ['x-forwarded-proto', 'https']], proxies, address) // prettier-ignore
  expect(hostOf(request)).toEqual(['inner:9000'])
  expect([request.peer, request.target, request.mount]).toEqual([{ address, encrypted: false }, '/b/k?x', ''])
})

test('an IPv4 proxy that comes over an IPv6 socket is the same', async () => {
  expect((await seen([['x-forwarded-for', '1.2.3.4:99']], ['10.0.0.1'], '::ffff:10.0.0.1')).peer.address).toBe('1.2.3.4')
})

test('who hides is not taken for an address', async () => {
  expect((await seen([['forwarded', 'for=unknown']])).peer.address).toBe('10.0.0.1')
  expect((await seen([['x-forwarded-for', '1.2.3.4, _hidden']])).peer.address).toBe('1.2.3.4')
})

test('the usual port is left out, as clients do, and a prefix that is no path is passed over', async () => {
  const request = await seen([
    ['x-forwarded-host', 's3.example.com'],
    ['x-forwarded-port', '443'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-prefix', 'a?b'],
  ])
  expect([hostOf(request), request.target]).toEqual([['s3.example.com'], '/b/k?x'])
  expect(hostOf(await seen([['x-forwarded-proto', 'https']]))).toEqual(['inner:9000'])
})

test.each(['proxy.example.com', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', '::1/129', ''])('%j is no proxy', (proxy) => {
  expect(() => behindProxies(async () => ({ status: 200, headers: [], body: null }), [proxy])).toThrow('is no address of a proxy')
})
