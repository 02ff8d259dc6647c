import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { refused, runCommand, said, serveHere } from './stowage-command.ts'
import { clientOf, temporaryDirectory } from './stowage-process.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await openPostgresDatabase()
}, 60_000)
afterAll(() => postgres.stop())

const KEYS = ['ä/😀', 'a', 'z\u0308'] as const
const Bucket = 'photos'

interface StoredKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A served directory with some of everything; stopped again. */
async function filledDirectory(): Promise<{ readonly data: string; readonly key: StoredKey }> {
  const data = join(await temporaryDirectory(), 'data')
  const server = await serveHere([data, '--bucket', Bucket])
  const client = clientOf(server.ready)
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  for (const Key of KEYS) {
    for (const size of [10, 200_000]) await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(size, Key) }))
  }
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
  const key = await said<StoredKey>(['keys', 'create', data, '--account', 'root', '--json'])
  await server.stop()
  return { data, key }
}

async function listed(client: S3Client): Promise<unknown> {
  const { Versions, DeleteMarkers } = await client.send(new ListObjectVersionsCommand({ Bucket }))
  const bytes = []
  for (const { Key, VersionId } of Versions ?? []) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }))
    bytes.push(Buffer.from((await Body?.transformToByteArray()) ?? []).toString('base64'))
  }
  return { Versions, DeleteMarkers, bytes }
}

async function whileServed<T>(args: readonly string[], key: StoredKey, use: (client: S3Client) => Promise<T>): Promise<T> {
  const server = await serveHere(args)
  const result = await use(clientOf({ ...server.ready, ...key }))
  await server.stop()
  return result
}

describe('stowage migrate', { timeout: 60_000 }, () => {
  test('to Postgres and back: equal listings and bytes, keys that go on, and only one of the two is served', async () => {
    const { data, key } = await filledDirectory()
    const before = await whileServed([data], key, listed)
    const there = ['--to', postgres.url, '--to-schema', 'moved']
    const kept = ['--metadata', postgres.url, '--schema', 'moved']
    const moved = await said<{ rows: number; to: string; tables: unknown }>(['migrate', '--from', `sqlite:${data}`, ...there])
    expect(moved.rows).toBeGreaterThan(10)
    // No password, nowhere.
    expect(moved.to).toMatch(/^postgres:\/\/[^@]+, schema moved$/)
    expect(await whileServed([data, ...kept], key, listed)).toEqual(before)
    expect(await said(['fsck', data, '--deep', ...kept])).toMatchObject({ ok: true })
    expect(await refused(['serve', data, '--port', '0'])).toContain(`it has been moved to ${moved.to}, which has its blobs now`)
    expect(await refused(['migrate', '--from', `sqlite:${data}`, ...there])).toContain('already')

    const back = ['migrate', '--from', postgres.url, '--from-schema', 'moved', '--to', `sqlite:${data}`]
    expect(await refused(back)).toContain('the target is marked as moved')
    const former = join(data, '..', 'former')
    await mkdir(former)
    for (const file of await readdir(data)) if (file.startsWith('metadata.sqlite')) await rename(join(data, file), join(former, file))
    // Only the directory with the bytes: nothing would find them elsewhere.
    const elsewhere = back.map((word) => (word === `sqlite:${data}` ? `sqlite:${former}/new` : word))
    expect(await refused(elsewhere)).toContain('is not a data directory: it has no blobs')
    // When a key was used last is in a document.
    expect(await said(back)).toMatchObject({ rows: moved.rows, to: `sqlite:${data}/metadata.sqlite`, resumed: false })
    expect(await whileServed([data], key, listed)).toEqual(before)
    expect(await refused(['serve', data, '--port', '0', ...kept])).toContain('it has been moved to sqlite:')
    expect(await said(['fsck', data, '--deep'])).toMatchObject({ ok: true })
  })

  test('what is served is not moved, whatever it is kept in', async () => {
    const { data, key } = await filledDirectory()
    const args = ['migrate', '--from', `sqlite:${data}`, '--to', postgres.url, '--to-schema', 'in_use']
    await whileServed([data], key, async () => expect(await refused(args)).toContain('is in use by another process'))
    expect((await runCommand(args)).code).toBe(0)
    const back = ['migrate', '--from', postgres.url, '--from-schema', 'in_use', '--to', `sqlite:${data}/other.sqlite`]
    const kept = ['--metadata', postgres.url, '--schema', 'in_use']
    await whileServed([data, ...kept], key, async () => expect(await refused(back)).toContain('that it has it open'))
    expect((await runCommand(back)).code).toBe(0)
  })

  test('stopped, it goes on; an unfinished copy is not served; a move can be given up', async () => {
    const { data, key } = await filledDirectory()
    const env = { STOWAGE_METADATA: postgres.url }
    const args = ['migrate', '--from', `sqlite:${data}`, '--to-schema', 'stopped']
    const stopped = await runCommand(args, env, { stopAt: /% copied [1-9]/ })
    expect(stopped).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Stopped. The same command goes on from here.') })
    const kept = ['--metadata', postgres.url, '--schema', 'stopped']
    expect(await refused(['serve', data, '--port', '0', ...kept])).toMatch(/it is a copy of sqlite:\S+ that is not finished/)
    expect(await refused(['stat', data, '--schema', 'stopped'], env)).toContain("'stowage migrate --help'")
    expect(await refused(['serve', data, '--port', '0'])).toContain('it is being moved to postgres:')
    expect(await said(['migrate', '--take-back', '--from', `sqlite:${data}`])).toMatchObject({
      from: expect.stringContaining('schema stopped'),
    })
    await whileServed([data], key, listed)
    expect(await refused(args, env)).toContain('the unfinished copy of another store, or of another state')
    const other = args.map((word) => (word === 'stopped' ? 'resumed' : word))
    await runCommand(other, env, { stopAt: /% copied [1-9]/ })
    expect(await said(other, { env })).toMatchObject({ resumed: true })
  })

  test.each<[string, readonly string[], string]>([
    ['nothing', [], '--from and --to say what is moved where'],
    ['one side', ['--from', 'sqlite:x'], '--to is missing'],
    ['another database', ['--from', 'sqlite:x', '--to', 'mysql://x'], 'Metadata is in sqlite:DIRECTORY'],
    ['a schema of SQLite', ['--from', 'sqlite:x', '--from-schema', 'x', '--to', 'sqlite:y'], 'SQLite has none'],
    ['a file that is not there', ['--from', 'sqlite:/nowhere', '--to', 'sqlite:y'], 'There is no /nowhere/metadata.sqlite'],
    ['two wishes', ['--take-back', '--from', 'sqlite:x', '--to', 'sqlite:y'], '--take-back is about --from alone'],
  ])('refuses %s', async (_, args, sentence) => {
    expect(await refused(['migrate', ...args])).toContain(sentence)
  })

  test('a schema that is not there is not made, and not moved as an empty one', async () => {
    const parent = await temporaryDirectory()
    const args = ['migrate', '--from', postgres.url, '--from-schema', 'mistyped', '--to', `sqlite:${parent}/data`]
    expect(await refused(args)).toMatch(/There is no store in postgres:\/\/[^@]+, schema mistyped/)
    expect(await readdir(parent)).toEqual([])
  })
})
