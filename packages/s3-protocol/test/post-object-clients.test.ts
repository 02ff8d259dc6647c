import { S3Client } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { accountCaller } from '@stowage/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'

let door: Door
let client: S3Client

beforeAll(async () => {
  door = await openDoor()
  client = new S3Client({ endpoint: `http://127.0.0.1:${door.port}`, region: 'us-east-1', forcePathStyle: true, credentials: ANN })
})
afterAll(async () => {
  client.destroy()
  expect(door.faults).toEqual([])
  await door.close()
})

interface Presigned {
  readonly url: string
  readonly fields: Record<string, string>
}

/** What a page does with it: FormData is what browsers send, byte for byte (HTML, multipart/form-data encoding). */
async function send({ url, fields }: Presigned, file: File, more: Record<string, string> = {}): Promise<Response> {
  const form = new FormData()
  for (const [name, value] of Object.entries({ ...fields, ...more })) form.append(name, value)
  form.append('file', file)
  form.append('submit', 'Upload')
  return fetch(url, { method: 'POST', body: form, redirect: 'manual' })
}

const read = async (key: string): Promise<string> => (await door.ann.send('GET', `/${BUCKET}/${encodeURIComponent(key)}`)).text

describe('createPresignedPost of the AWS SDK', () => {
  const presign = (options: Omit<Parameters<typeof createPresignedPost>[1], 'Bucket'>): Promise<Presigned> =>
    createPresignedPost(client, { Bucket: BUCKET, ...options })

  test('is a form that stores a file', async () => {
    const answer = await send(await presign({ Key: 'sdk/cat.txt' }), new File(['a cat'], 'x'))
    expect([answer.status, await read('sdk/cat.txt')]).toEqual([204, 'a cat'])
  })

  test('with fields, conditions and the name of the file', async () => {
    const presigned = await presign({
      Key: 'sdk/${filename}',
      Fields: { acl: 'private', 'Content-Type': 'text/plain', success_action_status: '201', 'x-amz-meta-who': 'é' },
      Conditions: [
        { acl: 'private' },
        ['starts-with', '$Content-Type', 'text/'],
        ['content-length-range', 1, 5],
        { success_action_status: '201' },
        { 'x-amz-meta-who': 'é' },
      ],
      Expires: 60,
    })
    const name = 'Кот "Мурка" 1.txt'
    const answer = await send(presigned, new File(['a cat'], name))
    expect(answer.status).toBe(201)
    // What browsers make of quotation marks.
    const key = `sdk/${name.replaceAll('"', '%22')}`
    expect(await answer.text()).toContain(`<Key>${key}</Key>`)
    const { info } = await door.engine.as(accountCaller('ann')).headObject({ bucket: { name: BUCKET }, key })
    expect([info.headers.contentType, { ...info.userMetadata }]).toEqual(['text/plain', { who: 'é' }])
    const tooLarge = await send(presigned, new File(['a cat!'], 'large.txt'))
    expect([tooLarge.status, await tooLarge.text()]).toEqual([400, expect.stringContaining('<Code>EntityTooLarge</Code>')])
    const changed = await send(presigned, new File(['a cat'], 'x'), { acl: 'public-read' })
    expect([changed.status, await changed.text()]).toEqual([
      403,
      expect.stringContaining('Policy Condition failed: ["eq", "$acl", "private"]'),
    ])
  })

  test('of another secret is refused', async () => {
    const other = new S3Client({
      endpoint: `http://127.0.0.1:${door.port}`,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { ...ANN, secretAccessKey: 'wrong' },
    })
    const presigned = await createPresignedPost(other, { Bucket: BUCKET, Key: 'k' })
    other.destroy()
    const answer = await send(presigned, new File(['x'], 'x'))
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('<Code>SignatureDoesNotMatch</Code>')])
  })

  test('a file input in which nothing was chosen is an empty object', async () => {
    const answer = await send(await presign({ Key: 'empty${filename}' }), new File([], ''))
    expect([answer.status, await read('empty')]).toEqual([204, ''])
  })
})
