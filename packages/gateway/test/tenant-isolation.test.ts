import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rename, truncate, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import type { ClientRequest } from 'node:http'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, GetObjectCommand, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startTenantServer } from './tenant-server.ts'
import type { TenantServer } from './tenant-server.ts'
import { said } from './stowage-command.ts'
import { clientOf, temporaryDirectory } from './stowage-process.ts'
import type { Ready } from './stowage-process.ts'

const put = (client: S3Client, Key: string, Body: string | Buffer = 'x'): Promise<unknown> =>
  client.send(new PutObjectCommand({ Bucket: 'photos', Key, Body }))

const get = async (client: S3Client, Key: string): Promise<string | undefined> =>
  (await client.send(new GetObjectCommand({ Bucket: 'photos', Key }))).Body?.transformToString()

async function furnish(client: S3Client): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: 'photos' }))
  await put(client, 'k', 'as ever')
}

/** That a tenant goes on: it writes, and reads what it wrote. */
async function goesOn(client: S3Client): Promise<void> {
  await put(client, 'new', 'and on')
  expect([await get(client, 'k'), await get(client, 'new')]).toEqual(['as ever', 'and on'])
}

function fileOf({ directory, tenants }: TenantServer, name: string): string {
  const place = tenants.catalogue.find(name)?.place
  return join(directory, 'tenants', place?.kind === 'sqlite' ? place.folder : '', 'metadata.sqlite')
}

/** An upload that has begun and does not end: it takes a slot. */
async function hangingUpload(client: S3Client, Key: string): Promise<ClientRequest> {
  const url = new URL(await getSignedUrl(client, new PutObjectCommand({ Bucket: 'photos', Key })))
  const upload = httpRequest(url, { method: 'PUT', headers: { 'content-length': '1000', expect: '100-continue' } })
  upload.on('error', () => undefined)
  upload.flushHeaders()
  // It is in: the body is waited for.
  await once(upload, 'continue')
  return upload
}

