import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { memoryBackend, SharedBackend } from '@stowage/core/backend'
import { sqliteWriters } from '@stowage/core/sqlite'
import { temporaryMasterKeys } from '@stowage/credentials'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { openPostgres } from '../src/stores/postgres-pool.ts'
import { markAsTenants } from '../src/tenants/store-mark.ts'
import { TenantStores } from '../src/tenants/tenant-stores.ts'
import type { Tenant } from '../src/tenants/tenant.ts'
import { blocksOf } from './page.ts'
import { refused, said, serveHere } from './stowage-command.ts'
import { clientOf, temporaryDirectory } from './stowage-process.ts'
import { startTenantServer } from './tenant-server.ts'
import { withMember } from './with-member.ts'

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await openPostgresDatabase()
}, 60_000)
afterAll(() => postgres.stop())

const BODY = 'b'.repeat(100_000)

async function furnish(client: S3Client): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: 'photos' }))
  await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'k', Body: BODY }))
}

const get = async (client: S3Client): Promise<string | undefined> =>
  (await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'k' }))).Body?.transformToString()

async function schemas(beginning: string): Promise<number> {
  const { rows } = await postgres.pool().query('SELECT 1 FROM information_schema.schemata WHERE schema_name LIKE $1', [`${beginning}%`])
  return rows.length
}

async function connections(): Promise<number> {
  const { rows } = await postgres
    .pool()
    .query(`SELECT 1 FROM pg_stat_activity WHERE application_name = 'stowage' AND datname = current_database()`)
  return rows.length
}

describe('tenants in schemas', { timeout: 60_000 }, () => {
  test('twelve of them over four connections; what one server changes, the other hears of', async () => {
    const directory = await temporaryDirectory()
    const shared = {
      directory,
      metadata: postgres.url,
      schema: 'many',
      masterKeys: temporaryMasterKeys(),
      connectionsMax: 4,
      openMax: 6,
      othersHearSeconds: 0.05,
    }
    const [first, second] = [await startTenantServer(shared), await startTenantServer(shared)]
    const names = Array.from({ length: 12 }, (_, index) => `t${index}`)
    const made = await Promise.all(names.map((name) => first.make(name)))
    await Promise.all(made.map(({ client }) => furnish(client)))
    expect(await connections()).toBeLessThanOrEqual(8)
    expect(first.tenants.openCount).toBeLessThanOrEqual(6)
    expect(await schemas('many_')).toBe(12)
    const [one, , other] = made.map(({ key }) => second.clientOf(key))
    if (one === undefined || other === undefined) throw new Error('they were made')
    expect([await get(one), await get(other)]).toEqual([BODY, BODY])
    await first.tenants.suspend('t0')
    await expect.poll(() => get(one).catch((error: Error) => error.name), { timeout: 5_000 }).toBe('AccountProblem')
    const suspended = second.tenants.catalogue.find('t0')
    await expect.poll(() => suspended !== null && second.tenants.isOpen(suspended)).toBe(false)
    await first.tenants.resume('t0')
    await expect.poll(() => get(one).catch(() => null), { timeout: 5_000 }).toBe(BODY)
    // One of them looks after those that nobody has open, and a deletion that was cut off.
    await first.tenants.catalogue.change('t1', () => ({ state: 'deleting' }))
    const end = await second.takeRound()
    await first.rounds.round()
    expect(first.tenants.catalogue.find('t1')?.state).toBe('deleting')
    await end?.()
    await first.rounds.round()
    await first.rounds.deletionsDone()
    expect([first.tenants.catalogue.find('t1'), await schemas('many_')]).toEqual([null, 11])
    await second.tenants.delete('t0')
    expect(await schemas('many_')).toBe(10)
    await expect(get(one)).rejects.toMatchObject({ name: 'InvalidAccessKeyId' })
    expect(await get(other)).toBe(BODY)
    expect([...first.faults, ...second.faults]).toEqual([])
  })

  test('a store without tenants is not taken for one with them, and the other way round', async () => {
    const [directory, tenants] = [join(await temporaryDirectory(), 'data'), join(await temporaryDirectory(), 'data')]
    const of = (schema: string): readonly string[] => ['--metadata', postgres.url, '--schema', schema]
    await (await serveHere([directory, ...of('plain'), '--bucket', 'photos'])).stop()
    expect(await refused(['serve', directory, '--tenants', ...of('plain')])).toContain('has buckets of its own')
    const { place } = await said<{ readonly place: { readonly schema: string } }>(['tenants', 'create', 'acme', tenants, ...of('own')])
    expect(await refused(['serve', join(directory, 'other'), ...of(place.schema)])).toContain('the store of a tenant')
    await said(['tenants', 'suspend', 'acme', tenants, ...of('own')])
    for (const schema of ['own', 'plain']) {
      const elsewhere = ['tenants', 'place', 'acme', tenants, ...of('own'), '--tenant-schema', schema]
      expect(await refused(elsewhere)).toContain('is no tenant’s')
    }
    await said(['tenants', 'resume', 'acme', tenants, ...of('own')])
    expect(await refused(['serve', tenants, ...of('own')])).toContain('has tenants: it is served with --tenants')
    expect(await refused(['stat', tenants, ...of('own')])).toContain('say with --tenant')
    expect(await said(['stat', tenants, ...of('own'), '--tenant', 'acme'])).toMatchObject({ buckets: 0 })
    expect(await refused(['tenants', 'create', 'b', tenants, ...of('a-name-that-is-much-too-long-for-it')])).toContain('at most 30 bytes')
  })
})

