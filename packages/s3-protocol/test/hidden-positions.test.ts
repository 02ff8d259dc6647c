import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  paginateListObjectsV2,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { ListMultipartUploadsCommandOutput, ListObjectVersionsCommandOutput, S3Client } from '@aws-sdk/client-s3'
import { col, ctx, distinctFrom, not, or } from '@stowage/core/policy'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { sdkClient } from './sdk-client.ts'

/*
 * A user of the account `ann` lists a bucket in which others' objects lie between her own; a page looks at three rows.
 */

const USERS = new Map(['MINE', 'THEIRS'].map((id) => [id, { accessKeyId: `USER${id}`, secretAccessKey: `secret of ${id}` }]))
const MINE = ['b/1', 'd e', 'm/1', 'm/2', 'p', 'ä']
const HIDDEN = ['aSECRET1', 'aSECRET2', 'aSECRET3', 'aSECRET4', 'b/SECRET', 'cSECRET1', 'cSECRET2', 'cSECRET3', 'nSECRET/1', 'nSECRET/2', 'nSECRET/3', 'qSECRET', 'äSECRET1', 'äSECRET2', 'äSECRET3', 'äSECRET4'] // prettier-ignore

let door: Door
let mine: S3Client
/** Whatever the server answered to the caller. */
const answers: string[] = []

beforeAll(async () => {
  door = await openDoor({
    stored: true,
    limits: { rowsScannedMax: 3 },
    credentials: (id) => {
      const pair = [...USERS.values()].find(({ accessKeyId }) => accessKeyId === id)
      if (pair === undefined) return null
      const principal = { kind: 'role', role: 'authenticated', sub: id, claims: { sub: id }, bypassRls: false } as const
      return {
        id,
        version: '1',
        secretAccessKey: pair.secretAccessKey,
        caller: { principal, account: 'ann', scope: null, credentialId: id },
      }
    },
  })
  const own = not(distinctFrom(col('owner_id'), ctx('sub')))
  const policy = { table: 'objects', mode: 'permissive', roles: ['authenticated'] } as const
  await door.stored.change({
    putPolicies: [
      { ...policy, name: 'read', command: 'select', using: own },
      { ...policy, name: 'put', command: 'insert', check: or(own, not(own)) },
    ],
  })
  const owner = sdkClient(door.port, ANN)
  await owner.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } }))
  owner.destroy()
  const [first, second] = [...USERS.values()].map((pair) => sdkClient(door.port, pair))
  if (first === undefined || second === undefined) throw new Error('there are two')
  for (const [client, keys] of [
    [first, MINE],
    [second, HIDDEN],
  ] as const) {
    // prettier-ignore
    for (const Key of keys) {
      await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }))
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x' }))
    }
  }
  second.destroy()
  mine = first
  mine.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      answers.push(JSON.stringify(result.output))
      return result
    },
    { step: 'initialize' },
  )
})
afterAll(async () => {
  mine.destroy()
  await door.close()
})

/** Nothing of what is hidden, neither as it is nor as base64, at whatever place that begins. */
function expectNothingHidden(): void {
  expect(answers.length).toBeGreaterThan(3)
  for (const answer of answers.splice(0)) {
    const words = answer.match(/[A-Za-z0-9+/_-]{4,}/g) ?? []
    const decoded = words.flatMap((word) => [0, 1, 2, 3].map((from) => Buffer.from(word.slice(from), 'base64').toString('latin1')))
    expect([answer, ...decoded].join('\n')).not.toMatch(/SECRE/)
  }
  expect(door.faults).toEqual([])
}

test('the paginator of ListObjectsV2 gives what the caller sees, and nothing else', async () => {
  const keys: unknown[] = []
  for await (const page of paginateListObjectsV2({ client: mine }, { Bucket: BUCKET }))
    keys.push(...(page.Contents ?? []).map((each) => each.Key))
  expect(keys).toEqual(MINE)
  const folders: unknown[] = []
  for await (const page of paginateListObjectsV2({ client: mine }, { Bucket: BUCKET, Delimiter: '/', EncodingType: 'url' })) {
    folders.push(...(page.CommonPrefixes ?? []).map((each) => each.Prefix))
  }
  expect(folders).toEqual(['b/', 'm/'])
  expectNothingHidden()
})

