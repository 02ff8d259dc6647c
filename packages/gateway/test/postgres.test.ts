import { mkdir, readdir } from 'node:fs/promises'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { GetObjectCommand, ListBucketsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { refused, said, serveHere } from './stowage-command.ts'
import { clientOf, serve, startStowage, temporaryDirectory } from './stowage-process.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await openPostgresDatabase()
}, 60_000)
afterAll(() => postgres.stop())

describe('stowage serve --metadata', { timeout: 60_000 }, () => {
  test('keeps names in Postgres and bytes in the directory', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const first = await serve([data, '--bucket', 'photos', '--metadata', postgres.url, '--schema', 'of_photos'])
    const client = clientOf(first.ready)
    await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'small', Body: 'x' }))
    await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'large', Body: Buffer.alloc(1_000_000, 'l') }))
    first.child.kill('SIGTERM')
    expect(await first.ended).toBe(0)
    expect(await readdir(data)).not.toContain('metadata.sqlite')
    // The URL with its password need not be in the list of processes.
    const env = { STOWAGE_METADATA: postgres.url }
    const second = await serve([data, '--schema', 'of_photos'], env)
    expect((await clientOf(second.ready).send(new ListObjectsV2Command({ Bucket: 'photos' }))).KeyCount).toBe(2)
    const { Body } = await clientOf(second.ready).send(new GetObjectCommand({ Bucket: 'photos', Key: 'large' }))
    expect((await Body?.transformToString())?.length).toBe(1_000_000)
    expect(await said(['stat', data])).toEqual({ buckets: 1, objects: 2, versions: 0, uploads: 0, bytes: 1_000_001 })
    second.child.kill('SIGTERM')
    await second.ended
    const after = startStowage(['fsck', data, '--schema', 'of_photos', '--deep'], env)
    expect([await after.ended, JSON.parse(after.stdout())]).toMatchObject([0, { ok: true }])
    // The metadata says that the bytes are in the data directory, which this one is not.
    const other = await temporaryDirectory()
    expect(await refused(['fsck', other, '--schema', 'of_photos'], env)).toContain('is not a data directory: it has no blobs')
    expect(await readdir(other)).toEqual([])
  })

  test('a directory that nobody made is no data directory, and nothing is made there', async () => {
    const directory = await temporaryDirectory()
    expect(await refused(['stat', directory, '--metadata', postgres.url])).toContain('The metadata has no schema')
    expect(await readdir(directory)).toEqual([])
  })

  test('who only looks makes no schema, and says which one is needed', async () => {
    const data = join(await temporaryDirectory(), 'data')
    await mkdir(join(data, 'blobs'), { recursive: true })
    const sentence = await refused(['fsck', data, '--metadata', postgres.url, '--schema', 'mistyped'])
    expect(sentence).toMatch(/The metadata has no schema, and schema \d+ is needed/)
    const pool = new Pool({ connectionString: postgres.url })
    expect((await pool.query("SELECT 1 FROM information_schema.schemata WHERE schema_name = 'mistyped'")).rowCount).toBe(0)
    await pool.end()
  })

  test('a second server of one directory leaves the first its control socket', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const args = [data, '--metadata', postgres.url, '--schema', 'shared']
    const first = await serve([...args, '--bucket', 'photos'])
    const second = await serveHere(args)
    expect(second.stderr()).toContain('there is no control socket')
    await second.stop()
    expect(await said(['stat', data])).toMatchObject({ buckets: 1 })
    first.child.kill('SIGTERM')
    expect(await first.ended).toBe(0)
  })

  test.each([
    ['', true],
    ['?prepare=false&application_name=behind%20a%20pooler', false],
  ])('statements are given names, unless the URL says otherwise: %s', async (query, named) => {
    const wire = await listenIn(postgres.url)
    const data = join(await temporaryDirectory(), 'data')
    const served = await serveHere([data, '--metadata', `${wire.url}${query}`, '--schema', `named_${named}`])
    await clientOf(served.ready).send(new ListBucketsCommand({}))
    await served.stop()
    expect(/stowage_[0-9a-f]{40}/.test(wire.said())).toBe(named)
    expect(wire.said().includes('behind a pooler')).toBe(!named)
  })

  test.each<[string, readonly string[], RegExp]>([
    ['no URL', ['--metadata', 'postgres://['], /--metadata is no URL/],
    ['a wish that is none', ['--metadata', 'postgres://127.0.0.1:1/x?prepare=no'], /prepare, in --metadata, is true or false/],
    ['another database', ['--metadata', 'mysql://127.0.0.1/x'], /begins with postgres:/],
    ['a schema without a database', ['--schema', 'x'], /--schema goes with --metadata/],
    ['a database that is not there', ['--metadata', 'postgres://127.0.0.1:1/x'], /metadata store postgres is not available/],
  ])('refuses %s', async (_, args, sentence) => {
    expect(await refused(['serve', join(await temporaryDirectory(), 'data'), '--port', '0', ...args])).toMatch(sentence)
  })

  test('refuses to keep metadata of bytes that are not kept', async () => {
    expect(await refused(['serve', '--memory', '--port', '0', '--metadata', postgres.url])).toContain('--memory keeps no bytes')
  })
})

/** A way to a database on which all that is said to it is heard. */
async function listenIn(to: string): Promise<{ readonly url: string; readonly said: () => string }> {
  const { hostname, port } = new URL(to)
  const heard: Buffer[] = []
  const server = createServer((socket) => {
    const behind = connect(Number(port), hostname)
    socket.on('data', (chunk) => void heard.push(chunk))
    for (const end of [socket, behind]) end.on('error', () => undefined)
    socket.pipe(behind).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const url = new URL(to)
  url.port = String((server.address() as AddressInfo).port)
  return { url: url.href, said: () => Buffer.concat(heard).toString('latin1') }
}