/** All that a schema has, as text. */
async function contentsOf(schema: string): Promise<string> {
  const pool = postgres.pool()
  const named = await pool.query('SELECT table_name FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1', [schema])
  const tables = named.rows.map((row) => String(Object.values(row)[0]))
  const contents = tables.map((table) => pool.query(`SELECT CAST(t AS text) FROM "${schema}"."${table}" AS t ORDER BY 1`))
  return JSON.stringify([tables, (await Promise.all(contents)).map(({ rows }) => rows)])
}

test('a tenant’s schema is used by nobody but its server, however it is named, and who is refused has written nothing', async () => {
  const directory = await temporaryDirectory()
  const [data, other] = [join(directory, 'data'), join(directory, 'other')]
  const of = (schema: string): readonly string[] => ['--metadata', postgres.url, '--schema', schema]
  const { place } = await said<{ readonly place: { readonly schema: string } }>(['tenants', 'create', 'acme', data, ...of('mine')])
  const led = (schema: string): readonly string[] => {
    const url = new URL(postgres.url)
    url.searchParams.set('options', `-c search_path=${schema}`)
    return ['--metadata', url.href]
  }
  const before = [await contentsOf('mine'), await contentsOf(place.schema)]
  for (const where of [of(place.schema), led(place.schema)]) {
    const elsewhere = join(directory, 'bytes')
    for (const args of [
      ['serve', other, '--port', '0', '--backend', `file:${elsewhere}`],
      ['keys', 'create', data, '--account', 'root'],
      ['stat', data],
      ['policies', 'explain', '--anonymous', 'GetObject', 'photos', 'k', data],
    ]) {
      expect(await refused([...args, ...where]), args.join(' ')).toContain('the store of a tenant')
    }
  }
  for (const where of [of('mine'), led('mine')]) {
    expect(await refused(['serve', other, '--port', '0', ...where])).toContain('has tenants: it is served with --tenants')
    expect(await refused(['stat', data, ...where])).toContain('say with --tenant')
  }
  expect(await readdir(directory)).toEqual(['data'])
  expect(await refused(['serve', other, '--port', '0', '--tenants', ...of(place.schema)])).toContain('at most 30 bytes')
  expect([await contentsOf('mine'), await contentsOf(place.schema)]).toEqual(before)
  await expect.poll(connections, { interval: 20 }).toBe(0)
})

test('nor is a schema brought up to date that is of a server with tenants', async () => {
  const directory = await temporaryDirectory()
  const of = (schema: string): readonly string[] => ['--metadata', postgres.url, '--schema', schema]
  const made = await said<{ readonly place: { readonly schema: string } }>([
    'tenants',
    'create',
    'acme',
    join(directory, 'data'),
    ...of('older'),
  ])
  const schemasOfOthers = ['older', made.place.schema]
  for (const schema of schemasOfOthers) {
    // As an older release has left it.
    const last = `(SELECT max(version) FROM "${schema}".schema_migrations)`
    await postgres.pool().query(`DELETE FROM "${schema}".schema_migrations WHERE version = ${last}`)
  }
  const before = await Promise.all(schemasOfOthers.map(contentsOf))
  for (const schema of schemasOfOthers) {
    for (const args of [
      ['serve', join(directory, 'other'), '--port', '0'],
      ['stat', join(directory, 'data')],
    ]) {
      expect(await refused([...args, ...of(schema)])).toMatch(/has tenants|the store of a tenant/)
    }
  }
  expect(await Promise.all(schemasOfOthers.map(contentsOf))).toEqual(before)
})

