import { GetObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { memoryBackend, StorageError } from '@stowage/core/backend'
import type { PresignFacet } from '@stowage/core/backend'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { sdkClient } from './sdk-client.ts'

let door: Door
let outage = false
const presigning: PresignFacet = {
  presignGet: async (key, { expiresInSeconds, contentType = '' }) => {
    if (outage) throw new StorageError('BackendUnavailable', { backend: 'test', operation: 'presign' })
    return new URL(`https://store.test/${key}?${expiresInSeconds}&${contentType}`)
  },
}
const BODY = 'x'.repeat(1_000)

beforeAll(async () => {
  door = await openDoor({
    backend: Object.assign(memoryBackend(), { presigning }),
    redirects: { expiresInSeconds: 30, sizeMin: 500 },
    rules: [{ effect: 'allow', who: 'anyone', actions: ['object.read'] }],
  })
  await door.ann.send('PUT', `/${BUCKET}/k`, { body: BODY, headers: [['content-type', 'text/plain']] })
  await door.ann.send('PUT', `/${BUCKET}/small`, { body: 'x'.repeat(499) })
  await door.ann.send('PUT', `/${BUCKET}/attached`, { body: BODY, headers: [['content-disposition', 'attachment']] })
})
afterAll(async () => {
  expect(door.faults).toEqual([])
  // None that was sent on holds garbage back.
  await door.settle()
  await door.close()
})

async function presigned(key: string, more: object = {}, headers: Record<string, string> = {}): Promise<Response> {
  const client = sdkClient(door.port, ANN)
  const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: BUCKET, Key: key, ...more }))
  client.destroy()
  return fetch(url, { redirect: 'manual', headers })
}

test('a presigned and an anonymous read of a large object are sent on, for as long as was said, and not to be kept', async () => {
  const anonymous = await fetch(`http://127.0.0.1:${door.port}/${BUCKET}/k`, { redirect: 'manual' })
  for (const answer of [await presigned('k'), anonymous]) {
    expect(answer.status).toBe(307)
    expect(answer.headers.get('location')).toMatch(/^https:\/\/store\.test\/[0-9a-f]+\?30&text\/plain$/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.text()).toBe('')
  }
  const chosen = await presigned('k', { ResponseContentType: 'text/x-of-ann' })
  expect(chosen.headers.get('location')).toContain('&text/x-of-ann')
  const umlaut = await presigned('k', { ResponseContentType: 'text/ü' })
  expect(decodeURIComponent(umlaut.headers.get('location') ?? '')).toContain('&text/ü')
})

test('a backend that cannot presign at the moment is no reason not to read', async () => {
  outage = true
  const answer = await presigned('k')
  outage = false
  expect([answer.status, await answer.text()]).toEqual([200, BODY])
})

test('what signs headers, and whatever the backend could not show as it is, is answered here', async () => {
  const signed = await door.ann.send('GET', `/${BUCKET}/k`)
  expect([signed.status, signed.text]).toEqual([200, BODY])
  expect((await presigned('small')).status).toBe(200)
  expect((await presigned('k', {}, { range: 'bytes=0-9' })).status).toBe(206)
  expect((await presigned('attached')).headers.get('content-disposition')).toBe('attachment')
  expect((await presigned('k', { ResponseCacheControl: 'no-cache' })).status).toBe(200)
  expect((await presigned('nothing')).status).toBe(404)
})
