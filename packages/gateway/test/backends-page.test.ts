import { join } from 'node:path'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { startTestServer } from '../src/testing.ts'
import { blocksOf, typed } from './page.ts'
import { clientOf, serve, temporaryDirectory } from './stowage-process.ts'

test('every command of the page, in its order', { timeout: 180_000 }, async () => {
  await using s3 = await startTestServer({ buckets: ['company-bytes'] })
  const env = {
    S3_URL: s3.endpoint,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_REGION: s3.region,
  }
  const cwd = await temporaryDirectory()
  const [first = '', second = '', ...rest] = (await blocksOf('backends.md')).map(({ text }) => text)
  expect(rest).toEqual([])
  // Its own port, and it is to end: otherwise what the page says.
  const [, , , directory = '', ...args] = first.replaceAll('"', '').replace('$S3_URL', s3.endpoint).trim().split(' ')
  expect(directory).toBe('data')
  const { ready } = await serve([join(cwd, directory), ...args], env)
  const client = clientOf(ready)
  const body = Buffer.alloc(100_000, 'x')
  await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a', Body: body }))
  const said = (await typed(second, cwd, env)).trim().split('\n').map((line) => JSON.parse(line) as object) // prettier-ignore
  expect(said).toEqual([
    { to: `file:${join(cwd, 'bytes')}`, blobs: 1, bytes: 100_000, present: 0 },
    { to: expect.stringMatching(/^s3:\/\/company-bytes\/second\?/), blobs: 1, bytes: 100_000, present: 0 },
    expect.objectContaining({ ok: true }),
  ])
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'a' }))
  expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(body)).toBe(true)
})
