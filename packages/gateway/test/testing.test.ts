import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { startTestServer } from 'stowage/testing'
import { describe, expect, onTestFinished, test } from 'vitest'

describe('startTestServer', () => {
  test('is an S3 server in one line, and stops', async () => {
    const server = await startTestServer({ buckets: ['photos'] })
    const client = new S3Client(server.clientConfig)
    await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'k', Body: 'hello' }))
    expect(await (await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'k' }))).Body?.transformToString()).toBe('hello')
    client.destroy()
    await Promise.all([server.stop(), server.stop(), server[Symbol.asyncDispose]()])
    await expect(fetch(server.endpoint)).rejects.toThrow()
  })

  test('reset empties it, and it goes on under the same address', async () => {
    const server = await startTestServer({ buckets: ['photos'], region: 'eu-west-7', accessKeyId: 'mine', secretAccessKey: 'my secret' })
    onTestFinished(() => server.stop())
    expect(server.clientConfig).toMatchObject({ region: 'eu-west-7', credentials: { accessKeyId: 'mine', secretAccessKey: 'my secret' } })
    const client = new S3Client(server.clientConfig)
    onTestFinished(() => client.destroy())
    for (const round of [1, 2, 3]) {
      expect((await client.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toEqual(['photos'])
      expect((await client.send(new ListObjectsV2Command({ Bucket: 'photos' }))).KeyCount).toBe(0)
      expect((await client.send(new ListMultipartUploadsCommand({ Bucket: 'photos' }))).Uploads ?? []).toEqual([])
      await client.send(new CreateBucketCommand({ Bucket: `more-${round}` }))
      await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'k', Body: Buffer.alloc(300_000) }))
      await client.send(new CreateMultipartUploadCommand({ Bucket: 'photos', Key: 'begun' }))
      await server.reset()
    }
  })

  test('resets at once follow each other, and none follows the end', async () => {
    const server = await startTestServer({ buckets: ['photos'] })
    await Promise.all([server.reset(), server.reset(), server.reset()])
    await server.stop()
    await expect(server.reset()).rejects.toThrow('stopped')
  })

  test('several do not know of each other', async () => {
    const [one, other] = await Promise.all([startTestServer({ buckets: ['photos'] }), startTestServer({ buckets: ['music'] })])
    onTestFinished(async () => {
      await Promise.all([one.stop(), other.stop()])
    })
    const client = new S3Client(other.clientConfig)
    onTestFinished(() => client.destroy())
    expect(one.endpoint).not.toBe(other.endpoint)
    await expect(client.send(new ListObjectsV2Command({ Bucket: 'photos' }))).rejects.toMatchObject({ name: 'NoSuchBucket' })
  })

  test('refuses what it does not know, and leaves nothing behind', async () => {
    await expect(startTestServer({ bucket: 'photos' } as object)).rejects.toThrow("unknown option 'bucket'")
    await expect(startTestServer({ buckets: ['No'] })).rejects.toMatchObject({ code: 'InvalidBucketName' })
    const first = await startTestServer()
    onTestFinished(() => first.stop())
    await expect(startTestServer({ port: Number(new URL(first.endpoint).port) })).rejects.toThrow('listens on')
  })
})