test.each([{}, { Delimiter: '/' }, { EncodingType: 'url' }] as const)('ListObjects by marker, with %j', async (more) => {
  const names: unknown[] = []
  let marker: string | undefined
  do {
    const page = await mine.send(new ListObjectsCommand({ Bucket: BUCKET, ...more, ...(marker === undefined ? {} : { Marker: marker }) }))
    names.push(...(page.Contents ?? []).map(({ Key }) => Key), ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix))
    // As every client does: where the page names no marker, its last key is one.
    const last = page.NextMarker ?? page.Contents?.at(-1)?.Key
    marker = page.IsTruncated === true ? decoded(last, more) : undefined
  } while (marker !== undefined && names.length < 100)
  const expected = 'Delimiter' in more ? ['b/', 'd e', 'm/', 'p', 'ä'] : MINE
  expect(names.map((name) => decoded(String(name), more)).toSorted()).toEqual(expected.toSorted())
  expectNothingHidden()
})

function decoded(text: string | undefined, more: { readonly EncodingType?: 'url' }): string {
  return more.EncodingType === 'url' ? decodeURIComponent(text ?? '') : (text ?? '')
}

test('ListObjectVersions and ListMultipartUploads by their markers', async () => {
  const versions: unknown[] = []
  let at: { KeyMarker?: string; VersionIdMarker?: string } | null = {}
  while (at !== null) {
    const page: Awaited<ReturnType<typeof listVersions>> = await listVersions(at)
    versions.push(...(page.Versions ?? []).map(({ Key }) => Key))
    const { NextKeyMarker, NextVersionIdMarker } = page
    at = page.IsTruncated === true ? { ...(NextKeyMarker === undefined ? {} : { KeyMarker: NextKeyMarker }), ...(NextVersionIdMarker === undefined ? {} : { VersionIdMarker: NextVersionIdMarker }) } : null // prettier-ignore
  }
  expect(versions).toEqual(MINE)
  expectNothingHidden()
  const uploads: unknown[] = []
  let from: { KeyMarker?: string; UploadIdMarker?: string } | null = {}
  while (from !== null) {
    const page: Awaited<ReturnType<typeof listUploads>> = await listUploads(from)
    uploads.push(...(page.Uploads ?? []).map(({ Key }) => Key))
    const { NextKeyMarker, NextUploadIdMarker } = page
    from = page.IsTruncated === true ? { ...(NextKeyMarker === undefined ? {} : { KeyMarker: NextKeyMarker }), ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }) } : null // prettier-ignore
  }
  expect(uploads).toEqual(MINE)
  expectNothingHidden()
})

const listVersions = (at: object): Promise<ListObjectVersionsCommandOutput> =>
  mine.send(new ListObjectVersionsCommand({ Bucket: BUCKET, ...at }))
const listUploads = (at: object): Promise<ListMultipartUploadsCommandOutput> =>
  mine.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, ...at }))

test('a token that was changed, or that another bucket gave, is InvalidArgument', async () => {
  const { NextContinuationToken: token = '' } = await mine.send(new ListObjectsV2Command({ Bucket: BUCKET }))
  const ask = (bucket: string, given: string): Promise<unknown> =>
    mine.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: given })).then(
      () => 'done',
      (error: Error) => error.name,
    )
  const changed = `${token.slice(0, 100)}${token[100] === 'A' ? 'B' : 'A'}${token.slice(101)}`
  await door.ann.send('PUT', '/another')
  expect([await ask(BUCKET, token), await ask(BUCKET, changed), await ask('another', token)]).toEqual([
    'done',
    'InvalidArgument',
    'InvalidArgument',
  ])
})
