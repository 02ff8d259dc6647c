import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { ObjectAttributes, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { sdkClient } from './sdk-client.ts'

let door: Door
let ann: S3Client
const ALL: ObjectAttributes[] = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize']

beforeAll(async () => {
  door = await openDoor({ limits: { partSizeMin: 1 } })
  ann = sdkClient(door.port, ANN)
  await ann.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'plain', Body: 'hello', ChecksumAlgorithm: 'SHA256' }))
  const upload = { Bucket: BUCKET, Key: 'parts' }
  const { UploadId } = await ann.send(new CreateMultipartUploadCommand({ ...upload, ChecksumAlgorithm: 'SHA1' }))
  const Parts = []
  for (const PartNumber of [2, 5, 9]) {
    const part = { ...upload, UploadId, PartNumber, Body: 'x'.repeat(PartNumber), ChecksumAlgorithm: 'SHA1' as const }
    const { ETag, ChecksumSHA1 } = await ann.send(new UploadPartCommand(part))
    Parts.push({ PartNumber, ETag, ChecksumSHA1 })
  }
  await ann.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }))
})
afterAll(async () => {
  ann.destroy()
  expect(door.faults).toEqual([])
  await door.close()
})

describe('GetObjectAttributes', () => {
  test('of an object that was put in one go', async () => {
    const answer = await ann.send(new GetObjectAttributesCommand({ Bucket: BUCKET, Key: 'plain', ObjectAttributes: ALL }))
    expect(answer).toMatchObject({
      ETag: '5d41402abc4b2a76b9719d911017c592',
      Checksum: { ChecksumSHA256: 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=', ChecksumType: 'FULL_OBJECT' },
      ObjectSize: 5,
      StorageClass: 'STANDARD',
    })
    expect(answer.ObjectParts).toBeUndefined()
    expect(answer.LastModified).toBeInstanceOf(Date)
  })

  test('only what was asked for', async () => {
    const answer = await ann.send(new GetObjectAttributesCommand({ Bucket: BUCKET, Key: 'plain', ObjectAttributes: ['ObjectSize'] }))
    expect([answer.ObjectSize, answer.ETag, answer.Checksum, answer.StorageClass]).toEqual([5, undefined, undefined, undefined])
  })

  test('of parts, in pages', async () => {
    const ask = async (options: { MaxParts?: number; PartNumberMarker?: string }) =>
      (await ann.send(new GetObjectAttributesCommand({ Bucket: BUCKET, Key: 'parts', ObjectAttributes: ALL, ...options }))).ObjectParts
    const all = await ask({})
    expect(all).toMatchObject({ TotalPartsCount: 3, IsTruncated: false, MaxParts: 1000 })
    expect(all?.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([[2, 2], [5, 5], [9, 9]]) // prettier-ignore
    expect(all?.Parts?.every(({ ChecksumSHA1 }) => /^[A-Za-z0-9+/]{27}=$/.test(ChecksumSHA1 ?? ''))).toBe(true)
    const first = await ask({ MaxParts: 2 })
    expect([first?.Parts?.length, first?.IsTruncated, first?.NextPartNumberMarker]).toEqual([2, true, '5'])
    const second = await ask({ MaxParts: 2, PartNumberMarker: '5' })
    expect([second?.Parts?.map(({ PartNumber }) => PartNumber), second?.IsTruncated]).toEqual([[9], false])
  })

  test.each<[string, string | undefined, string]>([
    ['/plain?attributes', undefined, '400 InvalidArgument'],
    ['/plain?attributes', '', '400 InvalidArgument'],
    ['/plain?attributes', 'ETag,Size', '400 InvalidArgument'],
    ['/plain?attributes', 'etag', '400 InvalidArgument'],
    ['/absent?attributes', 'ETag', '404 NoSuchKey'],
    ['/plain?attributes&versionId=x', 'ETag', '404 NoSuchVersion'],
  ])('GET %s with %j: %s', async (target, attributes, outcome) => {
    const headers = attributes === undefined ? [] : [['x-amz-object-attributes', attributes] as const]
    expect((await door.ann.send('GET', `/${BUCKET}${target}`, { headers })).outcome).toBe(outcome)
  })

  test('nobody else is told', async () => {
    const headers = [['x-amz-object-attributes', 'ETag'] as const]
    expect((await door.bob.send('GET', `/${BUCKET}/plain?attributes`, { headers })).outcome).toBe('403 AccessDenied')
  })
})
