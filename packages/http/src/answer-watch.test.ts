import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { HttpHandler, HttpResponse } from './message.ts'
import { attach, toNodeHandler } from './node-adapter.ts'
import type { NodeAdapterOptions } from './node-adapter.ts'

const RATE: NodeAdapterOptions = { answerBytesPerSecondMin: 1e9, answerWindowMilliseconds: 80 }
const IDLE: NodeAdapterOptions = { answerBytesPerSecondMin: 0, answerIdleMilliseconds: 200 }
/** More than the system takes for a client that reads nothing. */
const SIZE = 40_000_000

const asBytes = (): HttpResponse => ({ status: 200, headers: [], body: Buffer.alloc(SIZE, 'x') })
const asStream = (): HttpResponse => ({
  status: 200,
  headers: [['content-length', String(SIZE)]],
  body: Readable.from(pieces(), { objectMode: false }),
})
function* pieces(): Generator<Buffer> {
  for (let sent = 0; sent < SIZE; sent += 1_000_000) yield Buffer.alloc(1_000_000, 'x')
}

interface Served {
  readonly server: Server
  readonly faults: readonly unknown[]
  /** The server's end of the last connection. */
  readonly accepted: () => Socket
  /** Sends a request for a path; reads nothing. */
  readonly ask: (path?: string) => Socket
}

async function serve(handler: HttpHandler, options: NodeAdapterOptions, how: 'attach' | 'mount' = 'attach'): Promise<Served> {
  const faults: unknown[] = []
  const server = createServer()
  const complete = { ...options, onFault: (error: unknown) => void faults.push(error) }
  if (how === 'attach') attach(server, handler, complete)
  else server.on('request', toNodeHandler(handler, complete))
  let last: Socket | undefined
  server.on('connection', (socket) => (last = socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    server,
    faults,
    accepted: () => last!,
    ask(path = '/') {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      socket.on('error', () => {})
      onTestFinished(() => void socket.destroy())
      socket.write(request(path))
      return socket
    },
  }
}

const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`

/** Waits until the server has cut its end of the connection, without reading at the other. */
async function cutOff({ accepted }: Served): Promise<void> {
  while (accepted() === undefined) await wait(5)
  if (!accepted().destroyed) await once(accepted(), 'close')
}

async function readOf(socket: Socket, length: number): Promise<number> {
  let read = 0
  await new Promise<void>((resolve) => {
    socket.once('close', resolve)
    socket.on('data', (chunk: Buffer) => {
      read += chunk.length
      if (read >= length) resolve()
    })
  })
  return read
}

test.each<[string, () => HttpResponse, NodeAdapterOptions, 'attach' | 'mount']>([
  ['bytes, by the least rate', asBytes, RATE, 'attach'],
  ['a stream, by the least rate', asStream, RATE, 'attach'],
  ['a stream on a plain mount, by the least rate', asStream, RATE, 'mount'],
  ['bytes, by the idle time', asBytes, IDLE, 'attach'],
  ['a stream, by the idle time', asStream, IDLE, 'attach'],
])('a client that takes nothing of its answer is cut off: %s', async (_, answer, options, how) => {
  const served = await serve(async () => answer(), options, how)
  served.ask()
  await cutOff(served)
  expect(served.faults).toEqual([])
})

test('a client that takes a little now and then is cut off', async () => {
  const served = await serve(async () => asStream(), RATE)
  const socket = served.ask()
  const cut = cutOff(served)
  const reading = setInterval(() => void socket.read(1), 10)
  onTestFinished(() => clearInterval(reading))
  await cut
})

test('a client that stands still for a while gets all of it', async () => {
  const { ask, faults } = await serve(async () => asStream(), { answerBytesPerSecondMin: 1, answerWindowMilliseconds: 20 })
  const socket = ask()
  await wait(300)
  expect(await readOf(socket, SIZE)).toBeGreaterThan(SIZE)
  expect(faults).toEqual([])
})

test('a server that is slow itself cuts nobody off', async () => {
  async function* slowly(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(1_000_000)
    await wait(600)
    yield Buffer.from('end')
  }
  const handler: HttpHandler = async () => ({ status: 200, headers: [], body: Readable.from(slowly(), { objectMode: false }) })
  const { ask } = await serve(handler, { answerBytesPerSecondMin: 1_000_000, answerWindowMilliseconds: 300 })
  expect(await readOf(ask(), 1_000_010)).toBeGreaterThan(1_000_003)
})

test("the time-outs of a server's own stay as they are", async () => {
  const served = await serve(async ({ target }) => (target === '/small' ? { status: 204, headers: [], body: null } : asStream()), {})
  for (const [timeout, keepAliveTimeout] of [
    [0, 0],
    [0, 70_000],
    [90_000, 0],
  ] as const) {
    Object.assign(served.server, { timeout, keepAliveTimeout })
    const socket = served.ask()
    while (served.accepted()?.writableLength !== 0 && served.accepted()?.timeout === undefined) await wait(5)
    expect(await readOf(socket, SIZE)).toBeGreaterThan(SIZE)
    // The client may have the last byte before the server hears that it is gone.
    while (served.accepted().timeout === 120_001) await wait(5)
    const kept = served.accepted().timeout ?? 0
    if (keepAliveTimeout === 0) expect(kept).toBe(timeout)
    else expect(kept).toBeGreaterThanOrEqual(keepAliveTimeout)
    expect(kept).not.toBe(120_000)
    socket.write(request('/small'))
    await once(socket, 'data')
    socket.destroy()
  }
})
