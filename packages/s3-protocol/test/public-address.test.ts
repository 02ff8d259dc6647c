import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door, DoorOptions } from './door.ts'
import { openProxy } from './proxy.ts'
import type { Proxy, ProxyOptions } from './proxy.ts'
import { amzDate, presign } from './signer.ts'

const MOUNT = '/storage/v1/s3'
const KEY = 'a b/+%25/../ü//'
const opened: { readonly door: Door; readonly proxy: Proxy; readonly client: S3Client }[] = []

afterEach(async () => {
  for (const { door, proxy, client } of opened.splice(0)) {
    client.destroy()
    proxy.server.close()
    proxy.server.closeAllConnections()
    expect(door.faults).toEqual([])
    await door.close()
  }
})

/** A door behind a proxy, and the SDK before it: its endpoint is the proxy's, with a path where there is one. */
async function open(
  proxied: ProxyOptions,
  { path, options }: { readonly path: string; readonly options: (url: string) => DoorOptions },
): Promise<{ readonly door: Door; readonly url: string; readonly client: S3Client }> {
  const proxy = await openProxy(proxied)
  const url = `http://127.0.0.1:${proxy.port}${path}`
  const door = await openDoor({ limits: { partSizeMin: 1 }, ...options(url) })
  proxy.target = door.port
  const { accessKeyId, secretAccessKey } = ANN
  const client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
  opened.push({ door, proxy, client })
  return { door, url, client }
}

async function useIt(client: S3Client, url: string): Promise<void> {
  const [Bucket, Key] = [BUCKET, KEY]
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'through it' }))
  expect((await client.send(new ListObjectsV2Command({ Bucket }))).Contents?.map((object) => object.Key)).toEqual([Key])
  const presigned = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key }))
  expect(presigned.startsWith(url)).toBe(true)
  // fetch would take the dots out of the path; a plain key shows as much.
  await client.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: 'through it' }))
  const plain = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'plain' }))
  expect(await (await fetch(plain)).text()).toBe('through it')
  expect((await fetch(plain.replace('/plain', '/other'))).status).toBe(403)
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }))
  const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 1, Body: 'x' }))
  const Parts = [{ PartNumber: 1, ETag }]
  const done = await client.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts } }))
  expect(done.Location).toBe(`${url}/${BUCKET}/parts`)
}

