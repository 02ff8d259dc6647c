import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Client, RequestOptions } from './client.ts'
import { openDoor } from './door.ts'
import type { Door } from './door.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor({
    jurisdictions: [{ name: 'eu', host: 'eu.s3.test' }],
    domains: ['s3.test', 'eu.s3.test'],
    publicUrls: ['https://public.test', 'https://public.eu.s3.test'],
  })
  for (const host of [undefined, 'eu.s3.test']) {
    expect((await door.ann.send('PUT', '/both', at(host))).status).toBe(200)
    expect((await door.ann.send('PUT', '/both/k', { ...at(host), body: host ?? 'default' })).status).toBe(200)
  }
  expect((await door.ann.send('PUT', '/only-eu', at('eu.s3.test'))).status).toBe(200)
})
afterAll(() => door.close())
afterEach(() => expect(door.faults).toEqual([]))

function at(host: string | undefined): RequestOptions {
  return host === undefined ? {} : { host }
}

const get = (target: string, host?: string, client: Client = door.ann): Promise<{ readonly status: number; readonly text: string }> =>
  client.send('GET', target, at(host))

test('a bucket is found at the host of its jurisdiction, and at no other', async () => {
  expect((await get('/both/k')).text).toBe('default')
  expect((await get('/both/k', 'eu.s3.test')).text).toBe('eu.s3.test')
  expect((await get('/k', 'both.eu.s3.test')).text).toBe('eu.s3.test')
  expect((await get('/k', 'both.s3.test')).text).toBe('default')
  expect((await get('/only-eu', 'eu.s3.test')).status).toBe(200)
  expect(await get('/only-eu')).toMatchObject({ status: 404, text: expect.stringContaining('NoSuchBucket') })
})

test('buckets are listed by jurisdiction', async () => {
  expect((await get('/')).text).not.toContain('only-eu')
  const eu = (await get('/', 'eu.s3.test')).text
  expect([...eu.matchAll(/<Name>([^<]*)/g)].map(([, name]) => name)).toEqual(['both', 'only-eu'])
})

test('a copy stays in its jurisdiction', async () => {
  const copy = { headers: [['x-amz-copy-source', '/both/k']] as [string, string][] }
  expect((await door.ann.send('PUT', '/both/copy', { ...copy, ...at('eu.s3.test') })).status).toBe(200)
  expect((await get('/both/copy', 'eu.s3.test')).text).toBe('eu.s3.test')
  expect((await get('/both/copy')).status).toBe(404)
})

test('a signature for one jurisdiction does not do for another: not over the host, not over a public address', async () => {
  const replaced = (host: string) => (headers: readonly (readonly [string, string])[]) =>
    headers.map(([name, value]) => [name, name === 'host' ? host : value]) as [string, string][]
  const send = (signed: string, sent: string): Promise<{ readonly status: number }> =>
    door.ann.send('GET', '/both/k', { host: signed, tamper: replaced(sent) })
  expect((await send('s3.test', 'eu.s3.test')).status).toBe(403)
  expect((await send('eu.s3.test', 's3.test')).status).toBe(403)
  // Behind a proxy that rewrites Host, the signature is over the public address.
  expect((await send('public.test', 'internal.test')).status).toBe(200)
  expect((await send('public.test', 'eu.s3.test')).status).toBe(403)
  expect((await send('public.eu.s3.test', 'internal.test')).status).toBe(403)
})
