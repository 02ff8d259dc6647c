import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { markAsTenants } from '../src/tenants/store-mark.ts'
import { someBackup } from './some-backup.ts'
import { refused, said, serveHere } from './stowage-command.ts'
import { clientOf, temporaryDirectory } from './stowage-process.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await openPostgresDatabase()
}, 60_000)
afterAll(() => postgres.stop())

interface Made {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly place: { readonly folder: string }
}

test(
  'the metadata of a tenant goes to another folder, and back from Postgres, wherever the bytes of its server are',
  {
    timeout: 60_000,
  },
  async () => {
    const parent = await temporaryDirectory()
    const [data, bytes] = [join(parent, 'data'), join(parent, 'bytes')]
    await mkdir(bytes)
    const server = await serveHere([data, '--tenants', '--backend', `file:${bytes}`])
    const made = await said<Made>(['tenants', 'create', 'acme', data])
    const client = clientOf({ ...server.ready, ...made })
    await client.send(new CreateBucketCommand({ Bucket: 'photos' }))
    await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'large', Body: Buffer.alloc(300_000, 'l') }))
    await said(['tenants', 'suspend', 'acme', data])
    const [first, second, third] = [made.place.folder, 'second', 'third'].map((folder) => `sqlite:${join(data, 'tenants', folder)}`)
    await said(['migrate', '--from', `${first}`, '--to', `${second}`])
    await said(['migrate', '--from', `${second}`, '--to', postgres.url, '--to-schema', 'acme'])
    const back = ['migrate', '--from', postgres.url, '--from-schema', 'acme', '--to']
    expect(await refused([...back, `sqlite:${join(parent, 'nowhere', 'tenants', 'acme')}`])).toContain(
      'is not the data directory of a server',
    )
    expect(await refused([...back, `sqlite:${join(data, 'other', 'acme')}`])).toContain('has no blobs')
    await said([...back, `${third}`])
    await said(['tenants', 'place', 'acme', data, '--folder', 'third'])
    await said(['tenants', 'resume', 'acme', data])
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'large' }))
    expect((await Body?.transformToByteArray())?.length).toBe(300_000)
    await server.stop()
  },
)

test(
  'a restored tenant is a store of its own: it goes to Postgres and back to its bytes, and nowhere else',
  { timeout: 60_000 },
  async () => {
    const { parent, data } = await someBackup()
    const metadata = sqliteMetadata({ file: join(data, 'metadata.sqlite'), worker: 'inline' })
    await metadata.open()
    await markAsTenants(metadata, { id: 't', place: { kind: 'sqlite', folder: 't' } })
    await metadata.close()
    // Whatever the folders are called.
    const [backup, restored, other] = [join(parent, 'second'), join(parent, 'tenants', 'restored'), join(parent, 'y', 'other')]
    await said(['backup', data, backup])
    await said(['restore', backup, restored])
    await said(['migrate', '--from', `sqlite:${restored}`, '--to', postgres.url, '--to-schema', 'alone'])
    for (const name of await readdir(restored)) if (name.startsWith('metadata')) await rm(join(restored, name))
    const back = ['migrate', '--from', postgres.url, '--from-schema', 'alone', '--to']
    await mkdir(join(parent, 'blobs'))
    expect(await refused([...back, `sqlite:${other}`])).toContain('is not a data directory: it has no blobs')
    await said([...back, `sqlite:${restored}`])
    expect(await said(['fsck', restored, '--deep'])).toMatchObject({ ok: true })
    expect(await refused(['migrate', '--from', `sqlite:${restored}`, '--to', `sqlite:${other}`])).toContain('would be looked for in')
  },
)
