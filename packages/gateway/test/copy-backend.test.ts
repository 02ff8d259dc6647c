import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { describe, expect, test } from 'vitest'
import { startTestServer } from '../src/testing.ts'
import { runCommand, serveHere } from './stowage-command.ts'
import type { Ran } from './stowage-command.ts'
import { clientOf, serve, startStowage, temporaryDirectory } from './stowage-process.ts'

const SIZE = 200_000

async function put(client: S3Client, key: string): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: 'photos', Key: key, Body: Buffer.alloc(SIZE, key) }))
}

async function expectThere(client: S3Client, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: key }))
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(Buffer.alloc(SIZE, key))).toBe(true)
  }
}

async function blobs(directory: string): Promise<number> {
  const entries = await readdir(join(directory, 'blobs'), { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).length
}

/** A command with credentials of AWS in its environment, where their SDK looks for them. */
async function runWith(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<Ran> {
  const process = startStowage(args, env)
  const code = await process.ended
  return { code: code ?? -1, stdout: process.stdout(), stderr: process.stderr() }
}

describe('stowage copy-backend', { timeout: 120_000 }, () => {
  test('while the directory is served, and after it, and back again', async () => {
    const parent = await temporaryDirectory()
    const [data, other] = [join(parent, 'data'), join(parent, 'other')]
    const first = await serveHere([data, '--bucket', 'photos'])
    const client = clientOf(first.ready)
    for (const key of ['a', 'b', 'c']) await put(client, key)
    // Only a store without bytes is told where they go.
    const copied = await runCommand(['copy-backend', data, '--to', `file:${other}`, '--json'])
    expect(copied).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(copied.stdout)).toEqual({ to: `file:${other}`, blobs: 3, bytes: 3 * SIZE, present: 0 })
    await put(client, 'd')
    await expectThere(client, ['a', 'b', 'c', 'd'])
    expect([await blobs(data), await blobs(other)]).toEqual([3, 4])
    expect(await runCommand(['copy-backend', data, '--to', `file:${other}`])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('already'),
    })
    await first.stop()

    // The directory remembers; another place is refused, with what to do.
    expect(await runCommand(['fsck', data, '--deep'])).toMatchObject({ code: 0 })
    const elsewhere = await runCommand(['serve', data, '--port', '0', '--backend', `file:${join(parent, 'third')}`])
    expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining(`are in file:${other}, not in`) })
    const wrong = await runCommand(['copy-backend', data, '--from', 'file:/nowhere', '--to', `file:${data}`])
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining(`come from file:${other}, not from file:/nowhere`) })
    expect(await runCommand(['copy-backend', data, '--from', `file:${other}`, '--to', `file:${data}`])).toMatchObject({
      code: 0,
      stdout: `${JSON.stringify({ to: 'file:', blobs: 1, bytes: SIZE, present: 3 })}\n`,
    })
    const second = await serveHere([data])
    await expectThere(clientOf(second.ready), ['a', 'b', 'c', 'd'])
  })

  test('a backend that cannot be made ready is not remembered', async () => {
    const parent = await temporaryDirectory()
    const [data, taken] = [join(parent, 'data'), join(parent, 'taken')]
    await writeFile(taken, 'a file')
    expect(await runCommand(['serve', data, '--port', '0', '--backend', `file:${taken}`])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`'init' (ENOTDIR). ENOTDIR: not a directory, mkdir '${taken}`),
    })
    const served = await serveHere([data, '--bucket', 'photos'])
    await put(clientOf(served.ready), 'a')
    expect(await blobs(data)).toBe(1)
  })

  test('serve --backend is remembered, and bad wishes are refused before anything is made', async () => {
    const parent = await temporaryDirectory()
    const [data, other] = [join(parent, 'data'), join(parent, 'other')]
    const first = await serveHere([data, '--bucket', 'photos', '--backend', `file:${other}`])
    await put(clientOf(first.ready), 'a')
    await first.stop()
    expect([await blobs(data), await blobs(other)]).toEqual([0, 1])
    const second = await serveHere([data])
    await expectThere(clientOf(second.ready), ['a'])
    for (const [args, complaint] of [
      [['serve', join(parent, 'new'), '--backend', 'ftp://x'], 'A backend is written as s3://'],
      [['serve', '--memory', '--backend', `file:${other}`], 'Leave --backend out'],
      [['copy-backend', data], "required option '--to <url>'"],
      [['copy-backend', data, '--to', 's3://k:v@b'], 'Credentials do not belong'],
      [['copy-backend', data, '--to', `file:${parent}/x`, '--concurrency', '0'], 'from 1 to 64'],
      [['copy-backend', join(parent, 'none'), '--to', `file:${other}`], 'is not a data directory'],
    ] as const) {
      expect(await runCommand(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(complaint) })
    }
  })

  test('to a bucket of S3 and from there: bytes are there, reads can be sent on, and no credentials are in what is kept', async () => {
    await using upstream = await startTestServer({ buckets: ['upstream'] })
    const env = { AWS_ACCESS_KEY_ID: upstream.accessKeyId, AWS_SECRET_ACCESS_KEY: upstream.secretAccessKey, AWS_REGION: upstream.region }
    const parent = await temporaryDirectory()
    const data = join(parent, 'data')
    const url = `s3://upstream/blobs?endpoint=${upstream.endpoint}&pathStyle=true`
    const served = await serve([data, '--bucket', 'photos', '--backend', url, '--redirect-reads'], env)
    const client = clientOf(served.ready)
    await put(client, 'a')
    await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'large', Body: Buffer.alloc(2 * 1024 ** 2, 'x') }))
    await expectThere(client, ['a'])
    expect(await blobs(data)).toBe(0)
    const signed = await getSignedUrl(client, new GetObjectCommand({ Bucket: 'photos', Key: 'large' }))
    const sent = await fetch(signed, { redirect: 'manual' })
    expect([sent.status, new URL(sent.headers.get('location') ?? '').origin]).toEqual([307, upstream.endpoint])
    expect(Buffer.from(await (await fetch(signed)).arrayBuffer()).equals(Buffer.alloc(2 * 1024 ** 2, 'x'))).toBe(true)
    const back = await runWith(env, ['copy-backend', data, '--from', url, '--to', 'file:', '--json'])
    expect(back).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(back.stdout)).toEqual({ to: 'file:', blobs: 2, bytes: SIZE + 2 * 1024 ** 2, present: 0 })
    await expectThere(client, ['a'])
    expect(await blobs(data)).toBe(2)
    served.child.kill('SIGTERM')
    await served.ended
    expect(await runCommand(['fsck', data, '--deep'])).toMatchObject({ code: 0 })
    const files = await readFile(join(data, 'metadata.sqlite'))
    expect(files.includes(upstream.secretAccessKey)).toBe(false)
  })

  test('a bucket that is not there, or refuses us, is said before anything is served or moved', async () => {
    await using upstream = await startTestServer({ buckets: ['upstream'] })
    const parent = await temporaryDirectory()
    const env = { AWS_ACCESS_KEY_ID: upstream.accessKeyId, AWS_SECRET_ACCESS_KEY: upstream.secretAccessKey, AWS_REGION: upstream.region }
    const missing = await runWith(env, [
      'serve',
      join(parent, 'a'),
      '--port',
      '0',
      '--backend',
      `s3://nowhere?endpoint=${upstream.endpoint}&pathStyle=true`,
    ])
    expect(missing).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('the bucket is not there') })
    const strange = { ...env, AWS_SECRET_ACCESS_KEY: 'another secret' }
    const refused = await runWith(strange, [
      'serve',
      join(parent, 'b'),
      '--port',
      '0',
      '--backend',
      `s3://upstream?endpoint=${upstream.endpoint}&pathStyle=true`,
    ])
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.not.stringContaining('another secret') })
    expect(refused.stderr).toMatch(/credential|denied|signature|403/i)
  })
})
