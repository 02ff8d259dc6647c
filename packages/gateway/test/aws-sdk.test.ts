import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { describe, expect, test } from 'vitest'
import { serveHere } from './stowage-command.ts'
import { clientOf } from './stowage-process.ts'

const MIB = 1024 * 1024
const Bucket = 'photos'

async function open(): Promise<S3Client> {
  const server = await serveHere(['--memory', '--bucket', Bucket])
  return clientOf(server.ready)
}

async function read(client: S3Client, Key: string, more: { readonly Range?: string; readonly PartNumber?: number } = {}): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...more }))
  return Buffer.from((await Body?.transformToByteArray()) ?? [])
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

describe('the AWS SDK for JavaScript', { timeout: 60_000 }, () => {
  test('puts, heads, gets, copies and deletes, with its default checksums', async () => {
    const client = await open()
    const bytes = randomBytes(100_000)
    const put = await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'a b/ü+%.bin',
        Body: bytes,
        ContentType: 'image/png',
        Metadata: { who: 'me' },
        CacheControl: 'no-store',
      }),
    )
    expect(put.ETag).toBe(`"${md5(bytes)}"`)
    expect(put.ChecksumCRC32).toMatch(/^[A-Za-z0-9+/]{6}==$/)
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'a b/ü+%.bin', ChecksumMode: 'ENABLED' }))
    expect(head).toMatchObject({
      ContentLength: 100_000,
      ContentType: 'image/png',
      Metadata: { who: 'me' },
      CacheControl: 'no-store',
      ETag: put.ETag,
      ChecksumCRC32: put.ChecksumCRC32,
      ChecksumType: 'FULL_OBJECT',
    })
    expect((await read(client, 'a b/ü+%.bin')).equals(bytes)).toBe(true)
    expect((await read(client, 'a b/ü+%.bin', { Range: 'bytes=10-19' })).equals(bytes.subarray(10, 20))).toBe(true)
    expect((await read(client, 'a b/ü+%.bin', { Range: 'bytes=-5' })).equals(bytes.subarray(-5))).toBe(true)
    const copied = await client.send(
      new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: encodeURIComponent(`${Bucket}/a b/ü+%.bin`) }),
    )
    expect(copied.CopyObjectResult?.ETag).toBe(put.ETag)
    expect((await read(client, 'copy')).equals(bytes)).toBe(true)
    const { Deleted } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a b/ü+%.bin' }, { Key: 'copy' }, { Key: 'absent' }] } }),
    )
    expect(Deleted?.map(({ Key }) => Key)).toEqual(['a b/ü+%.bin', 'copy', 'absent'])
    await client.send(new DeleteBucketCommand({ Bucket }))
    expect((await client.send(new ListBucketsCommand({}))).Buckets).toEqual([])
  })

  test('a stream of known length goes as unsigned chunks with a trailer', async () => {
    const client = await open()
    const bytes = randomBytes(3 * MIB + 7)
    await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'stream',
        Body: Readable.from([bytes.subarray(0, MIB), bytes.subarray(MIB)]),
        ContentLength: bytes.length,
      }),
    )
    expect((await read(client, 'stream')).equals(bytes)).toBe(true)
  })

  test('Upload: a multipart upload of 23 MiB, its parts and its ETag', async () => {
    const client = await open()
    const bytes = randomBytes(23 * MIB)
    const upload = new Upload({ client, params: { Bucket, Key: 'large', Body: Readable.from([bytes]) }, partSize: 5 * MIB, queueSize: 3 })
    const done = await upload.done()
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-5"$/)
    expect((await read(client, 'large')).equals(bytes)).toBe(true)
    expect(
      (await read(client, 'large', { Range: `bytes=${5 * MIB - 3}-${5 * MIB + 2}` })).equals(bytes.subarray(5 * MIB - 3, 5 * MIB + 3)),
    ).toBe(true)
    expect((await read(client, 'large', { PartNumber: 5 })).equals(bytes.subarray(20 * MIB))).toBe(true)
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'large', PartNumber: 1 }))
    expect(head).toMatchObject({ ContentLength: 5 * MIB, PartsCount: 5 })
  })

  test('multipart by hand: parts, a copied part, a wrong list, completing twice, aborting', async () => {
    const client = await open()
    const bytes = randomBytes(6 * MIB)
    await client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: bytes }))
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k' }))
    const copied = await client.send(
      new UploadPartCopyCommand({
        Bucket,
        Key: 'k',
        UploadId,
        PartNumber: 1,
        CopySource: `${Bucket}/source`,
        CopySourceRange: `bytes=0-${5 * MIB - 1}`,
      }),
    )
    const part = await client.send(new UploadPartCommand({ Bucket, Key: 'k', UploadId, PartNumber: 2, Body: 'tail' }))
    expect(
      (await client.send(new ListPartsCommand({ Bucket, Key: 'k', UploadId }))).Parts?.map(({ PartNumber, Size }) => [PartNumber, Size]),
    ).toEqual([
      [1, 5 * MIB],
      [2, 4],
    ])
    expect((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.map(({ Key }) => Key)).toEqual(['k'])
    const complete = (etags: readonly (string | undefined)[]): CompleteMultipartUploadCommand =>
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: 'k',
        UploadId,
        MultipartUpload: { Parts: etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 })) },
      })
    await expect(client.send(complete([copied.CopyPartResult?.ETag, '"00000000000000000000000000000000"']))).rejects.toMatchObject({
      name: 'InvalidPart',
    })
    const first = await client.send(complete([copied.CopyPartResult?.ETag, part.ETag]))
    const second = await client.send(complete([copied.CopyPartResult?.ETag, part.ETag]))
    expect(second.ETag).toBe(first.ETag)
    expect((await read(client, 'k')).equals(Buffer.concat([bytes.subarray(0, 5 * MIB), Buffer.from('tail')]))).toBe(true)
    const other = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'gone' }))
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'gone', UploadId: other.UploadId }))
    await expect(client.send(new ListPartsCommand({ Bucket, Key: 'gone', UploadId: other.UploadId }))).rejects.toMatchObject({
      name: 'NoSuchUpload',
    })
  })

  test('lists in pages, both ways, with a delimiter and with names XML cannot hold', async () => {
    const client = await open()
    const keys = ['a/1', 'a/2', 'b', 'c/d/e', 'x&amp;y', '\u0001', '\u{1F408}', '\uFFFD']
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
    const found: string[] = []
    for (let token: string | undefined, more = true; more;) {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket, MaxKeys: 3, EncodingType: 'url', ...(token === undefined ? {} : { ContinuationToken: token }) }),
      )
      found.push(...(page.Contents ?? []).map(({ Key }) => decodeURIComponent(Key ?? '')))
      token = page.NextContinuationToken
      more = page.IsTruncated === true
    }
    expect(found).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    const folded = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 2, EncodingType: 'url' }))
    expect(folded.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['a/'])
    expect(folded).toMatchObject({ IsTruncated: true, NextMarker: 'a/' })
    const rest = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', Marker: 'a/', MaxKeys: 2, Prefix: '' }))
    expect([rest.Contents?.map(({ Key }) => Key), rest.CommonPrefixes?.map(({ Prefix }) => Prefix)]).toEqual([['b'], ['c/']])
  })

  test('errors have the names that the SDK knows', async () => {
    const client = await open()
    const failing = (sent: Promise<unknown>): Promise<unknown> =>
      sent.then(
        () => 'no error',
        (error: unknown) => [(error as Error).name, (error as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode],
      )
    expect(await failing(client.send(new GetObjectCommand({ Bucket, Key: 'absent' })))).toEqual(['NoSuchKey', 404])
    expect(await failing(client.send(new HeadObjectCommand({ Bucket, Key: 'absent' })))).toEqual(['NotFound', 404])
    expect(await failing(client.send(new ListObjectsV2Command({ Bucket: 'nowhere' })))).toEqual(['NoSuchBucket', 404])
    expect(await failing(client.send(new CreateBucketCommand({ Bucket: 'No' })))).toEqual(['InvalidBucketName', 400])
    expect(await failing(client.send(new GetBucketPolicyCommand({ Bucket })))).toEqual(['NoSuchBucketPolicy', 404])
    await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    expect(await failing(client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'y', IfNoneMatch: '*' })))).toEqual([
      'PreconditionFailed',
      412,
    ])
    expect(await failing(client.send(new PutObjectCommand({ Bucket, Key: 'absent', Body: 'y', IfMatch: '"x"' })))).toEqual([
      'NoSuchKey',
      404,
    ])
    expect(await failing(client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'y', ContentMD5: md5(Buffer.from('z')) })))).toEqual([
      'InvalidDigest',
      400,
    ])
    expect(await failing(client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'y', ServerSideEncryption: 'AES256' })))).toEqual([
      'NotImplemented',
      501,
    ])
    expect(await failing(client.send(new DeleteBucketCommand({ Bucket })))).toEqual(['BucketNotEmpty', 409])
    expect(await failing(client.send(new GetObjectCommand({ Bucket, Key: 'k', Range: 'bytes=9-' })))).toEqual(['InvalidRange', 416])
    expect((await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined()
    expect((await read(client, 'k')).toString()).toBe('x')
  })

  test('a wrong secret and an unknown key are refused', async () => {
    const server = await serveHere(['--memory', '--bucket', Bucket])
    await expect(clientOf({ ...server.ready, secretAccessKey: 'wrong' }).send(new ListBucketsCommand({}))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    })
    await expect(clientOf({ ...server.ready, accessKeyId: 'UNKNOWN' }).send(new ListBucketsCommand({}))).rejects.toMatchObject({
      name: 'InvalidAccessKeyId',
    })
    const anonymous = await fetch(`${server.ready.endpoint}/${Bucket}`)
    expect([anonymous.status, await anonymous.text()]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')])
  })
})
