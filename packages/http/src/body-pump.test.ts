import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import type { HttpHeader } from './message.ts'
import { attach } from './node-adapter.ts'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function serveBody(body: Readable, headers: HttpHeader[] = []): Promise<{ port: number; faults: unknown[] }> {
  const faults: unknown[] = []
  const server = createServer()
  attach(server, async () => ({ status: 200, headers, body }), { onFault: (error) => faults.push(error) })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, faults }
}

async function get(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => {})
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

/** Hands out one buffer again and again, as a pool does, and counts what comes back. */
class PooledBody extends Readable {
  readonly released: Uint8Array[] = []
  taken = 0
  readonly #chunks: number

  constructor(chunks: number) {
    super({ highWaterMark: 1 })
    this.#chunks = chunks
  }

  override _read(): void {
    if (this.taken < this.#chunks) this.push(Buffer.alloc(200_000, 65 + (this.taken++ % 26)))
    else this.push(null)
  }

  releaseChunk(chunk: Uint8Array): void {
    // What node still held would reach the client as zeros.
    chunk.fill(0)
    this.released.push(chunk)
  }
}

describe('streamed bodies', () => {
  test('arrive whole, with and without a length', async () => {
    const sized = await serveBody(Readable.from([Buffer.from('ab'), Buffer.from('c')]), [['content-length', '3']])
    expect(await get(sized.port)).toMatch(/content-length: 3\r\n[^]*\r\n\r\nabc$/)
    const unsized = await serveBody(Readable.from([Buffer.from('ab'), Buffer.from('c')]))
    expect(await get(unsized.port)).toMatch(/Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n$/)
    const empty = await serveBody(Readable.from([]), [['content-length', '0']])
    expect(await get(empty.port)).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n$/)
    expect([...sized.faults, ...unsized.faults, ...empty.faults]).toEqual([])
  })

  test('pooled chunks go back once each, when node is done with them', async () => {
    const body = new PooledBody(30)
    const { port } = await serveBody(body, [['content-length', '6000000']])
    const answer = await get(port)
    const received = answer.slice(answer.indexOf('\r\n\r\n') + 4)
    expect(received).toHaveLength(6_000_000)
    expect(received).not.toContain('\0')
    expect(new Set(body.released).size).toBe(30)
    expect(body.released).toHaveLength(30)
  })

  test('a client that goes away destroys the body, and every chunk that left it comes back', async () => {
    const body = new PooledBody(1000)
    const { port, faults } = await serveBody(body)
    const socket = connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await once(socket, 'data')
    socket.destroy()
    await once(body, 'close')
    while (body.released.length < body.taken - body.readableLength / 200_000) await wait(5)
    expect(body.taken).toBeLessThan(1000)
    expect(new Set(body.released).size).toBe(body.released.length)
    expect(faults).toEqual([])
  })

  test('a slow client holds the body back', async () => {
    const body = new PooledBody(1000)
    const { port } = await serveBody(body)
    const socket = connect(port, '127.0.0.1')
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    let before = -1
    while (before !== body.taken || before === 0) {
      before = body.taken
      await wait(100)
    }
    expect(body.taken).toBeLessThan(200)
    socket.destroy()
    await once(body, 'close')
  })

  test('a body that errors, ends early, is too long or was destroyed never looks complete', async () => {
    const failing = Readable.from(
      (async function* () {
        yield Buffer.from('ab')
        throw new Error('disk')
      })(),
    )
    const destroyed = new Readable({ read() {} })
    destroyed.destroy()
    const cases: [Readable, HttpHeader[]][] = [
      [failing, []],
      [Readable.from([Buffer.from('ab')]), [['content-length', '3']]],
      [Readable.from([Buffer.from('ab'), Buffer.from('cd')]), [['content-length', '3']]],
      [destroyed, [['content-length', '3']]],
    ]
    for (const [body, headers] of cases) {
      const { port, faults } = await serveBody(body, headers)
      const answer = await get(port)
      expect(answer).not.toMatch(/0\r\n\r\n$/)
      expect(answer).not.toMatch(/\r\n\r\n...$/)
      expect(faults).toHaveLength(1)
    }
  })
})
