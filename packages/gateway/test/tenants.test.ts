import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { temporaryMasterKeys } from '@stowage/credentials'
import { describe, expect, test } from 'vitest'
import { administerTenants } from '../src/administration/tenants-administration.ts'
import { DOMAIN, startTenantServer } from './tenant-server.ts'
import { temporaryDirectory } from './stowage-process.ts'

const LARGE = Buffer.alloc(300_000, 'l')

async function put(client: S3Client, body: string | Buffer = 'x', key: string = 'k'): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: 'photos', Key: key, Body: body }))
}

async function get(client: S3Client, key: string = 'k'): Promise<string | undefined> {
  return (await client.send(new GetObjectCommand({ Bucket: 'photos', Key: key }))).Body?.transformToString()
}

async function furnish(client: S3Client, body: string | Buffer): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: 'photos' }))
  await put(client, body)
}

async function buckets(client: S3Client): Promise<readonly (string | undefined)[]> {
  return ((await client.send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name }) => Name)
}

describe('a server with tenants', { timeout: 60_000 }, () => {
  test('finds them by key and by host, and nobody opens what is another one’s', async () => {
    const server = await startTenantServer()
    const [acme, bolt] = [await server.make('acme'), await server.make('bolt')]
    await furnish(acme.client, 'of acme')
    await furnish(bolt.client, 'of bolt')
    expect([await get(acme.client), await get(bolt.client)]).toEqual(['of acme', 'of bolt'])
    // The host says whose it is: the bucket is a sub-domain of it.
    const atHost = (key: typeof acme.key, name: string): S3Client => server.clientOf(key, `${name}.${DOMAIN}`)
    expect([await get(atHost(acme.key, 'acme')), await get(atHost(bolt.key, 'bolt'))]).toEqual(['of acme', 'of bolt'])
    // And with the dot of a whole name, too.
    await put(server.clientOf(acme.key, `acme.${DOMAIN}.`), 'dotted', 'dot')
    expect(await get(acme.client, 'dot')).toBe('dotted')
    for (const [key, name] of [
      [acme.key, 'bolt'],
      [bolt.key, 'acme'],
      [acme.key, 'nobody'],
    ] as const) {
      const refusal = name === 'nobody' ? 'AccessDenied' : 'InvalidAccessKeyId'
      await expect(get(atHost(key, name))).rejects.toMatchObject({ name: refusal, $metadata: { httpStatusCode: 403 } })
    }
    await expect(get(server.clientOf({ ...acme.key, secretAccessKey: bolt.key.secretAccessKey }))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    })
    await expect(get(server.clientOf({ ...acme.key, accessKeyId: 'AKIANOBODY' }))).rejects.toMatchObject({ name: 'InvalidAccessKeyId' })
    for (const odd of ['x'.repeat(600), '%00%00%00', '%F0%9F%98%80'.repeat(3)]) {
      const text = await (
        await fetch(`${server.endpoint}/photos/k?X-Amz-Credential=${odd}%2F20261123%2Fus-east-1%2Fs3%2Faws4_request`)
      ).text()
      expect(text).toContain('<Code>InvalidAccessKeyId</Code>')
    }
    expect((await fetch(`${server.endpoint}/photos/k`)).status).toBe(403)
    const url = await getSignedUrl(acme.client, new GetObjectCommand({ Bucket: 'photos', Key: 'k' }))
    expect(await (await fetch(url)).text()).toBe('of acme')
    expect((await fetch(url.replace(acme.key.accessKeyId, bolt.key.accessKeyId))).status).toBe(403)
    expect(server.faults).toEqual([])
  })

  test('a temporary credential is found by the key that it was made from, and opens no other tenant', async () => {
    const server = await startTenantServer()
    const [acme, bolt] = [await server.make('acme'), await server.make('bolt')]
    for (const { client } of [acme, bolt]) await furnish(client, 'x')
    const sts = new STSClient({ endpoint: server.endpoint, region: 'us-east-1', credentials: acme.key })
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::root:role/any', RoleSessionName: 'test' }))
    sts.destroy()
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {}
    const session = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
    const client = server.clientOf(session)
    expect(await get(client)).toBe('x')
    expect(await (await fetch(await getSignedUrl(client, new GetObjectCommand({ Bucket: 'photos', Key: 'k' })))).text()).toBe('x')
    await expect(get(server.clientOf(session, `bolt.${DOMAIN}`))).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } })
    await expect(get(server.clientOf({ ...session, sessionToken: 'a.b.c' }))).rejects.toMatchObject({ name: 'InvalidAccessKeyId' })
  })

  test('hosts of their own, changed while they are served; no host is two tenants’', async () => {
    const server = await startTenantServer()
    const [acme, bolt] = [await server.make('acme'), await server.make('bolt')]
    await furnish(acme.client, 'of acme')
    await expect(get(server.clientOf(acme.key, 'files.acme.example'))).rejects.toMatchObject({ name: 'NoSuchBucket' })
    await server.tenants.change('acme', { hosts: ['Files.Acme.Example'], requestsMax: null })
    expect(await get(server.clientOf(acme.key, 'files.acme.example'))).toBe('of acme')
    await expect(get(server.clientOf(bolt.key, 'files.acme.example'))).rejects.toMatchObject({ name: 'InvalidAccessKeyId' })
    await expect(server.tenants.change('bolt', { hosts: ['files.acme.example'], requestsMax: null })).rejects.toThrow('Another tenant has')
    await expect(server.tenants.change('acme', { hosts: ['my_files.example'], requestsMax: null })).rejects.toThrow('is no host name')
    // Written by a release that took it: no bucket is below it, and all the rest goes on.
    await server.tenants.catalogue.change('acme', () => ({ hosts: ['my_files.example', 'files.acme.example'] }))
    expect(await get(acme.client)).toBe('of acme')
    expect(await get(server.clientOf(acme.key, 'files.acme.example'))).toBe('of acme')
    await server.tenants.change('acme', { hosts: [], requestsMax: null })
    await server.tenants.change('bolt', { hosts: ['files.acme.example'], requestsMax: null })
    await expect(server.tenants.create({ name: 'acme', hosts: [], requestsMax: null })).rejects.toThrow('There is a tenant acme already')
    await expect(server.tenants.create({ name: 'A b', hosts: [], requestsMax: null })).rejects.toThrow('1 to 63 of a-z 0-9')
    await expect(server.tenants.create({ name: 'new', hosts: ['a/b'], requestsMax: null })).rejects.toThrow('is no host name')
    expect(server.faults).toEqual([])
  })

  test('a host of the server itself is nobody’s', async () => {
    const server = await startTenantServer({ domains: ['all.example'] })
    const acme = await server.make('acme')
    await server.make('bolt')
    await furnish(acme.client, 'of acme')
    for (const host of ['all.example', 'files.all.example', DOMAIN, `files.${DOMAIN}`, 'example']) {
      await expect(server.tenants.change('bolt', { hosts: [host], requestsMax: null })).rejects.toThrow('the server’s own')
    }
    await expect(server.tenants.create({ name: 'coop', hosts: ['all.example'], requestsMax: null })).rejects.toThrow('the server’s own')
    expect(await get(server.clientOf(acme.key, 'all.example'))).toBe('of acme')
    // A command that knew of no domain has given it away: the domain is everybody's all the same.
    await server.tenants.catalogue.change('bolt', () => ({ hosts: ['all.example'] }))
    expect(await buckets(server.clientOf(acme.key, 'all.example'))).toEqual(['photos'])
    expect(await get(server.clientOf(acme.key, 'all.example'))).toBe('of acme')
  })

  test('one that is suspended is refused as AWS does, and goes on where it was', async () => {
    const server = await startTenantServer()
    const [acme, bolt] = [await server.make('acme'), await server.make('bolt')]
    await furnish(acme.client, LARGE)
    await server.tenants.suspend('acme')
    expect(server.tenants.openCount).toBe(1)
    await expect(get(acme.client)).rejects.toMatchObject({ name: 'AccountProblem', $metadata: { httpStatusCode: 403 } })
    await furnish(bolt.client, 'of bolt')
    await server.tenants.resume('acme')
    expect((await get(acme.client))?.length).toBe(LARGE.length)
  })

  test('one that is deleted leaves nothing, and its name to others', async () => {
    const server = await startTenantServer()
    const [acme, bolt] = [await server.make('acme'), await server.make('bolt')]
    await furnish(acme.client, LARGE)
    await furnish(bolt.client, LARGE)
    await server.tenants.delete('acme')
    await expect(get(acme.client)).rejects.toMatchObject({ name: 'InvalidAccessKeyId' })
    expect((await get(bolt.client))?.length).toBe(LARGE.length)
    const folders = await readdir(join(server.directory, 'tenants'))
    expect(folders.map((folder) => folder.split('-')[0])).toEqual(['bolt'])
    const entries = await readdir(join(server.directory, 'blobs'), { recursive: true, withFileTypes: true })
    expect(entries.filter((entry) => entry.isFile())).toHaveLength(1)
    const again = await server.make('acme')
    expect(await buckets(again.client)).toEqual([])
    await expect(get(acme.client)).rejects.toMatchObject({ name: 'InvalidAccessKeyId' })
  })

  test('a deletion that a crash has cut off is gone on with in the background', async () => {
    const server = await startTenantServer()
    const acme = await server.make('acme')
    await furnish(acme.client, LARGE)
    // As after a crash: it is noted, and nothing is done.
    await server.tenants.catalogue.change('acme', () => ({ state: 'deleting' }))
    await expect(get(acme.client)).rejects.toMatchObject({ name: 'AccessDenied' })
    await expect(server.tenants.resume('acme')).rejects.toThrow('is being deleted')
    await server.rounds.round()
    await server.rounds.deletionsDone()
    expect(server.tenants.catalogue.all).toEqual([])
    expect(await readdir(join(server.directory, 'tenants'))).toEqual([])
  })

  test('what they have outlives the server', async () => {
    const directory = await temporaryDirectory()
    const masterKeys = temporaryMasterKeys()
    const first = await startTenantServer({ directory, masterKeys })
    const { key, client } = await first.make('acme')
    await furnish(client, LARGE)
    await first.stop()
    const second = await startTenantServer({ directory, masterKeys })
    expect((await get(second.clientOf(key)))?.length).toBe(LARGE.length)
  })

  test('200 of them with 16 open at a time', async () => {
    const server = await startTenantServer({ openMax: 16 })
    const names = Array.from({ length: 200 }, (_, index) => `t${String(index).padStart(3, '0')}`)
    const inBatches = async <T>(use: (name: string, index: number) => Promise<T>): Promise<readonly T[]> => {
      const done: T[] = []
      for (let at = 0; at < names.length; at += 16) {
        done.push(...(await Promise.all(names.slice(at, at + 16).map((name, index) => use(name, at + index)))))
        expect(server.tenants.openCount).toBeLessThanOrEqual(16)
      }
      return done
    }
    // One in ten is asked over HTTP: a client of the SDK costs as much as a tenant.
    const made = await inBatches(async (name, index) => {
      const tenant = await server.make(name)
      if (index % 10 === 0) await tenant.client.send(new CreateBucketCommand({ Bucket: `of-${name}` }))
      return tenant
    })
    const administration = administerTenants(server.tenants)
    const count = await inBatches(async (name, index) => {
      if (index % 10 === 0) expect(await buckets(made[index]?.client ?? new S3Client())).toEqual([`of-${name}`])
      return administration.within(name, async (own) => (await own.buckets()).length)
    })
    expect(count).toEqual(names.map((_, index) => (index % 10 === 0 ? 1 : 0)))
    expect(server.faults).toEqual([])
  })

  test('each has versions, listings and policies of its own', async () => {
    const server = await startTenantServer()
    const [acme, bolt] = [await server.make('acme'), await server.make('bolt')]
    await furnish(acme.client, 'one')
    await acme.client.send(new PutBucketVersioningCommand({ Bucket: 'photos', VersioningConfiguration: { Status: 'Enabled' } }))
    await put(acme.client, 'two')
    await furnish(bolt.client, 'other')
    await put(bolt.client, 'x', 'z')
    const keysOf = async (client: S3Client): Promise<readonly (string | undefined)[]> =>
      ((await client.send(new ListObjectsV2Command({ Bucket: 'photos' }))).Contents ?? []).map(({ Key }) => Key)
    expect([await keysOf(acme.client), await keysOf(bolt.client)]).toEqual([['k'], ['k', 'z']])
  })
})
