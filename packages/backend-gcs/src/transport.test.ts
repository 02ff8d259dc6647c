import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crc32c, parseBlobKey } from '@stowage/core/backend'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openOn } from '../test/support/open-on.ts'
import type { Opened } from '../test/support/open-on.ts'
import { startServer } from '../test/support/scripted-server.ts'
import type { Reply } from '../test/support/scripted-server.ts'
import { openClient } from './client.ts'
import type { GcsClientLike } from './client.ts'
import { gcsBackend } from './gcs-backend.ts'
import { formatCrc32c } from './object-facts.ts'
import { parseOptions } from './options.ts'
import type { GcsBackendOptions } from './options.ts'
import { Transport } from './transport.ts'

const key = parseBlobKey('x1')
const BYTES = Buffer.alloc(400, 'bytes')

/** A blob of 400 bytes. */
function blob(ending?: Reply['ending'] & string): Reply {
  const headers = { 'content-length': '400', 'x-goog-generation': '7', 'x-goog-hash': `crc32c=${formatCrc32c(crc32c(BYTES))}` }
  return { headers, body: BYTES, ...(ending === undefined ? {} : { ending }) }
}

async function readWhole(one: Opened): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await one.backend.get(key, {})) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('connections', () => {
  test('nobody waits for one for ever, and who did in vain has sent nothing', async () => {
    const one = await openOn([blob('drip'), {}], { connectionsMax: 1, idleTimeoutSeconds: 0.4 })
    const reading = readWhole(one)
    while (one.received().length === 0) await new Promise(setImmediate)
    const error: unknown = await one.backend.delete([key]).catch((failure: unknown) => failure)
    expect(error).toMatchObject({ code: 'BackendUnavailable', retryable: true, message: expect.stringMatching(/connectionsMax/) })
    expect(await reading).toEqual(BYTES)
    expect(one.received()).toHaveLength(1)
    await one.backend.delete([key])
    expect(one.received().map(({ method }) => method)).toEqual(['GET', 'DELETE'])
  })
})

describe('an answer that comes before the body was sent', () => {
  test('ends the sending with it', async () => {
    // More than connections hold on their way.
    const body = Array.from({ length: 64 }, () => Buffer.alloc(1024 * 1024, 'before'))
    let asked: IncomingMessage | null = null
    const server = createServer((request, response) => {
      asked = request
      response.writeHead(503, { 'content-length': '0' }).flushHeaders()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const apiEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const client: GcsClientLike = await openClient(parseOptions({ bucket: 'blobs', apiEndpoint }))
    const transport = new Transport(client, parseOptions({ bucket: 'blobs', apiEndpoint }))
    expect(await transport.call({ method: 'PUT', target: '/session', body })).toMatchObject({ status: 503 })
    for (const piece of body) piece.fill('after ')
    let received = ''
    const reading = async (): Promise<void> => {
      for await (const chunk of asked ?? []) received += /after/.exec(String(chunk))?.[0] ?? ''
    }
    await expect(reading()).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(received).toBe('')
    transport.close()
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('answers that are too long', () => {
  const LONG = 'a page of a proxy '.repeat(20_000)

  test.each([
    [403, false],
    [502, true],
  ])('a refusal is read to 64 KiB, and means what its status says: %i', async (status, retryable) => {
    const one = await openOn([{ status, body: LONG }], { attemptsMax: 2 })
    await expect(one.backend.get(key, {})).rejects.toMatchObject({
      code: 'BackendUnavailable',
      retryable,
      message: expect.stringContaining(`(${status})`),
    })
    await expect(one.backend.delete([key])).rejects.toMatchObject({
      code: 'BackendUnavailable',
      retryable,
      message: expect.stringContaining(`(${status})`),
    })
  })

  test('any other is one that cannot be read', async () => {
    const one = await openOn([{ body: Buffer.alloc(17 * 1024 * 1024, ' ') }], { attemptsMax: 1 })
    const listed = one.backend.list({ prefix: '' })[Symbol.asyncIterator]().next()
    await expect(listed).rejects.toMatchObject({ code: 'BackendUnavailable', message: expect.stringMatching(/cannot be read/) })
  })
})

describe('credentials that never come', () => {
  const never = new Promise<never>(() => undefined)

  /** A client of a service that is well; what it is asked for first comes, if it is to, and nothing after that. */
  function clientOf(apiEndpoint: string, comes: number): GcsClientLike {
    let asked = 0
    const getRequestHeaders = (): Promise<Headers> => {
      asked += 1
      return asked > comes ? never : Promise.resolve(new Headers())
    }
    return { apiEndpoint, authClient: { getRequestHeaders }, bucket: () => ({ file: () => ({ getSignedUrl: () => never }) }) }
  }

  async function backendOn(comes: number, options: Partial<GcsBackendOptions>): Promise<Opened> {
    const service = await startServer(() => ({ body: '{"name":"blobs"}' }))
    const client = clientOf(service.url, comes)
    const backend = gcsBackend({ bucket: 'blobs', client, attemptsMax: 2, retryDelaySeconds: 0.001, ...options })
    const stop = (): Promise<void> => backend.close().then(() => service.stop())
    onTestFinished(stop)
    return { backend, service, received: () => service.received, stop }
  }

  test('are an error in time', async () => {
    const { backend } = await backendOn(0, { idleTimeoutSeconds: 0.05 })
    await expect(backend.init()).rejects.toMatchObject({
      code: 'BackendUnavailable',
      retryable: true,
      message: expect.stringMatching(/could not be renewed/),
    })
  })

  test('do not keep an abort waiting', async () => {
    const { backend } = await backendOn(1, {})
    await backend.init()
    const controller = new AbortController()
    const reason = new Error('enough')
    const calls = [backend.get(key, { signal: controller.signal }), backend.delete([key], { signal: controller.signal })]
    await new Promise(setImmediate)
    controller.abort(reason)
    for (const call of calls) await expect(call).rejects.toBe(reason)
  })

  test('are an error in time where they are to sign', async () => {
    const { backend } = await backendOn(2, { presigning: true, idleTimeoutSeconds: 0.05 })
    await expect(backend.init()).rejects.toMatchObject({
      code: 'BackendUnavailable',
      retryable: true,
      message: expect.stringMatching(/No signature/),
    })
  })

  test('do not keep an abort waiting where they are to sign', async () => {
    const { backend, received } = await backendOn(1, { presigning: true })
    const controller = new AbortController()
    const reason = new Error('enough')
    const ready = backend.init({ signal: controller.signal })
    while (received().length === 0) await new Promise(setImmediate)
    controller.abort(reason)
    await expect(ready).rejects.toBe(reason)
  })
})
