import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { readBody } from './body.ts'
import type { HttpHandler, HttpRequest } from './message.ts'
import { attach } from './node-adapter.ts'
import type { NodeAdapterOptions } from './node-adapter.ts'

/** A second would be short for a client; here it would be long. */
const IDLE: NodeAdapterOptions = { bodyIdleMilliseconds: 80, bodyBytesPerSecondMin: 0, lingerMilliseconds: 20 }
const RATE: NodeAdapterOptions = { bodyBytesPerSecondMin: 10_000, bodyWindowMilliseconds: 80, lingerMilliseconds: 20 }

/** Answers with the body, or with the name of what went wrong with it. */
const echo: HttpHandler = async ({ body }) => {
  const text = await readBody(body, { sizeMax: 1e6 }).catch((error: unknown) => Buffer.from(String((error as { code?: unknown }).code)))
  return { status: 200, headers: [], body: text }
}

interface Served {
  readonly faults: readonly unknown[]
  readonly open: (text: string) => Client
}

interface Client {
  readonly socket: Socket
  readonly received: () => string
  readonly closed: Promise<unknown>
}

async function serve(handler: HttpHandler, options: NodeAdapterOptions): Promise<Served> {
  const faults: unknown[] = []
  const server = createServer()
  attach(server, handler, { ...options, onFault: (error) => faults.push(error) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    faults,
    open(text) {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      let received = ''
      socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
      socket.on('error', () => {})
      socket.write(text)
      return { socket, received: () => received, closed: new Promise((resolve) => socket.once('close', resolve)) }
    },
  }
}

const put = (length: number, more = ''): string => `PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n${more}\r\n`

test.each([
  ['of a known length', put(10)],
  ['in chunks', 'PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\na\r\n'],
])('a body %s of which nothing comes any more is given up, and the handler still answers', async (_, head) => {
  const { faults, open } = await serve(echo, IDLE)
  const client = open(`${head}abc`)
  await client.closed
  expect(client.received()).toMatch(/^HTTP\/1\.1 200 [^]*connection: close[^]*BodyTimeout$/i)
  expect(faults).toEqual([])
})

test('a body that trickles is given up, though something always comes', async () => {
  const { open } = await serve(echo, RATE)
  const client = open(put(100_000))
  while (!client.socket.closed) {
    client.socket.write('x')
    await wait(10)
  }
  expect(client.received()).toMatch(/BodyTimeout$/)
})

test('a loop over the body fails with what the adapter says', async () => {
  const { open } = await serve(async ({ body }) => {
    try {
      for await (const _ of body);
    } catch (error) {
      return { status: 400, headers: [], body: Buffer.from(String((error as { code?: unknown }).code)) }
    }
    return { status: 200, headers: [], body: null }
  }, IDLE)
  const client = open(`${put(10)}abc`)
  await client.closed
  expect(client.received()).toMatch(/^HTTP\/1\.1 400 [^]*BodyTimeout$/)
})

test('a slow body that keeps up with the least is taken', async () => {
  const { open } = await serve(echo, { bodyIdleMilliseconds: 1_000, bodyBytesPerSecondMin: 1, bodyWindowMilliseconds: 100 })
  const client = open(put(12, 'Connection: close\r\n'))
  for (let count = 0; count < 12; count++) {
    await wait(25)
    client.socket.write('x')
  }
  await client.closed
  expect(client.received()).toMatch(/x{12}$/)
})

test('a server that is slow itself blames nobody', async () => {
  const { open } = await serve(
    async (request: HttpRequest) => {
      await wait(1_000)
      return echo(request)
    },
    { bodyIdleMilliseconds: 300, bodyBytesPerSecondMin: 1_000, bodyWindowMilliseconds: 300 },
  )
  // More than node takes in before somebody reads; the client is not to send on.
  const large = 'x'.repeat(300_000)
  const client = open(put(large.length, 'Connection: close\r\n') + large)
  await client.closed
  expect(client.received().endsWith(large)).toBe(true)
})

test('a client that waits for 100 Continue may wait', async () => {
  const { open } = await serve(
    async (request) => {
      await wait(1_000)
      request.acceptBody()
      return echo(request)
    },
    { ...IDLE, bodyIdleMilliseconds: 300 },
  )
  const client = open(put(3, 'Expect: 100-continue\r\nConnection: close\r\n'))
  while (!client.received().includes('100 Continue')) await wait(5)
  client.socket.write('abc')
  await client.closed
  expect(client.received()).toMatch(/abc$/)
})

test('a body that goes on slowly behind its answer costs the connection', async () => {
  const { open } = await serve(async () => ({ status: 403, headers: [], body: Buffer.from('no') }), IDLE)
  const client = open(`${put(10)}abc`)
  await client.closed
  expect(client.received()).toMatch(/^HTTP\/1\.1 403 [^]*no$/)
})