describe('what one tenant has does not hurt another', { timeout: 60_000 }, () => {
  test('a flood: it has so many requests at a time, and the others go on', async () => {
    const server = await startTenantServer()
    const [acme, bolt] = [await server.make('acme', 3), await server.make('bolt')]
    for (const { client } of [acme, bolt]) await furnish(client)
    const uploads = await Promise.all(['a', 'b', 'c'].map((key) => hangingUpload(acme.client, key)))
    const flood = await Promise.allSettled(Array.from({ length: 50 }, () => get(acme.client, 'k')))
    for (const outcome of flood) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'SlowDown', $metadata: { httpStatusCode: 503 } } })
    }
    await goesOn(bolt.client)
    for (const upload of uploads) upload.destroy()
    // The slots are free as soon as the server has seen that nobody sends any more.
    await expect.poll(() => get(acme.client, 'k').catch(() => null)).toBe('as ever')
    expect(server.faults).toEqual([])
  })

  test('an answer that nobody reads keeps its slot, and its tenant open, until it is given up', async () => {
    const server = await startTenantServer({ openMax: 1 })
    const acme = await server.make('acme', 1)
    await acme.client.send(new CreateBucketCommand({ Bucket: 'photos' }))
    await put(acme.client, 'large', Buffer.alloc(16 * 1024 * 1024))
    const url = await getSignedUrl(acme.client, new GetObjectCommand({ Bucket: 'photos', Key: 'large' }))
    const download = httpRequest(url).end()
    const [answer] = (await once(download, 'response')) as [NodeJS.ReadableStream & { destroy(): void }]
    await expect(get(acme.client, 'large')).rejects.toMatchObject({ name: 'SlowDown' })
    const bolt = server.make('bolt')
    expect(server.tenants.openCount).toBe(1)
    answer.destroy()
    await bolt
    await expect.poll(() => get(acme.client, 'large').then((body) => body?.length)).toBe(16 * 1024 * 1024)
    expect(server.faults).toEqual([])
  })

  test('a policy that denies, and one that cannot be read', async () => {
    const server = await startTenantServer()
    const [acme, bolt, coop] = [await server.make('acme'), await server.make('bolt'), await server.make('coop')]
    for (const { client } of [acme, bolt, coop]) await furnish(client)
    const Statement = [{ Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/*' }]
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
    await acme.client.send(new PutBucketPolicyCommand({ Bucket: 'photos', Policy }))
    await server.tenants.suspend('coop')
    const metadata = sqliteMetadata({ file: fileOf(server, 'coop'), worker: 'inline' })
    await metadata.open()
    const write = { kind: 'row-policy', id: 'objects/p', expected: null, body: { mode: 'whatever' }, sealed: null }
    await metadata.writeDocuments({ writes: [write], raisesPolicyVersion: true })
    await metadata.close()
    await server.tenants.resume('coop')
    await expect(get(acme.client, 'k')).rejects.toMatchObject({ name: 'AccessDenied' })
    await expect(get(coop.client, 'k')).rejects.toThrow('stored')
    await goesOn(bolt.client)
  })

  test('a file that is damaged, or that is not there: refused with 503, and looked after no further', async () => {
    const server = await startTenantServer({ openMax: 2 })
    const made = [await server.make('acme'), await server.make('bolt'), await server.make('coop')]
    for (const { client } of made) await furnish(client)
    const [acme, bolt, coop] = made
    for (const name of ['acme', 'coop']) await server.tenants.suspend(name)
    await writeFile(fileOf(server, 'acme'), 'This is no database, however long one looks.'.repeat(2_000))
    await truncate(fileOf(server, 'coop'), 40_000)
    for (const name of ['acme', 'coop']) await server.tenants.resume(name)
    for (const tenant of [acme, coop]) {
      await expect(get(tenant?.client ?? never(), 'k')).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } })
    }
    await goesOn(bolt?.client ?? never())
    await server.rounds.round()
    await goesOn(bolt?.client ?? never())
    await server.tenants.suspend('bolt')
    const folder = dirname(fileOf(server, 'bolt'))
    await rename(folder, `${folder}-unmounted`)
    await server.tenants.resume('bolt')
    await expect(get(bolt?.client ?? never(), 'k')).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } })
    await rename(`${folder}-unmounted`, folder)
    await goesOn(bolt?.client ?? never())
    // It is told, of both: by those who asked and in the background.
    expect(server.faults.length).toBeGreaterThanOrEqual(4)
    // And it can be got rid of.
    await server.tenants.delete('acme')
    expect(server.tenants.catalogue.all.map(({ name }) => name)).toEqual(['bolt', 'coop'])
  })
})

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

interface Made {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

// The kernel cuts files at RLIMIT_FSIZE, each by itself, as a disk does that is full for one tenant. Windows knows no such limit.
if (process.platform !== 'win32') {
  test('a file that the kernel lets grow no more: its tenant reads on, and the others write', { timeout: 60_000 }, async () => {
    const data = join(await temporaryDirectory(), 'data')
    const [acme, bolt] = [await said<Made>(['tenants', 'create', 'acme', data]), await said<Made>(['tenants', 'create', 'bolt', data])]
    const script = 'ulimit -f 6000 && exec "$0" "$@"'
    const args = [process.execPath, '-C', '@stowage/source', MAIN, 'serve', data, '--tenants', '--port', '0', '--json']
    const child = spawn('bash', ['-c', script, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
    onTestFinished(async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    })
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    const ready = JSON.parse(line) as Ready
    const [full, other] = [clientOf({ ...ready, ...acme }), clientOf({ ...ready, ...bolt })]
    for (const client of [full, other]) await furnish(client)
    // Small objects lie in the metadata itself: its file grows.
    const refusals: number[] = []
    for (let number = 0; refusals.length < 3 && number < 1_000; number += 1) {
      await put(full, `o${number}`, Buffer.alloc(60_000, number)).catch((error: unknown) => {
        refusals.push((error as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode)
      })
    }
    expect(refusals).toHaveLength(3)
    for (const status of refusals) expect([503, 507]).toContain(status)
    expect(await get(full, 'k')).toBe('as ever')
    await goesOn(other)
  })
}

function never(): never {
  throw new Error('it was made')
}
