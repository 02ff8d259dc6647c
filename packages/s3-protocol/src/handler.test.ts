import { Buffer } from 'node:buffer'
import { memoryBackend } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { BUCKET, openDoor } from '../test/door.ts'
import type { Door } from '../test/door.ts'

let door: Door
const backend = memoryBackend()

beforeAll(async () => {
  door = await openDoor({ backend })
})
afterAll(() => door.close())
afterEach(() => {
  door.forgetFaults()
})

async function loseBlobs(): Promise<readonly BlobKey[]> {
  const lost: BlobKey[] = []
  for await (const { key } of backend.list({ prefix: '' })) lost.push(key)
  await backend.delete(lost)
  return lost
}

describe('a fault of ours', () => {
  test('is told to the observer with its request id, and to the client without a word about it', async () => {
    await door.ann.send('PUT', `/${BUCKET}/lost`, { body: Buffer.alloc(1000) })
    const lost = await loseBlobs()
    const answer = await door.ann.send('GET', `/${BUCKET}/lost`)
    expect(answer.outcome).toBe('500 InternalError')
    for (const blob of lost) expect(answer.text).not.toContain(blob)
    expect(door.faults).toMatchObject([{ name: 'fault', requestId: answer.header('x-amz-request-id'), error: { code: 'BlobNotFound' } }])
  })

  test('is nothing that clients do', async () => {
    for (const [method, target] of [
      ['GET', '/nowhere'],
      ['GET', `/${BUCKET}/absent`],
      ['GET', `/${BUCKET}?policy`],
      ['PATCH', `/${BUCKET}`],
      ['GET', '/%ff'],
    ] as const) {
      expect((await door.ann.send(method, target)).status).toBeGreaterThanOrEqual(400)
    }
    expect(door.faults).toEqual([])
  })
})

describe('every answer', () => {
  test('has a request id of its own, the one in its error', async () => {
    const ids = new Set<string>()
    for (const target of ['/', `/${BUCKET}`, `/${BUCKET}/absent`, `/${BUCKET}?acl`, '//']) {
      const answer = await door.ann.send('GET', target)
      const id = answer.header('x-amz-request-id') ?? ''
      expect(id).toMatch(/^[0-9A-F]{16}$/)
      ids.add(id)
      if (answer.status !== 200) expect([answer.one('RequestId'), answer.one('Resource')]).toEqual([id, target.replace(/\?.*/, '')])
    }
    expect(ids.size).toBe(5)
  })

  test('to a large body that is refused comes while it is still sent', async () => {
    const { head } = door.ann.compose('PUT', '/nowhere/k', { body: Buffer.alloc(0), contentLength: 50_000_000 })
    const wire = door.ann.open()
    wire.write(head)
    wire.write(Buffer.alloc(100_000))
    const answer = await wire.answer('PUT')
    expect([answer.outcome, answer.header('connection')]).toEqual(['404 NoSuchBucket', 'close'])
    await wire.closed()
  })
})
