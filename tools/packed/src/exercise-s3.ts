import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'

/** Where an S3 server is, and whose requests it takes. */
export interface Door {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface ExerciseOptions {
  /** Keys that the host of the door does not let through: they must be refused, with nothing written. Default: none. */
  readonly refused?: readonly string[]
  /** The host takes `Content-Length` and `Content-Encoding` out of answers. Default false. */
  readonly dropsLengths?: boolean
}

const BUCKET = 'packed'
/** What URLs, hosts and frameworks like to rewrite. */
const KEYS = [
  'plain.txt',
  'with space.txt',
  'plus+sign',
  'per%cent',
  'per%2Fcent',
  'and&amp;<tag>',
  'emoji-🐈',
  'deep/er/key',
  'folder/',
  'quo\'te"s;a=b,c',
  '[[...path]]',
  'question?hash#back\\slash',
  'dots/a/../b',
  'dots/./c',
  '..',
  'empty//segment',
]
/** Becomes a blob, and is hashed by a worker. */
const LARGE = randomBytes(3 * 1024 ** 2)

/** A client's round: make a bucket, put, get, head, list, range, delete. Rejects at the first thing that is not as it was put. */
export async function exerciseS3(door: Door, options: ExerciseOptions = {}): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = door
  const client = new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true, maxAttempts: 1 })
  try {
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
    const buckets = await client.send(new ListBucketsCommand({}))
    assert.ok(buckets.Buckets?.some(({ Name }) => Name === BUCKET))
    const refused = options.refused ?? []
    for (const Key of KEYS.filter((key) => !refused.includes(key))) await roundTrip(client, Key, options)
    for (const Key of refused) {
      await assert.rejects(client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'unseen' })), Error, `${Key} is let through now`)
    }
    const listed = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }))
    assert.deepEqual(listed.Contents?.map(({ Key }) => Key).sort(), KEYS.filter((key) => !refused.includes(key)).sort())
    await largeObject(client)
    const Objects = KEYS.map((Key) => ({ Key }))
    assert.equal((await client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }))).Errors, undefined)
    assert.equal((await client.send(new ListObjectsV2Command({ Bucket: BUCKET }))).KeyCount, 1)
  } finally {
    client.destroy()
  }
}

async function roundTrip(client: S3Client, Key: string, { dropsLengths = false }: ExerciseOptions): Promise<void> {
  const Body = `content of ${Key}`
  const put = await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ContentEncoding: 'x-none', Metadata: { name: 'value' } }))
  const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }))
  assert.equal(await got.Body?.transformToString(), Body, `${Key} comes back as something else`)
  const { ETag, ContentLength, ContentEncoding, Metadata } = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key }))
  const seen = { ETag, ContentLength, ContentEncoding, Metadata }
  const told = dropsLengths
    ? { ContentLength: undefined, ContentEncoding: undefined }
    : { ContentLength: Buffer.byteLength(Body), ContentEncoding: 'x-none' }
  assert.deepEqual(seen, { ETag: put.ETag, ...told, Metadata: { name: 'value' } }, `HEAD of ${Key}`)
}

async function largeObject(client: S3Client): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'large', Body: LARGE }))
  const whole = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'large' }))
  assert.ok(LARGE.equals((await whole.Body?.transformToByteArray()) ?? new Uint8Array()), '3 MiB come back as something else')
  const range = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'large', Range: 'bytes=1000-1009' }))
  assert.equal(range.ContentRange, `bytes 1000-1009/${LARGE.length}`)
  assert.ok(LARGE.subarray(1000, 1010).equals((await range.Body?.transformToByteArray()) ?? new Uint8Array()), 'a range is another')
}
