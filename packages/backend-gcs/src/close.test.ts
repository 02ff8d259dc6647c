import { setTimeout as wait } from 'node:timers/promises'
import { parseBlobKey } from '@stowage/core/backend'
import type { BlobKey, ByteSource } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { openOn } from '../test/support/open-on.ts'
import { refusal, startServer } from '../test/support/scripted-server.ts'
import type { Reply } from '../test/support/scripted-server.ts'
import type { GcsClientLike } from './client.ts'
import { gcsBackend } from './gcs-backend.ts'

const key = parseBlobKey('x1')
const BYTES = Buffer.alloc(1_000, 'bytes')
const CLOSED = { code: 'BackendUnavailable', retryable: false, message: 'The backend is closed.' }

function blob(reply: Reply = {}): Reply {
  return { headers: { 'content-length': '1000', 'x-goog-generation': '7' }, body: BYTES, ...reply }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('close', () => {
  test('ends a stream that is being read with an error, and opens nothing again', async () => {
    const one = await openOn([blob({ ending: 'stall', body: BYTES.subarray(0, 10) })])
    const reading = expect(readAll(await one.backend.get(key, {}))).rejects.toMatchObject(CLOSED)
    await wait(50)
    await one.backend.close()
    await reading
    expect(one.received()).toHaveLength(1)
  })

  test('ends one that nobody reads yet, which is not the end of the process; whoever reads it then finds the error', async () => {
    const one = await openOn([blob({ ending: 'stall', body: BYTES.subarray(0, 10) })])
    const stream = await one.backend.get(key, {})
    await one.backend.close()
    await wait(50)
    await expect(readAll(stream)).rejects.toMatchObject(CLOSED)
    expect(one.received()).toHaveLength(1)
  })

  test('ends one whose connection was given up in a pause', async () => {
    const one = await openOn([blob()], { idleTimeoutSeconds: 0.05 })
    const stream = await one.backend.get(key, {})
    await wait(200)
    await one.backend.close()
    await expect(readAll(stream)).rejects.toMatchObject(CLOSED)
  })

  test('leaves alone what has come whole', async () => {
    const one = await openOn([blob()])
    const stream = await one.backend.get(key, {})
    await new Promise((resolve) => stream.once('readable', resolve))
    await wait(50)
    await one.backend.close()
    const chunk: unknown = stream.read()
    expect(chunk).toEqual(BYTES)
  })

  test('ends requests that wait for an answer, and those that wait for a connection', async () => {
    const one = await openOn([{ ending: 'hang' }], { connectionsMax: 1, retryDelaySeconds: 60, retryDelayMaxSeconds: 60 })
    async function* body(): AsyncGenerator<Uint8Array> {
      yield BYTES
    }
    const calls = [
      one.backend.get(key, {}),
      one.backend.delete([key]),
      one.backend.put(key, body(), {}),
      one.backend.list({ prefix: '' })[Symbol.asyncIterator]().next(),
    ].map((call) => expect(call).rejects.toMatchObject(CLOSED))
    while (one.received().length === 0) await wait(1)
    await one.backend.close()
    await Promise.all(calls)
    expect(one.received()).toHaveLength(1)
  })

  test('ends an answer that is being read', async () => {
    const one = await openOn([{ ending: 'stall', body: '{', headers: { 'content-length': '1000' } }], { retryDelaySeconds: 60 })
    const listed = expect(one.backend.list({ prefix: '' })[Symbol.asyncIterator]().next()).rejects.toMatchObject(CLOSED)
    await wait(100)
    await one.backend.close()
    await listed
  })

  test('ends calls that wait between two tries', async () => {
    const one = await openOn([refusal(503, 'backendError', 'Backend Error')], { retryDelaySeconds: 3_600, retryDelayMaxSeconds: 3_600 })
    async function* body(): AsyncGenerator<Uint8Array> {
      yield BYTES
    }
    const temporary = async (): Promise<BlobKey> => parseBlobKey('t1')
    const calls = [
      one.backend.get(key, {}),
      one.backend.delete([key]),
      one.backend.put(key, body(), {}),
      one.backend.list({ prefix: '' })[Symbol.asyncIterator]().next(),
      one.backend.copying?.copy(key, parseBlobKey('y1')),
      one.backend.joining?.join(key, [parseBlobKey('y1')], { temporary }),
    ].map((call) => expect(call).rejects.toMatchObject(CLOSED))
    while (one.received().length < calls.length) await wait(1)
    await wait(50)
    await one.backend.close()
    await Promise.all(calls)
    expect(one.received()).toHaveLength(calls.length)
  })

  test('ends a put whose body is silent', async () => {
    const one = await openOn([{}])
    let isStopped = false
    const silent: ByteSource = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: async () => {
          isStopped = true
          return { done: true, value: undefined }
        },
      }),
    }
    const put = expect(one.backend.put(key, silent, {})).rejects.toMatchObject(CLOSED)
    await one.backend.close()
    await put
    expect(isStopped).toBe(true)
  })

  test('ends a signature that does not come', async () => {
    const service = await startServer(() => ({ body: '{"name":"blobs"}' }))
    const never = new Promise<never>(() => undefined)
    let signed = 0
    const getSignedUrl = (): Promise<readonly string[]> => ((signed += 1) === 1 ? Promise.resolve(['https://127.0.0.1/x1']) : never)
    const client: GcsClientLike = {
      apiEndpoint: service.url,
      authClient: { getRequestHeaders: async () => new Headers() },
      bucket: () => ({ file: () => ({ getSignedUrl }) }),
    }
    const backend = gcsBackend({ bucket: 'blobs', client, presigning: true })
    await backend.init()
    const presigned = expect(backend.presigning?.presignGet(key, { expiresInSeconds: 60 })).rejects.toMatchObject(CLOSED)
    await wait(1)
    await backend.close()
    await presigned
    await service.stop()
  })

  test('ends an init that is under way', async () => {
    const backend = gcsBackend({ bucket: 'blobs', apiEndpoint: 'http://127.0.0.1:1' })
    const ready = expect(backend.init()).rejects.toMatchObject(CLOSED)
    await backend.close()
    await ready
  })
})
