import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { accountCaller } from '@stowage/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { sdkClient } from './sdk-client.ts'

let door: Door
let ann: S3Client

beforeAll(async () => {
  door = await openDoor()
  ann = sdkClient(door.port, ANN)
  const session = door.engine.as(accountCaller('ann'))
  await session.createBucket({ bucket: { name: 'versioned' }, versioning: 'enabled' })
  for (const body of ['1', '22', '333']) await session.putObject({ bucket: { name: 'versioned' }, key: 'a/k', body: Buffer.from(body) })
  await session.deleteObject({ bucket: { name: 'versioned' }, key: 'a/k' })
  await session.putObject({ bucket: { name: 'versioned' }, key: 'b&<', body: Buffer.from('b') })
  await session.putObject({ bucket: { name: BUCKET }, key: 'plain', body: Buffer.from('p') })
})
afterAll(async () => {
  ann.destroy()
  expect(door.faults).toEqual([])
  await door.close()
})

test('every version and delete marker, the newest of a key first', async () => {
  const page = await ann.send(new ListObjectVersionsCommand({ Bucket: 'versioned' }))
  expect(page.Versions?.map(({ Key, Size, IsLatest }) => [Key, Size, IsLatest])).toEqual([
    ['a/k', 3, false],
    ['a/k', 2, false],
    ['a/k', 1, false],
    ['b&<', 1, true],
  ])
  expect(page.DeleteMarkers?.map(({ Key, IsLatest, Owner }) => [Key, IsLatest, Owner?.ID])).toEqual([['a/k', true, 'ann']])
  expect(new Set([...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ VersionId }) => VersionId)).size).toBe(5)
  expect(page).toMatchObject({ Name: 'versioned', KeyMarker: '', VersionIdMarker: '', MaxKeys: 1000, IsTruncated: false })
})

test('in pages of one, nothing twice and nothing left out', async () => {
  const seen: (string | undefined)[] = []
  let markers: { KeyMarker?: string; VersionIdMarker?: string } = {}
  for (let pages = 0; pages < 10; pages += 1) {
    const page = await ann.send(new ListObjectVersionsCommand({ Bucket: 'versioned', MaxKeys: 1, ...markers }))
    seen.push(...[...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => `${Key} ${VersionId}`))
    if (page.IsTruncated !== true) break
    markers = {
      ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: page.NextKeyMarker }),
      ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
    }
  }
  expect([seen.length, new Set(seen).size]).toEqual([5, 5])
})

test('an object of a bucket without versions is the version null', async () => {
  const page = await ann.send(new ListObjectVersionsCommand({ Bucket: BUCKET }))
  expect(page.Versions).toMatchObject([{ Key: 'plain', VersionId: 'null', IsLatest: true, Size: 1, StorageClass: 'STANDARD' }])
})

test('prefix, delimiter and encoding', async () => {
  const folders = await ann.send(new ListObjectVersionsCommand({ Bucket: 'versioned', Delimiter: '/' }))
  expect([folders.CommonPrefixes, folders.Versions?.map(({ Key }) => Key)]).toEqual([[{ Prefix: 'a/' }], ['b&<']])
  const encoded = await door.ann.send('GET', '/versioned?encoding-type=url&prefix=b&versions')
  expect([encoded.one('Key'), encoded.one('EncodingType')]).toEqual(['b%26%3C', 'url'])
})

test('versioning is switched on, suspended, and what was there stays', async () => {
  const Bucket = 'switched'
  const status = async (): Promise<string | undefined> => (await ann.send(new GetBucketVersioningCommand({ Bucket }))).Status
  const put = async (Body: string): Promise<string | undefined> =>
    (await ann.send(new PutObjectCommand({ Bucket, Key: 'k', Body }))).VersionId
  const set = (Status: 'Enabled' | 'Suspended'): Promise<unknown> =>
    ann.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }))
  const bodies = async (): Promise<unknown> => {
    const { Versions = [] } = await ann.send(new ListObjectVersionsCommand({ Bucket }))
    const read = async (VersionId: string | undefined): Promise<unknown> => {
      const { Body } = await ann.send(new GetObjectCommand({ Bucket, Key: 'k', ...(VersionId === undefined ? {} : { VersionId }) }))
      return Body?.transformToString()
    }
    return Promise.all(Versions.map(({ VersionId }) => read(VersionId)))
  }
  await ann.send(new CreateBucketCommand({ Bucket }))
  expect([await status(), await put('before')]).toEqual([undefined, undefined])
  await set('Enabled')
  expect(await status()).toBe('Enabled')
  const [one, two] = [await put('one'), await put('two')]
  expect(new Set([one, two, undefined]).size).toBe(3)
  expect(await bodies()).toEqual(['two', 'one', 'before'])
  await set('Suspended')
  expect([await status(), await put('after')]).toEqual(['Suspended', undefined])
  expect(await bodies()).toEqual(['after', 'two', 'one'])
  const deleted = await ann.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
  expect([deleted.DeleteMarker, await bodies()]).toEqual([true, ['two', 'one']])
  await expect(door.bob.send('PUT', `/${Bucket}?versioning`, { body: VERSIONED })).resolves.toMatchObject({ outcome: '403 AccessDenied' })
})

const VERSIONED = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'

test.each<[string, string]>([
  ['<VersioningConfiguration/>', '400 IllegalVersioningConfigurationException'],
  ['<VersioningConfiguration><Status>On</Status></VersioningConfiguration>', '400 IllegalVersioningConfigurationException'],
  ['<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>', '501 NotImplemented'],
  ['<X/>', '400 MalformedXML'],
  ['', '400 MalformedXML'],
])('versioning is not set by %j', async (body, outcome) => {
  expect((await door.ann.send('PUT', `/${BUCKET}?versioning`, { body })).outcome).toBe(outcome)
  expect((await door.ann.send('PUT', '/nowhere?versioning', { body: VERSIONED })).outcome).toBe('404 NoSuchBucket')
})

test.each<[string, string]>([
  ['/versioned?versions&version-id-marker=x', '400 InvalidArgument'],
  ['/versioned?versions&key-marker=a&version-id-marker=', '400 InvalidArgument'],
  ['/versioned?versions&key-marker=a%2Fk&version-id-marker=nonsense', '400 InvalidArgument'],
  ['/versioned?versions&max-keys=-1', '400 InvalidArgument'],
  ['/nowhere?versions', '404 NoSuchBucket'],
])('GET %s: %s', async (target, outcome) => {
  expect((await door.ann.send('GET', target)).outcome).toBe(outcome)
})