test('a schema that is another tenant’s by the time that the blobs are gone is not dropped', async () => {
  const { metadataIn, end, ...database } = openPostgres(postgres.url)
  onTestFinished(end)
  const [old, next] = ['old', 'next'].map((id): Tenant => {
    const place = { kind: 'postgres', schema: 'freed' } as const
    return { name: id, id, hosts: [], state: 'deleting', requestsMax: 1, place, createdAt: new Date(0) }
  })
  if (old === undefined || next === undefined) throw new Error('they were made')
  const moveIn = async (tenant: Tenant): Promise<void> => {
    await database.pool.query('DROP SCHEMA IF EXISTS freed CASCADE')
    const metadata = metadataIn({ schema: 'freed', migrate: true })
    await metadata.open()
    await markAsTenants(metadata, tenant)
    await metadata.close()
  }
  let meanwhile = (): Promise<void> => Promise.resolve()
  const blobs = memoryBackend()
  const list: typeof blobs.list = async function* (query) {
    await meanwhile()
    yield* blobs.list(query)
  }
  const backend = new SharedBackend(withMember(blobs, 'list', list))
  const stores = new TenantStores({
    directory: await temporaryDirectory(),
    writers: sqliteWriters({ threadsMax: 1 }),
    postgres: { metadataIn, end, ...database },
    schema: 'many',
    backend,
    presigning: false,
    migrate: true,
  })
  await moveIn(old)
  meanwhile = () => moveIn(next)
  const { signal } = new AbortController()
  await expect(stores.remove(old, signal)).rejects.toThrow('is not its own')
  expect(await schemas('freed')).toBe(1)
  // Somebody makes a schema of this name, and has not come to the mark.
  await moveIn(old)
  meanwhile = async () =>
    void (await database.pool.query('DROP SCHEMA freed CASCADE').then(() => database.pool.query('CREATE SCHEMA freed')))
  await stores.remove(old, signal)
  expect(await schemas('freed')).toBe(1)
  await moveIn(old)
  meanwhile = () => Promise.resolve()
  await stores.remove(old, signal)
  expect(await schemas('freed')).toBe(0)
})

interface Made {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly place: { readonly folder: string }
}

test('from files to Postgres, as the page says', { timeout: 60_000 }, async () => {
  const data = join(await temporaryDirectory(), 'data')
  const block = (await blocksOf('tenants.md')).find(({ text }) => text.includes('migrate'))?.text ?? ''
  const [acme, bolt] = [await said<Made>(['tenants', 'create', 'acme', data]), await said<Made>(['tenants', 'create', 'bolt', data])]
  const before = await serveHere([data, '--tenants'])
  for (const key of [acme, bolt]) await furnish(clientOf({ ...before.ready, ...key }))
  await before.stop()
  const values = block
    .replaceAll('$DATABASE', postgres.url)
    .replaceAll('$FOLDER', acme.place.folder)
    .replaceAll(/(?<=[ :])data(?=[ /\n])/g, data)
  const [moving, serving, ...steps] = values.trim().split('\n').map((line) => line.replace('npx stowage ', '').split(' ')) // prettier-ignore
  await said(moving ?? [])
  const server = await serveHere(serving?.slice(1) ?? [])
  const [client, other] = [acme, bolt].map((key) => clientOf({ ...server.ready, ...key }))
  if (client === undefined || other === undefined) throw new Error('they were made')
  for (const step of steps) {
    await said(step)
    expect(await get(other)).toBe(BODY)
  }
  expect(await get(client)).toBe(BODY)
  await client.send(new CreateBucketCommand({ Bucket: 'music' }))
  expect(await said(['tenants', 'show', 'acme', data])).toMatchObject({ place: { kind: 'postgres', schema: 'stowage_acme' } })
  const { Buckets } = await client.send(new ListBucketsCommand({}))
  expect(Buckets?.map(({ Name }) => Name)).toEqual(['music', 'photos'])
  await server.stop()
  // The former file is still there, and nobody looks into it.
  expect(await readdir(join(data, 'tenants'))).toContain(acme.place.folder)
  expect(await said(['fsck', data, '--metadata', postgres.url, '--tenant', 'acme'])).toMatchObject({ ok: true })
})
