import { connect } from 'node:net'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { refused, said, serveHere } from './stowage-command.ts'
import { clientOf, serve, startStowage, subdomainClientOf, temporaryDirectory } from './stowage-process.ts'

describe('stowage serve', { timeout: 60_000 }, () => {
  test('--json prints one line when it listens, and the credentials work and are kept', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const first = await serve([data, '--bucket', 'photos', '--bucket', 'music'])
    expect(Object.keys(first.ready)).toEqual(['endpoint', 'region', 'accessKeyId', 'secretAccessKey'])
    expect(first.ready.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:[1-9][0-9]+$/)
    const client = clientOf(first.ready)
    await client.send(new HeadBucketCommand({ Bucket: 'photos' }))
    await client.send(new HeadBucketCommand({ Bucket: 'music' }))
    await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a', Body: 'hello' }))
    first.child.kill('SIGTERM')
    expect(await first.ended).toBe(0)
    expect(first.stdout().trim().split('\n')).toHaveLength(1)
    expect((await stat(join(data, 'credentials.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(data)).mode & 0o777).toBe(0o700)

    const second = await serveHere([data, '--bucket', 'photos'])
    expect(second.ready).toMatchObject({ accessKeyId: first.ready.accessKeyId, secretAccessKey: first.ready.secretAccessKey })
    const { Body } = await clientOf(second.ready).send(new GetObjectCommand({ Bucket: 'photos', Key: 'a' }))
    expect(await Body?.transformToString()).toBe('hello')
  })

  test('takes credentials from the environment, both or neither', async () => {
    const env = { STOWAGE_ACCESS_KEY_ID: 'my-key', STOWAGE_SECRET_ACCESS_KEY: 'my-long-secret' }
    const server = await serve(['--memory', '--bucket', 'photos'], env)
    expect(server.ready).toMatchObject({ accessKeyId: 'my-key', secretAccessKey: 'my-long-secret' })
    await clientOf(server.ready).send(new HeadBucketCommand({ Bucket: 'photos' }))
    expect(await refused(['serve', '--memory', '--port', '0'], { STOWAGE_ACCESS_KEY_ID: 'my-key' })).toContain('go together')
  })

  test('--region and --domain: what clients sign for, and buckets as sub-domains', async () => {
    const server = await serveHere(['--memory', '--bucket', 'photos', '--region', 'eu-west-7', '--domain', 's3.test'])
    expect(server.ready.region).toBe('eu-west-7')
    const client = clientOf(server.ready)
    expect((await client.send(new HeadBucketCommand({ Bucket: 'photos' }))).BucketRegion).toBe('eu-west-7')
    await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a/b', Body: 'by path' }))
    const bySubdomain = subdomainClientOf(server.ready, 's3.test')
    const { Body } = await bySubdomain.send(new GetObjectCommand({ Bucket: 'photos', Key: 'a/b' }))
    expect(await Body?.transformToString()).toBe('by path')
    await expect(bySubdomain.send(new GetObjectCommand({ Bucket: 'music', Key: 'a/b' }))).rejects.toMatchObject({ name: 'NoSuchBucket' })
  })

  test('--tls-cert and --tls-key: HTTPS', async () => {
    const [cert, key] = ['localhost-cert.pem', 'localhost-key.pem'].map((name) =>
      fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)),
    )
    const { ready } = await serveHere(['--memory', '--bucket', 'photos', '--tls-cert', cert ?? '', '--tls-key', key ?? ''])
    expect(ready.endpoint).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    const httpsAgent = new Agent({ ca: await readFile(cert ?? '') })
    const client = clientOf(ready, { requestHandler: { httpsAgent } })
    await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a', Body: 'over TLS' }))
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'a' }))
    expect(await Body?.transformToString()).toBe('over TLS')
    for (const [args, sentence] of [
      [['--tls-cert', cert ?? ''], 'go together'],
      [['--tls-cert', '/nowhere.pem', '--tls-key', key ?? ''], 'cannot be read'],
      [['--tls-cert', key ?? '', '--tls-key', key ?? ''], 'no certificate and its key'],
    ] as const) {
      expect(await refused(['serve', '--memory', '--port', '0', ...args])).toContain(sentence)
    }
  })

  test('answers probes', async () => {
    const { ready } = await serveHere(['--memory'])
    for (const [path, text] of [
      ['/health', '{"status":"ok"}\n'],
      ['/ready', '{"status":"ready"}\n'],
    ] as const) {
      const answer = await fetch(`${ready.endpoint}${path}`)
      expect([answer.status, await answer.text()]).toEqual([200, text])
    }
    expect((await fetch(`${ready.endpoint}/health?list-type=2`)).status).toBe(404)
  })

  test('--config: accounts that own their own buckets', async () => {
    const file = join(await temporaryDirectory(), 'stowage.json')
    const keys = (name: string) => [{ accessKeyId: `${name}KEY`, secretAccessKey: `the secret of ${name}` }]
    const accounts = [
      { id: 'ann', displayName: 'Ann Example', keys: keys('ANN') },
      { id: 'bob', keys: keys('BOB') },
    ]
    await writeFile(file, JSON.stringify({ accounts }))
    const { ready } = await serveHere(['--memory', '--config', file, '--bucket', 'of-root'])
    const [ann, bob] = accounts.map((account) => clientOf({ ...ready, ...account.keys[0] }))
    await ann?.send(new CreateBucketCommand({ Bucket: 'of-ann' }))
    expect(await ann?.send(new ListBucketsCommand({}))).toMatchObject({
      Owner: { ID: 'ann', DisplayName: 'Ann Example' },
      Buckets: [{ Name: 'of-ann' }],
    })
    expect((await bob?.send(new ListBucketsCommand({})))?.Buckets).toEqual([])
    await expect(bob?.send(new PutObjectCommand({ Bucket: 'of-ann', Key: 'k', Body: 'x' }))).rejects.toMatchObject({ name: 'AccessDenied' })
    await writeFile(file, '{ "accounts": 1 }')
    expect(await refused(['serve', '--memory', '--port', '0', '--config', file])).toMatch(/accounts is not a list/)
  })

  test('keys shows what a directory keeps, served or not, and makes none', async () => {
    const data = join(await temporaryDirectory(), 'data')
    expect(await refused(['keys', data])).toContain('keeps no credentials')
    await expect(stat(data)).rejects.toThrow('ENOENT')
    const server = await serveHere([data])
    const { accessKeyId, secretAccessKey } = server.ready
    expect(await said(['keys', data])).toEqual({ accessKeyId, secretAccessKey })
    await server.stop()
    const after = startStowage(['keys', data, '--json'])
    expect(await after.ended).toBe(0)
    expect(JSON.parse(after.stdout())).toEqual({ accessKeyId, secretAccessKey })
  })

  test('prints a box with the endpoint, the keys and lines to paste', async () => {
    const server = startStowage(['serve', '--memory', '--port', '0', '--bucket', 'photos'])
    while (!server.stdout().includes('mc ls')) await new Promise((resolve) => server.child.stdout?.once('data', resolve))
    expect(server.stdout()).toMatch(/Endpoint\s+http:\/\/127\.0\.0\.1:\d+/)
    expect(server.stdout()).toMatch(/Secret key\s+\S{40}/)
    for (const client of ['AWS CLI', 'AWS SDK', 'rclone', 's3cmd', 'mc'])
      expect(server.stdout()).toMatch(new RegExp(`^${client}:\\n  \\S`, 'm'))
    // Those for a shell are run by tools/clients, with the clients.
    const line = /^AWS SDK:\n +(.*)$/m.exec(server.stdout())?.[1]
    const client = runInNewContext(line ?? '', { S3Client }) as S3Client
    expect((await client.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toEqual(['photos'])
    client.destroy()
    server.child.kill('SIGINT')
    expect(await server.ended).toBe(0)
    expect(server.stderr()).not.toContain('Error')
  })

  test.each([
    [['serve', '--prot', '80'], '--port'],
    [['serve', '--port', '70000'], '65535'],
    [['serve', '--port', 'http'], '65535'],
    [['serve', '--log-level', 'loud'], 'silent, error, warn, info, debug'],
    [['serve', '--memory', '--region', 'EU West', '--port', '0'], 'A region is'],
    [['serve', '--memory', '--domain', 's3.test:80', '--port', '0'], 'A domain is'],
    [['serve', 'one', '--memory'], '--memory keeps nothing'],
    [['serve', 'one', 'two'], 'too many arguments'],
    [['sevre'], 'serve'],
    [['serve', '--memory', '--bucket', 'UPPER', '--port', '0'], 'UPPER'],
    [['serve', '--memory', '--host', '192.0.2.1', '--port', '0'], 'Cannot listen'],
  ])('%j is refused with a sentence', async (args, sentence) => {
    expect(await refused(args)).toContain(sentence)
  })

  test('what is refused ends the process with a code that says so', async () => {
    const process = startStowage(['serve', '--memory', '--host', '192.0.2.1', '--port', '0'])
    expect([await process.ended, process.stdout()]).toEqual([2, ''])
    expect(process.stderr()).toMatch(/^stowage: Cannot listen .*\n$/)
  })

  test('a port that is taken, and a directory that is in use, are said in a sentence', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const server = await serve([data])
    const { port } = new URL(server.ready.endpoint)
    expect(await refused(['serve', '--memory', '--port', port])).toContain('--port')
    expect(await refused(['serve', data, '--port', '0'])).toMatch(/in use by another process/)
    await expect(clientOf(server.ready).send(new HeadBucketCommand({ Bucket: 'absent' }))).rejects.toMatchObject({ name: 'NotFound' })
  })

  test('a damaged credentials file is an error, not a new pair', async () => {
    const data = await temporaryDirectory()
    await writeFile(join(data, 'credentials.json'), '{"accessKeyId": 3')
    expect(await refused(['serve', data, '--port', '0'])).toContain('damaged')
    expect(await readFile(join(data, 'credentials.json'), 'utf8')).toBe('{"accessKeyId": 3')
  })

  test('SIGTERM lets a request under way finish, and takes no new one', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const server = await serve([data, '--bucket', 'photos'])
    const half = Buffer.alloc(512 * 1024, 1)
    let release: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (release = resolve))
    const body = async function* (): AsyncGenerator<Buffer> {
      yield half
      await gate
      yield half
    }
    const { Readable } = await import('node:stream')
    const client = clientOf(server.ready)
    const put = client.send(
      new PutObjectCommand({ Bucket: 'photos', Key: 'slow', Body: Readable.from(body()), ContentLength: 2 * half.length }),
    )
    await untilArrived(data)
    server.child.kill('SIGTERM')
    await expect(untilRefused(server.ready.endpoint)).resolves.toBeUndefined()
    release()
    await put
    expect(await server.ended).toBe(0)
    const again = await serveHere([data])
    const { ContentLength } = await clientOf(again.ready).send(new HeadObjectCommand({ Bucket: 'photos', Key: 'slow' }))
    expect(ContentLength).toBe(2 * half.length)
  })
})

/** Waits until the blob has a file: the request is then under way for sure. */
async function untilArrived(data: string): Promise<void> {
  const { readdir } = await import('node:fs/promises')
  for (;;) {
    const entries = await readdir(join(data, 'blobs'), { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile())
    if (files.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Waits until nobody accepts connections any more. */
async function untilRefused(endpoint: string): Promise<void> {
  const { hostname, port } = new URL(endpoint)
  for (;;) {
    const refused = await new Promise<boolean>((resolve) => {
      const socket = connect(Number(port), hostname)
      socket.once('connect', () => resolve(false)).once('error', () => resolve(true))
      socket.once('connect', () => socket.destroy())
    })
    if (refused) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