describe('a public address', () => {
  test.each<[string, ProxyOptions, string]>([
    ['a proxy that rewrites Host', {}, ''],
    ['a proxy with a path, which it leaves', {}, MOUNT],
    ['a proxy with a path, which it leaves, and Host too', { keepHost: true }, MOUNT],
    ['a proxy with a path, which it takes off', { strip: MOUNT }, MOUNT],
    ['a proxy with a path, which it takes off, and that leaves Host', { strip: MOUNT, keepHost: true }, MOUNT],
  ])('%s', async (_, proxied, path) => {
    const { client, url } = await open(proxied, { path, options: (publicUrl) => ({ publicUrls: ['https://s3.example.com', publicUrl] }) })
    // Told of another address first, so that the right one is looked for.
    if (proxied.keepHost === true) await useIt(client, url)
    else await expect(client.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: 'x' }))).resolves.toBeDefined()
  })

  test.each<[string, ProxyOptions, string]>([
    ['rewrites Host', {}, ''],
    ['leaves the path', {}, MOUNT],
    ['takes the path off', { strip: MOUNT }, MOUNT],
  ])('of its own is enough where a proxy %s', async (_, proxied, path) => {
    const { client, url, door } = await open(proxied, { path, options: (publicUrl) => ({ publicUrls: [publicUrl] }) })
    await useIt(client, url)
    // Whoever does without the proxy signs what he sends.
    expect((await door.ann.send('GET', `/${BUCKET}/plain`)).text).toBe('through it')
  })

  test('whose path begins as the name of a bucket: the signature says which was meant', async () => {
    const { client, url, door } = await open({}, { path: `/${BUCKET}`, options: (publicUrl) => ({ publicUrls: [publicUrl] }) })
    await door.ann.send('PUT', '/music')
    // Through the proxy, which rewrites Host: the path is the address's.
    await client.send(new PutObjectCommand({ Bucket: 'music', Key: 'k', Body: 'through it' }))
    // Past it: the path begins with the bucket.
    expect((await door.ann.send('PUT', `/${BUCKET}/music/k`, { body: 'past it' })).outcome).toBe('200')
    expect((await door.ann.send('GET', `/${BUCKET}/music/k`)).text).toBe('past it')
    expect((await door.ann.send('GET', '/music/k')).text).toBe('through it')
    const target = presign(
      { method: 'GET', target: `/${BUCKET}/music/k`, headers: [['host', `127.0.0.1:${door.port}`]], date: amzDate(new Date()) },
      ANN,
    )
    expect((await door.anonymous.send('GET', target)).text).toBe('past it')
    const presigned = await getSignedUrl(client, new GetObjectCommand({ Bucket: 'music', Key: 'k' }))
    expect(presigned.startsWith(url)).toBe(true)
    expect(await (await fetch(presigned)).text()).toBe('through it')
    expect((await fetch(presigned.replace('/k?', '/other?'))).status).toBe(403)
  })

  test('that nobody told of is no address: the signature does not match', async () => {
    const { client } = await open({ strip: MOUNT }, { path: MOUNT, options: () => ({}) })
    await expect(client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'k', Body: 'x' }))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    })
  })

  test('beside sub-domains: a signature for one bucket does for no other that Host names', async () => {
    const door = await openDoor({ domains: ['s3.test'], publicUrls: ['https://s3.test'] })
    onTestFinished(() => door.close())
    await door.ann.send('PUT', '/music')
    const presigned = (host: string, target: string): string =>
      presign({ method: 'PUT', target, headers: [['host', host]], date: amzDate(new Date()) }, ANN)
    const send = async (target: string, host: string): Promise<string> => {
      const to = (header: readonly [string, string]): readonly [string, string] => (header[0] === 'host' ? ['host', host] : header)
      return (await door.anonymous.send('PUT', target, { body: 'x', tamper: (headers) => headers.map(to) })).outcome
    }
    const forPhotos = presigned('s3.test', `/${BUCKET}/k`)
    expect(await send(forPhotos, 'music.s3.test')).toBe('403 SignatureDoesNotMatch')
    expect(await send(presigned('music.s3.test', `/${BUCKET}/k`), 's3.test')).toBe('403 SignatureDoesNotMatch')
    expect(await send(forPhotos, 'behind.a.proxy')).toBe('200')
    expect(await send(presigned('music.s3.test', '/k'), 'music.s3.test')).toBe('200')
    expect((await door.ann.send('GET', '/music')).all('Key')).toEqual(['k'])
  })

  test.each(['s3.example.com', 'ftp://example.com', 'https://example.com/?x', 'https://a:b@example.com', 'https://example.com/a%20b'])(
    '%s is none',
    async (publicUrl) => {
      await expect(openDoor({ publicUrls: [publicUrl] })).rejects.toThrow('is no public address')
    },
  )

  test('none lies below another one of its host', async () => {
    for (const publicUrls of [
      ['https://s3.test', 'https://s3.test/data'],
      ['https://s3.test/a/b', 'http://s3.test/a'],
    ])
      await expect(openDoor({ publicUrls })).rejects.toThrow('lies below')
    const door = await openDoor({ publicUrls: ['https://s3.test/a', 'http://s3.test/a', 'https://s3.test/ab', 'https://example.com'] })
    await door.close()
  })

  test('there are at most 8', async () => {
    const publicUrls = Array.from({ length: 9 }, (_, index) => `https://s${index}.example.com`)
    await expect(openDoor({ publicUrls })).rejects.toThrow('at most 8')
  })
})

describe('a trusted proxy', () => {
  const say = (host: string): Readonly<Record<string, string>> => ({ 'x-forwarded-host': host, 'x-forwarded-prefix': MOUNT })

  test('says what it has changed', async () => {
    const { client, url } = await open({ strip: MOUNT, say }, { path: MOUNT, options: () => ({ trustedProxies: ['127.0.0.0/8'] }) })
    await useIt(client, url)
  })

  test('and nobody else', async () => {
    const { client } = await open({ strip: MOUNT, say }, { path: MOUNT, options: () => ({ trustedProxies: ['192.0.2.1'] }) })
    await expect(client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'k', Body: 'x' }))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    })
  })
})
