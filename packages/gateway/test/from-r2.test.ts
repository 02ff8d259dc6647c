import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GetObjectCommand, ListBucketsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { blocksOf, typed } from './page.ts'
import { clientOf, serve, temporaryDirectory } from './stowage-process.ts'

interface Credential {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

test('every command of the page, in its order, and what each credential may', { timeout: 180_000 }, async () => {
  const cwd = await temporaryDirectory()
  const commands = (await blocksOf('from-r2.md')).filter(({ language }) => language === 'sh').map(({ text }) => text)
  const [first, create = '', temporary = '', revoke = '', ...rest] = commands
  expect([first, rest]).toEqual(['npx stowage serve data --bucket photos\n', []])
  const { ready } = await serve([join(cwd, 'data'), '--bucket', 'photos'])
  const root = clientOf(ready)
  for (const Key of ['public/cat.jpg', 'private/cat.jpg']) await root.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: 'meow' }))
  const credential = async (file: string): Promise<S3Client> => {
    const { accessKeyId, secretAccessKey, sessionToken } = JSON.parse(await readFile(join(cwd, file), 'utf8')) as Credential
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
    return clientOf(ready, { credentials })
  }
  const keys = async (client: S3Client): Promise<unknown> =>
    (await client.send(new ListObjectsV2Command({ Bucket: 'photos' }))).Contents?.map(({ Key }) => Key)
  const refused = (sent: Promise<unknown>, name = 'AccessDenied'): Promise<void> => expect(sent).rejects.toMatchObject({ name })

  await typed(create, cwd)
  const token = await credential('token.json')
  await token.send(new PutObjectCommand({ Bucket: 'photos', Key: 'public/dog.jpg', Body: 'woof' }))
  expect(await keys(token)).toEqual(['private/cat.jpg', 'public/cat.jpg', 'public/dog.jpg'])
  await refused(token.send(new ListBucketsCommand({})))

  await typed(temporary, cwd)
  const reader = await credential('temporary.json')
  expect(await keys(reader)).toEqual(['public/cat.jpg', 'public/dog.jpg'])
  const { Body } = await reader.send(new GetObjectCommand({ Bucket: 'photos', Key: 'public/dog.jpg' }))
  expect(await Body?.transformToString()).toBe('woof')
  await refused(reader.send(new GetObjectCommand({ Bucket: 'photos', Key: 'private/cat.jpg' })))
  await refused(reader.send(new PutObjectCommand({ Bucket: 'photos', Key: 'public/new.jpg', Body: 'x' })))

  await typed(revoke, cwd)
  await refused(keys(token), 'InvalidAccessKeyId')
  await expect(keys(reader)).rejects.toThrow()
})
