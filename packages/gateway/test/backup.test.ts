import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { startTestServer } from '../src/testing.ts'
import { refused, said, serveHere } from './stowage-command.ts'
import { clientOf, temporaryDirectory } from './stowage-process.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await openPostgresDatabase()
}, 60_000)
afterAll(() => postgres.stop())

const Bucket = 'photos'
const SIZE = 100_000

interface Said {
  readonly takenAt: string
  readonly rows: number
  readonly blobs: number
  readonly copied: { readonly blobs: number }
  readonly removed: number
}

async function put(client: S3Client, Key: string, fill: string = Key, size: number = SIZE): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(size, fill) }))
}

async function get(client: S3Client, Key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  return Buffer.from((await Body?.transformToByteArray()) ?? [])
}

/** Puts, overwrites, deletes and completes, until it is told to stop. */
async function load(client: S3Client, worker: number, isOver: () => boolean): Promise<void> {
  for (let round = 0; !isOver(); round += 1) {
    const key = `load-${worker}-${round % 5}`
    await put(client, key, `${round}`, round % 2 === 0 ? SIZE : 100)
    if (round % 3 === 1) await client.send(new DeleteObjectCommand({ Bucket, Key: key }))
    if (round % 4 !== 2) continue
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: key }))
    const Body = Buffer.alloc(SIZE, 'p')
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key: key, UploadId, PartNumber: 1, Body }))
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    await client.send(new CompleteMultipartUploadCommand({ Bucket, Key: key, UploadId, MultipartUpload }))
  }
}

const KEPT = ['kept-blob', 'kept-inline', 'kept ü😀'] as const

