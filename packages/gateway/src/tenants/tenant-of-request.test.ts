import { Readable } from 'node:stream'
import type { HttpHeader, HttpRequest } from '@stowage/http'
import { systemClock } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { TenantCatalogue } from './tenant-catalogue.ts'
import { accessKeyIdOf, tenantOfRequest } from './tenant-of-request.ts'
import type { Tenant } from './tenant.ts'

function requestOf(headers: readonly HttpHeader[], target: string = '/'): HttpRequest {
  return {
    method: 'GET',
    target,
    mount: '',
    headers,
    body: Readable.from([]),
    signal: new AbortController().signal,
    peer: { address: null, encrypted: false },
    acceptBody: () => undefined,
  }
}

const signed = (key: string): HttpHeader => [
  'authorization',
  `AWS4-HMAC-SHA256 Credential=${key}/20261123/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00`,
]

test('the access key that a request shows: in its header, or in its query', () => {
  const shown = (headers: readonly HttpHeader[], target?: string): string | null => accessKeyIdOf(requestOf(headers, target))
  expect(shown([signed('AKIAONE')])).toBe('AKIAONE')
  expect(shown([['authorization', 'AWS4-HMAC-SHA256 SignedHeaders=host,Credential=AKIATWO/2026/x/s3/aws4_request,Signature=0']])).toBe(
    'AKIATWO',
  )
  expect(shown([], '/b/k?a=b&X-Amz-Credential=AKIATHREE%2F20261123%2Fus-east-1%2Fs3%2Faws4_request')).toBe('AKIATHREE')
  expect(shown([], '/b/X-Amz-Credential=AKIA')).toBeNull()
  expect(shown([], '/b/k?x-amz-credential=%zz')).toBeNull()
  expect(shown([['authorization', 'Bearer Credential=AKIAFOUR/']])).toBeNull()
  expect(shown([])).toBeNull()
})

function tenant(name: string, hosts: readonly string[]): Tenant {
  const place = { kind: 'sqlite', folder: name } as const
  return { name, id: `id-of-${name}`, hosts, state: 'active', requestsMax: 1, place, createdAt: new Date(0) }
}

async function openCatalogue(): Promise<TenantCatalogue> {
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  await metadata.open()
  onTestFinished(() => metadata.close())
  return new TenantCatalogue({ metadata, clock: systemClock, observer: { event: () => undefined } })
}

test('whose a request is: the host says so before the key does', async () => {
  const catalogue = await openCatalogue()
  const [acme, bolt] = [tenant('acme', ['files.acme.example', 's3.test']), tenant('bolt', ['bolt.example'])]
  for (const each of [acme, bolt]) await catalogue.add(each)
  expect([await catalogue.registerKeys(bolt, ['AKIABOLT']), await catalogue.registerKeys(bolt, ['akiabolt'])]).toEqual([true, true])
  expect(await catalogue.registerKeys(acme, ['AKIAbolt'])).toBe(false)
  const find = async (host: string, key?: string, domain: string | null = 's3.example.com'): Promise<unknown> => {
    const request = requestOf([['host', host], ...(key === undefined ? [] : [signed(key)])])
    const found = await tenantOfRequest(request, { catalogue, domain })
    return found.tenant === null ? found.because : [found.tenant.name, ...found.domains]
  }
  const [ofAcme, ofBolt] = [
    ['acme', 'files.acme.example', 's3.test', 'acme.s3.example.com'],
    ['bolt', 'bolt.example', 'bolt.s3.example.com'],
  ]
  expect(await find('files.acme.example')).toEqual(ofAcme)
  expect(await find('Photos.Files.Acme.Example:9000', 'AKIABOLT')).toEqual(ofAcme)
  expect(await find('bolt.example')).toEqual(ofBolt)
  expect(await find('bolt.s3.example.com')).toEqual(ofBolt)
  expect(await find('a.b.bolt.s3.example.com')).toEqual(ofBolt)
  expect(await find('nobody.s3.example.com', 'AKIABOLT')).toBe('host')
  expect(await find('s3.example.com', 'AKIABOLT')).toEqual(ofBolt)
  expect(await find('s3.example.com', 'AKIANOBODY')).toBe('key')
  // A dot at the end changes nothing.
  expect(await find('bolt.s3.example.com.')).toEqual(ofBolt)
  expect(await find('nobody.s3.example.com.:9000', 'AKIABOLT')).toBe('host')
  expect(await find('files.acme.example.:9000')).toEqual(ofAcme)
  expect(await find('127.0.0.1:9000')).toBe('nothing')
  expect(await find('bolt.s3.example.com', undefined, null)).toBe('nothing')
  // A head of 16 KiB must not keep everybody waiting.
  expect(await find(`${'a.'.repeat(8_000)}bolt.example`)).toBe('nothing')
  // No host that a tenant was given takes the domain, or another one's name below it.
  const greedy = tenant('coop', ['bolt.s3.example.com', 'example.com'])
  await catalogue.add(greedy)
  expect(await find('bolt.s3.example.com')).toEqual(ofBolt)
  expect(await find('photos.acme.s3.example.com')).toEqual(ofAcme)
  expect(await find('s3.example.com', 'AKIABOLT')).toEqual(ofBolt)
  expect(await find('www.example.com')).toContain('coop')
  await catalogue.remove(bolt)
  expect(await find('s3.example.com', 'AKIABOLT')).toBe('key')
  expect(await catalogue.registerKeys(acme, ['AKIABOLT'])).toBe(true)
  expect(await find('s3.example.com', 'AKIABOLT')).toEqual(ofAcme)
})
