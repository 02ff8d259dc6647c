import { CopyObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { sdkClient } from './sdk-client.ts'
import { amzDate, presign } from './signer.ts'

let door: Door
let ann: S3Client

beforeAll(async () => {
  door = await openDoor()
  ann = sdkClient(door.port, ANN)
  expect((await door.ann.send('PUT', `/${BUCKET}/k`, { body: 'of Ann' })).status).toBe(200)
})
afterAll(async () => {
  ann.destroy()
  expect(door.faults).toEqual([])
  await door.close()
})

const codeOf = async (answer: Response): Promise<string> => `${answer.status} ${/<Code>(\w+)</.exec(await answer.text())?.[1] ?? ''}`
const now = (): string => amzDate(new Date())
const host = (): [string, string] => ['host', `127.0.0.1:${door.port}`]

describe('a URL that the AWS SDK has presigned', () => {
  test('reads, whole and in part, and no other way than it says', async () => {
    const url = await getSignedUrl(ann, new GetObjectCommand({ Bucket: BUCKET, Key: 'k' }), { expiresIn: 60 })
    expect(await (await fetch(url)).text()).toBe('of Ann')
    expect(await (await fetch(url, { headers: { range: 'bytes=3-' } })).text()).toBe('Ann')
    expect(await codeOf(await fetch(url, { method: 'PUT', body: 'x' }))).toBe('403 SignatureDoesNotMatch')
    expect(await codeOf(await fetch(url.replace('/k?', '/l?')))).toBe('403 SignatureDoesNotMatch')
    const head = await getSignedUrl(ann, new HeadObjectCommand({ Bucket: BUCKET, Key: 'k' }))
    expect((await fetch(head, { method: 'HEAD' })).headers.get('content-length')).toBe('6')
  })

  test('chooses the headers of its answer', async () => {
    const command = new GetObjectCommand({
      Bucket: BUCKET,
      Key: 'k',
      ResponseContentDisposition: 'attachment; filename="é.txt"',
      ResponseContentType: 'text/x-of-ann',
    })
    const answer = await fetch(await getSignedUrl(ann, command))
    expect(answer.headers.get('content-type')).toBe('text/x-of-ann')
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="/)
  })

  test('writes, with the metadata that was signed into it', async () => {
    const key = 'a b/+%25/ü'
    const command = new PutObjectCommand({ Bucket: BUCKET, Key: key, Metadata: { team: 'x' }, ContentType: 'text/plain' })
    const url = await getSignedUrl(ann, command, { expiresIn: 60 })
    expect(await codeOf(await fetch(url, { method: 'PUT', body: 'new', headers: { 'x-amz-meta-team': 'y' } }))).toMatch(/^40[03] /)
    const stored = await fetch(url, { method: 'PUT', body: 'new', headers: { 'content-type': 'text/plain' } })
    expect(stored.status).toBe(200)
    const answer = await ann.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))
    expect([await answer.Body?.transformToString(), answer.Metadata]).toEqual(['new', { team: 'x' }])
  })

  test('copies only what was signed into it', async () => {
    const command = new CopyObjectCommand({ Bucket: BUCKET, Key: 'copy', CopySource: `${BUCKET}/k` })
    const url = await getSignedUrl(ann, command)
    expect((await fetch(url, { method: 'PUT' })).status).toBe(200)
    expect((await door.ann.send('GET', `/${BUCKET}/copy`)).text).toBe('of Ann')
    const put = await getSignedUrl(ann, new PutObjectCommand({ Bucket: BUCKET, Key: 'stolen' }))
    const stolen = await fetch(put, { method: 'PUT', headers: { 'x-amz-copy-source': `/${BUCKET}/k` } })
    expect(await codeOf(stolen)).toBe('403 AccessDenied')
    expect((await door.ann.send('GET', `/${BUCKET}/stolen`)).outcome).toBe('404 NoSuchKey')
  })

  test('uploads a part', async () => {
    const begun = await door.ann.send('POST', `/${BUCKET}/parts?uploads`)
    const UploadId = begun.one('UploadId')
    const url = await getSignedUrl(ann, new UploadPartCommand({ Bucket: BUCKET, Key: 'parts', UploadId, PartNumber: 1 }))
    const answer = await fetch(url, { method: 'PUT', body: 'part' })
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, expect.stringMatching(/^"[0-9a-f]{32}"$/)])
  })
})

test('a body that is not the one whose hash was signed leaves nothing', async () => {
  const wrong = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  const signed = { method: 'PUT', target: `/${BUCKET}/hash`, headers: [host(), ['x-amz-content-sha256', wrong]] as const }
  const target = presign({ ...signed, date: now(), payloadHash: wrong }, ANN)
  const send = (body: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${door.port}${target}`, { method: 'PUT', body, headers: { 'x-amz-content-sha256': wrong } })
  expect(await codeOf(await send('abd'))).toBe('400 XAmzContentSHA256Mismatch')
  expect((await door.ann.send('GET', `/${BUCKET}/hash`)).outcome).toBe('404 NoSuchKey')
  expect((await send('abc')).status).toBe(200)
})

test('a URL of somebody else opens nothing', async () => {
  const target = presign(
    { method: 'GET', target: `/${BUCKET}/k`, headers: [host()], date: now() },
    { accessKeyId: 'BOBSKEY', secretAccessKey: 'the secret of Bob' },
  )
  expect(await codeOf(await fetch(`http://127.0.0.1:${door.port}${target}`))).toBe('403 AccessDenied')
})
