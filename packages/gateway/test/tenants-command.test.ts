import { cp, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { refused, runCommand, said, serveHere } from './stowage-command.ts'
import { clientOf, temporaryDirectory } from './stowage-process.ts'

interface Shown {
  readonly name: string
  readonly state: string
  readonly place: { readonly folder: string }
}

type Made = Shown & { readonly accessKeyId: string; readonly secretAccessKey: string }

const LARGE = Buffer.alloc(300_000, 'l')

test('a tenant is made before the server is, moved, and served from where it is', { timeout: 60_000 }, async () => {
  const data = join(await temporaryDirectory(), 'data')
  const made = await said<Made>(['tenants', 'create', 'acme', data])
  const { place } = made
  const first = await serveHere([data, '--tenants'])
  expect(first.ready).not.toHaveProperty('accessKeyId')
  const client = clientOf({ ...first.ready, ...made })
  await client.send(new CreateBucketCommand({ Bucket: 'photos' }))
  await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'large', Body: LARGE }))
  expect(await refused(['tenants', 'place', 'acme', data, '--folder', 'elsewhere'])).toContain('is not suspended')
  await said(['tenants', 'suspend', 'acme', data])
  await expect(client.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name: 'AccountProblem' })
  // Nobody has made it ready.
  expect(await refused(['tenants', 'place', 'acme', data, '--folder', 'elsewhere'])).toMatch(
    /directory of the database does not exist|cannot be opened/,
  )
  const from = `sqlite:${join(data, 'tenants', place.folder)}`
  expect(await refused(['migrate', '--from', from, '--to', `sqlite:${join(data, '..', 'tenants', 'elsewhere')}`])).toContain(
    'would be looked for',
  )
  await said(['migrate', '--from', from, '--to', `sqlite:${join(data, 'tenants', 'elsewhere')}`])
  expect(await said(['tenants', 'place', 'acme', data, '--folder', 'elsewhere'])).toMatchObject({ place: { folder: 'elsewhere' } })
  await said(['tenants', 'resume', 'acme', data])
  expect((await client.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toEqual(['photos'])
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'large' }))
  expect((await Body?.transformToString())?.length).toBe(LARGE.length)
  await client.send(new CreateBucketCommand({ Bucket: 'music' }))
  // What has another tenant's key is another tenant's.
  const other = await said<Made>(['tenants', 'create', 'bolt', data])
  await said(['tenants', 'suspend', 'bolt', data])
  await cp(join(data, 'tenants', 'elsewhere'), join(data, 'tenants', 'stolen'), { recursive: true })
  expect(await refused(['tenants', 'place', 'bolt', data, '--folder', 'stolen'])).toContain('is another tenant’s')
  expect(await said(['tenants', 'show', 'bolt', data])).toMatchObject({ place: other.place, state: 'suspended' })
  await first.stop()
  expect(await said(['buckets', data, '--tenant', 'acme'])).toMatchObject([{ name: 'music' }, { name: 'photos' }])
})

test('the folder of a tenant is no data directory of its own, whatever leads there', { timeout: 60_000 }, async () => {
  const directory = await temporaryDirectory()
  const [data, link] = [join(directory, 'data'), join(directory, 'link')]
  const { place } = await said<Made>(['tenants', 'create', 'acme', data])
  const folder = join(data, 'tenants', place.folder)
  await symlink(folder, link)
  const before = (await readdir(folder)).sort()
  for (const where of [folder, link]) {
    expect(await refused(['serve', where, '--port', '0'])).toContain('the store of a tenant')
    expect(await refused(['keys', 'create', where, '--account', 'root'])).toContain('the store of a tenant')
  }
  expect((await readdir(folder)).sort()).toEqual(before)
  // Taken elsewhere, as a restored one is, it is a store of its own.
  await cp(folder, join(directory, 'alone'), { recursive: true })
  await (await serveHere([join(directory, 'alone')])).stop()
  expect(await said(['stat', join(directory, 'alone')])).toMatchObject({ buckets: 0 })
})

test('what does not go together is said', { timeout: 60_000 }, async () => {
  const [tenants, plain] = [join(await temporaryDirectory(), 'tenants'), join(await temporaryDirectory(), 'plain')]
  await said(['tenants', 'create', 'acme', tenants])
  await (await serveHere([plain])).stop()
  expect(await refused(['serve', tenants])).toContain('has tenants: it is served with --tenants')
  expect(await refused(['serve', plain, '--tenants'])).toContain('is served without tenants')
  expect(await refused(['serve', tenants, '--tenants', '--bucket', 'b'])).toContain('Buckets are made in a tenant')
  expect(await refused(['serve', '--memory', '--tenants'])).toContain('tenants are kept')
  expect(await refused(['serve', plain, '--tenant-domain', 's3.test'])).toContain('goes with --tenants')
  expect(await refused(['buckets', tenants])).toContain('say with --tenant which one is meant')
  expect(await refused(['buckets', tenants, '--tenant', 'nobody'])).toContain('There is no tenant nobody.')
  expect(await refused(['buckets', plain, '--tenant', 'acme'])).toContain('is served without tenants')
  expect(await refused(['tenants', 'list', plain])).toContain('is served without tenants')
  expect(await refused(['tenants', 'list', join(plain, 'nothing')])).toContain('has no tenants')
  expect(await refused(['tenants', 'create', 'Ac me', tenants])).toContain('1 to 63 of a-z 0-9 and hyphens')
  expect(await refused(['tenants', 'place', 'acme', tenants])).toContain('--folder, or --tenant-schema')
  expect((await runCommand(['tenants', 'place', 'acme', tenants, '--folder', '../plain'])).code).toBe(2)
  const server = await serveHere([tenants, '--tenants'])
  expect(await refused(['stat', tenants])).toContain('say with --tenant which one is meant')
  expect(await refused(['stat', tenants, '--tenant', 'nobody'])).toContain('There is no tenant nobody.')
  expect(await said(['stat', tenants, '--tenant', 'acme'])).toMatchObject({ buckets: 0 })
  await server.stop()
  const single = await serveHere([plain])
  expect(await refused(['tenants', 'list', plain])).toContain('has no tenants: it has one store')
  await single.stop()
})
