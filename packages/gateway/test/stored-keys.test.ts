import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { refused as refusedCommand, said as saidCommand, serveHere } from './stowage-command.ts'
import { clientOf, serve, temporaryDirectory } from './stowage-process.ts'
import type { Ready } from './stowage-process.ts'

interface Pair {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const said = <T = unknown>(args: readonly string[]): Promise<T> => saidCommand<T>(['keys', ...args])
const create = (args: readonly string[]): Promise<Pair> => said<Pair>(['create', ...args])
const refused = (args: readonly string[]): Promise<string> => refusedCommand(['keys', ...args])

function as({ accessKeyId, secretAccessKey }: Pair, ready: Ready): S3Client {
  return clientOf({ ...ready, accessKeyId, secretAccessKey })
}

const list = (client: S3Client): Promise<unknown> => client.send(new ListBucketsCommand({}))
const UNKNOWN = { name: 'InvalidAccessKeyId', $metadata: { httpStatusCode: 403 } }

describe('stowage keys create, list, rotate, disable, enable, revoke', { timeout: 60_000 }, () => {
  test('while the directory is served: each counts at once', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const { ready } = await serve([data])
    expect(await readdir(data)).not.toContain('master.key')
    const made = await create([data, '--account', 'acme', '--description', 'backups'])
    expect((await stat(join(data, 'master.key'))).mode & 0o777).toBe(0o600)
    const acme = as(made, ready)
    await acme.send(new CreateBucketCommand({ Bucket: 'of-acme' }))
    expect(await acme.send(new ListBucketsCommand({}))).toMatchObject({ Owner: { ID: 'acme' }, Buckets: [{ Name: 'of-acme' }] })
    const scope = { operations: ['PutObject'], prefixes: ['in/'] }
    const child = await create([data, '--parent', made.accessKeyId, '--scope', JSON.stringify(scope), '--expires', '2100-01-01'])
    const inbox = as(child, ready)
    await inbox.send(new PutObjectCommand({ Bucket: 'of-acme', Key: 'in/k', Body: 'x' }))
    await expect(inbox.send(new PutObjectCommand({ Bucket: 'of-acme', Key: 'out/k', Body: 'x' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    })
    await said(['disable', made.accessKeyId, data])
    await expect(list(acme)).rejects.toMatchObject(UNKNOWN)
    await expect(inbox.send(new PutObjectCommand({ Bucket: 'of-acme', Key: 'in/k', Body: 'x' }))).rejects.toMatchObject(UNKNOWN)
    await said(['enable', made.accessKeyId, data])
    await list(acme)
    const rotated = await said<Pair>(['rotate', made.accessKeyId, data])
    expect(rotated.accessKeyId).toBe(made.accessKeyId)
    await expect(list(acme)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
    await list(as(rotated, ready))
    const listed = await said(['list', data, '--account', 'acme'])
    expect(listed).toHaveLength(2)
    expect(listed).toContainEqual(
      expect.objectContaining({ id: child.accessKeyId, parent: made.accessKeyId, scope, expiresAt: '2100-01-01T00:00:00.000Z' }),
    )
    expect(listed).toContainEqual(
      expect.objectContaining({ id: made.accessKeyId, description: 'backups', scope: null, lastUsedAt: expect.any(String) }),
    )
    for (const { secretAccessKey } of [made, child, rotated]) expect(JSON.stringify(listed)).not.toContain(secretAccessKey)
    expect(await said(['revoke', made.accessKeyId, data])).toEqual({ done: true })
    await expect(list(as(rotated, ready))).rejects.toMatchObject(UNKNOWN)
    expect(await refused(['revoke', made.accessKeyId, data])).toContain('names no access key')
    // The pair of the first start is what it was.
    await list(clientOf(ready))
    expect(await said([data])).toEqual({ accessKeyId: ready.accessKeyId, secretAccessKey: ready.secretAccessKey })
  })

  test('before and after: keys and the time of their use outlive the server', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const first = await serveHere([data])
    await first.stop()
    const made = await create([data])
    expect(await said(['list', data])).toMatchObject([{ id: made.accessKeyId, account: 'root', lastUsedAt: null }])
    const second = await serve([data])
    await list(as(made, second.ready))
    second.child.kill('SIGTERM')
    expect(await second.ended).toBe(0)
    expect(await said(['list', data])).toMatchObject([{ id: made.accessKeyId, lastUsedAt: expect.any(String) }])
  })

  test('with a master key from the environment there is none in the directory', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const env = { STOWAGE_MASTER_KEY: '5a'.repeat(32) }
    const server = await serve([data], env)
    const made = await create([data])
    await list(as(made, server.ready))
    expect(await readdir(data)).not.toContain('master.key')
    server.child.kill('SIGTERM')
    await server.ended
    const broken = await refusedCommand(['serve', data, '--port', '0'], { STOWAGE_MASTER_KEY: '5a5a' })
    expect(broken).toMatch(/^stowage: STOWAGE_MASTER_KEY is 32 random bytes/)
    expect(broken).not.toContain('5a5a')
    // Under another one nobody is let in, and it is our fault, not the client's.
    const other = await serveHere([data], { STOWAGE_MASTER_KEY: Buffer.alloc(32, 1).toString('base64') })
    await expect(list(as(made, other.ready))).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } })
    await list(clientOf(other.ready))
  })

  test('what makes no sense is refused with a sentence', async () => {
    const data = join(await temporaryDirectory(), 'data')
    expect(await refused(['create', data])).toContain('is not a data directory')
    await serveHere([data])
    expect(await refused(['create', data, '--scope', '{"planets":[]}'])).toContain('"planets"')
    expect(await refused(['create', data, '--scope', '{'])).toContain('A scope is JSON')
    expect(await refused(['create', data, '--expires', 'tomorrow'])).toContain('A time is written as')
    expect(await refused(['create', data, '--expires', '2020-01-01'])).toContain('is a time to come')
    expect(await refused(['create', data, '--parent', 'AKIAUNKNOWN'])).toContain('names no access key')
    expect(await refused(['create', data, '--parent', 'AKIAUNKNOWN', '--account', 'acme'])).toContain('goes without --parent')
    expect(await refused(['revoke'])).toContain("missing required argument 'key'")
    expect(await said(['list', data])).toEqual([])
  })
})
