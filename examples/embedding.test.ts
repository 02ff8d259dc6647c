import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { serve } from '@hono/node-server'
import type { HttpBindings } from '@hono/node-server'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import type { Engine } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { attach, toFetchHandler, toNodeHandler } from '@stowage/http'
import type { HttpHandler } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'

const MOUNT = '/storage/v1/s3'
const SECRET = 'not much of a secret'
const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Embedded {
  readonly engine: Engine
  readonly client: S3Client
  readonly address: string
}

/** A host with S3 in it, and the SDK before it. `host` starts a server and says where. */
async function embed(host: (s3: HttpHandler) => Promise<string> | string, mount = MOUNT): Promise<Embedded> {
  const faults: unknown[] = []
  const engine = await openEngine({
    metadata: sqliteMetadata({ temporary: true, worker: 'inline' }),
    backend: memoryBackend(),
    policy: ownersOnly(),
    limits: { partSizeMin: 1 },
  })
  closers.push(() => engine.close())
  const me = accountCaller('me', 'AKEXAMPLE')
  await engine.as(me).createBucket({ bucket: { name: 'photos' } })
  const key = { id: 'AKEXAMPLE', version: '1', secretAccessKey: SECRET, caller: me }
  const observer = { event: (...event: unknown[]) => void faults.push(event) }
  const s3 = s3Handler({ engine, region: 'us-east-1', credentials: { find: (id) => (id === key.id ? key : null) }, observer })
  const address = await host(s3)
  const client = new S3Client({
    endpoint: `${address}${mount}`,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: key.id, secretAccessKey: SECRET },
  })
  closers.push(() => {
    client.destroy()
    expect(faults).toEqual([])
  })
  return { engine, client, address }
}

function listen(server: Server): Promise<string> {
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}

/** A server of Hono's for an app. */
async function serveFetch(fetch: Parameters<typeof serve>[0]['fetch']): Promise<string> {
  const server = serve({ fetch, hostname: '127.0.0.1', port: 0 }) as Server
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const HOSTS: Readonly<Record<string, (s3: HttpHandler) => Promise<string>>> = {
  'node:http, attached': (s3) => {
    const server = createServer({ requestTimeout: 0 })
    attach(server, s3, { mount: MOUNT })
    return listen(server)
  },
  'node:http, mounted': (s3) => listen(createServer(toNodeHandler(s3, { mount: MOUNT }))),
  Express: (s3) => listen(createServer(express().use(MOUNT, toNodeHandler(s3)) as RequestListener)),
  'Express, with a router': (s3) => {
    const router = express.Router().use('/s3', toNodeHandler(s3))
    return listen(createServer(express().use('/storage/v1', router) as RequestListener))
  },
  Fastify: async (s3) => {
    const app = Fastify()
    const mounted = toNodeHandler(s3, { mount: MOUNT })
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    app.all(`${MOUNT}/*`, (request, reply) => mounted(request.raw, reply.hijack().raw))
    closers.push(() => app.close())
    return app.listen({ host: '127.0.0.1', port: 0 })
  },
  Hono: async (s3) => {
    const app = new Hono<{ Bindings: HttpBindings }>()
    const mounted = toFetchHandler(s3, { mount: MOUNT })
    app.all(`${MOUNT}/*`, (context) => mounted(context.req.raw, { target: context.env.incoming.url ?? '/' }))
    return serveFetch(app.fetch)
  },
}

describe.each(Object.entries(HOSTS))('%s at /storage/v1/s3', (_, host) => {
  test('objects under every name, ranges, listings, presigned URLs, parts', async () => {
    const { client, address } = await embed(host)
    const Bucket = 'photos'
    const keys = ['plain', 'a b/+%25/ü&=', 'a//b/', '../up/./x', '%2e%2e', '🐈', 'k'.repeat(1024)]
    for (const Key of keys) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: `of ${Key}`, ContentType: 'application/json', Metadata: { a: 'b' } }))
      const { Body, Metadata } = await client.send(new GetObjectCommand({ Bucket, Key }))
      expect([await Body?.transformToString(), Metadata]).toEqual([`of ${Key}`, { a: 'b' }])
    }
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
    expect(new Set(Contents.map(({ Key }) => Key))).toEqual(new Set(keys))
    const ranged = await client.send(new GetObjectCommand({ Bucket, Key: 'plain', Range: 'bytes=3-' }))
    expect([ranged.ContentRange, await ranged.Body?.transformToString()]).toEqual(['bytes 3-7/8', 'plain'])
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'plain' }))).ContentLength).toBe(8)
    await expect(client.send(new GetObjectCommand({ Bucket, Key: 'absent' }))).rejects.toMatchObject({ name: 'NoSuchKey' })
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'a b/+%25/ü&=' }))
    expect(await (await fetch(url)).text()).toBe('of a b/+%25/ü&=')
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'large' }))
    const Body = Buffer.alloc(3_000_000, 'large')
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key: 'large', UploadId, PartNumber: 1, Body }))
    const Parts = [{ PartNumber: 1, ETag }]
    const whole = await client.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'large', UploadId, MultipartUpload: { Parts } }))
    expect(whole.Location).toBe(`${address}${MOUNT}/photos/large`)
    const large = await client.send(new GetObjectCommand({ Bucket, Key: 'large' }))
    expect(Buffer.from((await large.Body?.transformToByteArray()) ?? []).equals(Body)).toBe(true)
  })
})

describe('behind a body parser', () => {
  test('what express.json() has read is refused with a sentence, and nothing is written; the rest works', async () => {
    const { client, engine } = await embed((s3) =>
      listen(createServer(express().use(express.json()).use(MOUNT, toNodeHandler(s3)) as RequestListener)),
    )
    const put = (ContentType: string): Promise<unknown> =>
      client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'k', Body: '{"a":1}', ContentType }))
    await expect(put('application/json')).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining('mount it ahead of body parsers such as express.json()') as string,
    })
    const session = engine.as(accountCaller('me'))
    expect((await session.listObjects({ bucket: { name: 'photos' } })).objects).toEqual([])
    await put('text/plain')
    expect((await session.headObject({ bucket: { name: 'photos' }, key: 'k' })).info.size).toBe(7)
  })
})

describe('over Fetch without the raw target', () => {
  test('names with dot segments are refused, not mistaken for others', async () => {
    const { client, engine } = await embed(async (s3) => {
      const mounted = toFetchHandler(s3, { mount: MOUNT })
      const app = new Hono().all(`${MOUNT}/*`, (context) => mounted(context.req.raw))
      return serveFetch(app.fetch)
    })
    for (const Key of ['a b+%25', 'a//b/', '🐈']) await client.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: Key }))
    for (const Key of ['a/../b', 'a/./b']) {
      await expect(client.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: 'x' }))).rejects.toMatchObject({
        name: 'SignatureDoesNotMatch',
      })
    }
    const { objects } = await engine.as(accountCaller('me')).listObjects({ bucket: { name: 'photos' } })
    expect(objects.map(({ key }) => key)).toEqual(['a b+%25', 'a//b/', '🐈'])
  })
})
