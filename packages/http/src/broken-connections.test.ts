import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { readBody } from './body.ts'
import type { HttpHandler } from './message.ts'
import { attach } from './node-adapter.ts'

/** Answers with what came, a while after all of it has come. */
const slowly: HttpHandler = async ({ body, target }) => {
  const text = await readBody(body, { sizeMax: 100 })
  await wait(50)
  return { status: 200, headers: [], body: Buffer.from(`${target} ${text.toString()};`) }
}

async function serve(handler: HttpHandler): Promise<{ port: number; faults: readonly unknown[] }> {
  const faults: unknown[] = []
  const server = createServer()
  attach(server, handler, { onFault: (error) => faults.push(error) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, faults }
}

/** Sends it, and gives back all that comes until the server closes. */
async function exchange(port: number, ...pieces: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  socket.on('error', () => {})
  for (const piece of pieces) {
    socket.write(piece)
    await wait(5)
  }
  if (!socket.closed) await once(socket, 'close')
  return received
}

const statuses = (received: string): string[] => [...received.matchAll(/HTTP\/1\.1 ([0-9]{3}) /g)].map((match) => match[1] ?? '')
const put = (path: string, body: string): string => `PUT ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`

test('what follows a request and is none does not answer for it', async () => {
  const { faults, port } = await serve(slowly)
  for (const junk of [
    'junk',
    'junk\r\n\r\n',
    '\0\0\0',
    'GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n',
    `GET / HTTP/1.1\r\nA: ${'b'.repeat(20_000)}`,
  ]) {
    const received = await exchange(port, `${put('/a', 'abc')}${junk}`)
    expect([junk.slice(0, 40), statuses(received)]).toEqual([junk.slice(0, 40), ['200']])
    expect(received).toMatch(/\/a abc;$/)
  }
  // However often it comes.
  expect(statuses(await exchange(port, `${put('/a', 'abc')}junk`, 'junk', 'junk'))).toEqual(['200'])
  expect(await exchange(port, `${put('/a', 'abc')}${put('/b', 'def')}junk`)).toMatch(/\/a abc;[^]*\/b def;$/)
  expect(faults).toEqual([])
})

test('a streamed answer is sent whole', async () => {
  const { port } = await serve(async () => {
    async function* bytes(): AsyncGenerator<Buffer> {
      for (let count = 0; count < 5; count++) {
        await wait(10)
        yield Buffer.from('chunk')
      }
    }
    return { status: 200, headers: [['content-length', '25']], body: Readable.from(bytes(), { objectMode: false }) }
  })
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', 'junk')).toMatch(/(?:chunk){5}$/)
})

test.each([
  ['400', 'junk\r\n\r\n'],
  ['400', 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n'],
  ['400', 'PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n'],
  ['413', `PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`],
  ['431', `GET / HTTP/1.1\r\nHost: h\r\nA: ${'b'.repeat(20_000)}\r\n\r\n`],
])('what is no request itself is answered %s, and the connection is closed', async (status, bytes) => {
  const { faults, port } = await serve(slowly)
  const received = await exchange(port, bytes)
  expect(statuses(received)).toEqual([status])
  expect(received).toMatch(/connection: close/i)
  expect(faults.length).toBeLessThanOrEqual(1)
})