describe('stowage backup and restore', { timeout: 120_000 }, () => {
  test.each([
    ['SQLite', []],
    ['Postgres', ['--metadata', 'POSTGRES', '--schema', 'loaded']],
  ])('while loading, with the metadata in %s: all that was acknowledged before is there', async (_, args) => {
    const parent = await temporaryDirectory()
    const [data, backup] = [join(parent, 'data'), join(parent, 'backup')]
    const kept = args.map((word) => (word === 'POSTGRES' ? postgres.url : word))
    const server = await serveHere([data, '--bucket', Bucket, ...kept])
    const client = clientOf(server.ready)
    for (const key of KEPT) await put(client, key, key, key === 'kept-inline' ? 10 : SIZE)
    let isOver = false
    const loads = Array.from({ length: 2 }, (__, worker) => load(client, worker, () => isOver))
    const takes: Said[] = []
    for (const n of [1, 2]) {
      await put(client, `before-${n}`)
      takes.push(await said<Said>(['backup', data, backup]))
    }
    isOver = true
    await Promise.all(loads)
    await server.stop()
    const [first, last] = takes
    expect(takes.every(({ copied }) => copied.blobs > 0)).toBe(true)
    expect((last?.takenAt ?? '') > (first?.takenAt ?? '')).toBe(true)
    // What was there for the first one was not copied again.
    expect(last?.copied.blobs).toBeLessThan(last?.blobs ?? 0)

    const restored = join(parent, 'restored')
    expect(await said<Said>(['restore', backup, restored])).toMatchObject({ takenAt: last?.takenAt, damage: 0, blobs: last?.blobs })
    expect(await said(['fsck', restored, '--deep'])).toMatchObject({ ok: true })
    // The keys of the directory are not in the backup.
    const again = await serveHere([restored], { STOWAGE_ACCESS_KEY_ID: 'other', STOWAGE_SECRET_ACCESS_KEY: 'other-secret' })
    const reader = clientOf(again.ready)
    for (const key of KEPT) expect((await get(reader, key)).equals(Buffer.alloc(key === 'kept-inline' ? 10 : SIZE, key))).toBe(true)
    for (const n of [1, 2]) expect((await get(reader, `before-${n}`)).length).toBe(SIZE)
    await put(reader, 'more')
    await again.stop()
  })

  test('of one tenant of many, served or not: its own blobs, as a store of its own', async () => {
    const parent = await temporaryDirectory()
    const data = join(parent, 'data')
    const server = await serveHere([data, '--tenants'])
    type Pair = { accessKeyId: string; secretAccessKey: string }
    const acme = await said<Pair>(['tenants', 'create', 'acme', data])
    const bolt = await said<Pair>(['tenants', 'create', 'bolt', data])
    for (const pair of [acme, bolt]) {
      const client = clientOf({ ...server.ready, ...pair })
      await client.send(new CreateBucketCommand({ Bucket }))
      for (const key of KEPT) await put(client, key)
    }
    const [backup, restored] = [join(parent, 'backup'), join(parent, 'restored')]
    expect(await refused(['backup', data, backup])).toContain('say with --tenant which one is meant')
    const taken = { blobs: KEPT.length, missing: 0, keys: true }
    expect(await said(['backup', data, backup, '--tenant', 'acme', '--with-keys'])).toMatchObject(taken)
    await server.stop()
    const again = { ...taken, copied: { blobs: 0 } }
    expect(await said(['backup', data, backup, '--tenant', 'acme', '--with-keys'])).toMatchObject(again)
    expect(await said(['restore', backup, restored])).toMatchObject({ ...taken, damage: 0 })
    const alone = await serveHere([restored])
    const client = clientOf({ ...alone.ready, ...acme })
    for (const key of KEPT) expect((await get(client, key)).equals(Buffer.alloc(SIZE, key))).toBe(true)
    await expect(get(clientOf({ ...alone.ready, ...bolt }), KEPT[0])).rejects.toThrow()
    await alone.stop()
    expect(await said(['fsck', restored, '--deep'])).toMatchObject({ ok: true })
  })

  test('into Postgres and S3, and from there again; with keys', async () => {
    await using s3 = await startTestServer({ buckets: ['bytes'] })
    const env = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey, AWS_REGION: s3.region }
    const former = { ...process.env }
    Object.assign(process.env, env)
    try {
      const parent = await temporaryDirectory()
      const [data, backup, restored] = [join(parent, 'data'), join(parent, 'backup'), join(parent, 'restored')]
      const first = await serveHere([data, '--bucket', Bucket])
      const key = await said<{ accessKeyId: string; secretAccessKey: string }>(['keys', 'create', data, '--account', 'root', '--json'])
      await put(clientOf({ ...first.ready, ...key }), 'a')
      await first.stop()
      const there = ['--backend', `s3://bytes/restored?endpoint=${s3.endpoint}&pathStyle=true`]
      const kept = ['--metadata', postgres.url, '--schema', 'restored']
      expect(await said(['backup', data, backup, '--with-keys'])).toMatchObject({ blobs: 1, keys: true })
      expect(await said(['restore', backup, restored, ...kept, ...there])).toMatchObject({ damage: 0, blobs: 1, keys: true })
      expect(await readdir(restored)).not.toContain('metadata.sqlite')
      expect(await said(['fsck', restored, '--deep', ...kept])).toMatchObject({ ok: true })
      const second = await serveHere([restored, ...kept])
      expect(second.ready.accessKeyId).toBe(first.ready.accessKeyId)
      const client = clientOf({ ...second.ready, ...key })
      expect((await get(client, 'a')).length).toBe(SIZE)
      await put(client, 'b')
      const other = join(parent, 'other')
      expect(await said(['backup', restored, other])).toMatchObject({ blobs: 2, keys: false })
      await second.stop()
      // What is in the way is said before anything is copied.
      expect(await refused(['restore', other, join(parent, 'x'), ...kept])).toContain('There are rows in the schema already')
      expect(await refused(['restore', other, join(parent, 'y'), ...there])).toContain('There are bytes in the backend already')
      expect(await said(['restore', other, join(parent, 'last')])).toMatchObject({ damage: 0, blobs: 2 })
      expect(await said(['fsck', join(parent, 'last'), '--deep'])).toMatchObject({ ok: true })
    } finally {
      for (const name of Object.keys(env)) delete process.env[name]
      Object.assign(process.env, former)
    }
  })
})
