import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Client, Operations, Place } from '../client.ts'
import { sdkClient } from '../sdk-client.ts'

const DELETED_AT_ONCE_MAX = 1000

/** In this process, where the others are programs of their own. */
export const awsSdk: Client = {
  name: 'aws-sdk',
  title: 'AWS SDK for JavaScript',
  hasSync: false,
  limits: {},
  setting: null,
  findVersion: async () => {
    const manifest = await readFile(createRequire(import.meta.url).resolve('@aws-sdk/client-s3/package.json'), 'utf8')
    return (JSON.parse(manifest) as { readonly version: string }).version
  },
  connect: async (_tools, target) => operations(await sdkClient(target)),
}

function operations(s3: S3Client): Operations {
  return {
    makeBucket: async (bucket) => void (await s3.send(new CreateBucketCommand({ Bucket: bucket }))),
    put: (place, file) => upload(s3, place, file),
    get: (place, file) => download(s3, place, file),
    list: (bucket) => keysOf(s3, bucket),
    copy: async ({ bucket, key }, toKey) => {
      const CopySource = `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`
      await s3.send(new CopyObjectCommand({ Bucket: bucket, Key: toKey, CopySource }))
    },
    getRange: (place, { first, last }, file) => download(s3, place, file, `bytes=${first}-${last}`),
    presignGet: ({ bucket, key }) => getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket, Key: key })),
    presignPut: ({ bucket, key }) => getSignedUrl(s3, new PutObjectCommand({ Bucket: bucket, Key: key })),
    syncUp: async (directory, { bucket, prefix }) => {
      for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
        const file = join(entry.parentPath, entry.name)
        if (!entry.isFile()) continue
        const Key = `${prefix}/${relative(directory, file)}`
        await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: await readFile(file) }))
      }
    },
    syncDown: async ({ bucket, prefix }, directory) => {
      for (const key of await keysOf(s3, bucket, `${prefix}/`))
        await download(s3, { bucket, key }, join(directory, key.slice(prefix.length + 1)))
    },
    remove: async ({ bucket, key }) => void (await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))),
    empty: (bucket) => empty(s3, bucket),
    removeBucket: async (bucket) => {
      await s3.send(new DeleteBucketCommand({ Bucket: bucket }))
      s3.destroy()
    },
  }
}

/** `Upload` sends a small body by PutObject, and a large one in parts, as applications do. */
async function upload(s3: S3Client, { bucket, key }: Place, file: string): Promise<void> {
  await new Upload({ client: s3, params: { Bucket: bucket, Key: key, Body: createReadStream(file) } }).done()
}

async function download(s3: S3Client, { bucket, key }: Place, file: string, Range?: string): Promise<void> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...(Range === undefined ? {} : { Range }) }))
  if (!(Body instanceof Readable)) throw new Error('the SDK gave no stream')
  await mkdir(dirname(file), { recursive: true })
  await pipeline(Body, createWriteStream(file))
}

async function keysOf(s3: S3Client, bucket: string, prefix = ''): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const { Contents } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    keys.push(...(Contents ?? []).flatMap(({ Key }) => Key ?? []))
  }
  return keys
}

async function empty(s3: S3Client, bucket: string): Promise<void> {
  const keys = await keysOf(s3, bucket)
  for (let at = 0; at < keys.length; at += DELETED_AT_ONCE_MAX) {
    const Objects = keys.slice(at, at + DELETED_AT_ONCE_MAX).map((Key) => ({ Key }))
    const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }))
    if (Errors !== undefined && Errors.length > 0) throw new Error(`${Errors.length} keys were not deleted: ${Errors[0]?.Code}`)
  }
}
