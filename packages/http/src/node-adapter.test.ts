import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { readBody } from './body.ts'
import type { HttpHandler, HttpPeer, HttpRequest, HttpResponse } from './message.ts'
import { attach, toNodeHandler } from './node-adapter.ts'
import type { NodeAdapterOptions } from './node-adapter.ts'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function serve(handler: HttpHandler, options: NodeAdapterOptions = {}): Promise<number> {
  const server = createServer()
  attach(server, handler, options)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Sends raw bytes and gives back everything that comes until the server closes, or until `until` has come. */
async function exchange(port: number, text: string, until?: RegExp): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(Buffer.from(text, 'latin1'))
  const received = await receive(socket, until)
  socket.destroy()
  return received
}

function receive(socket: Socket, until?: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (until?.test(received)) resolve(received)
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(received))
  })
}

const text = (body: string, headers: HttpResponse['headers'] = []): HttpResponse => ({ status: 200, headers, body: Buffer.from(body) })
const CLOSE = 'Connection: close\r\n'

describe('requests', () => {
  test('come as they were sent', async () => {
    let seen: HttpRequest | undefined
    let peer: HttpPeer | undefined
    const port = await serve(async (request) => {
      seen = request
      peer = request.peer
      return text('x')
    })
    await exchange(port, `PUT /b/a/../%2e%2E\\c?x=%zz HTTP/1.1\r\nHost: h\r\nX-Two: 1\r\nx-two:  \xe9\r\nContent-Length: 0\r\n${CLOSE}\r\n`)
    expect(seen?.method).toBe('PUT')
    expect(seen?.target).toBe('/b/a/../%2e%2E\\c?x=%zz')
    expect(seen?.headers).toEqual([
      ['host', 'h'],
      ['x-two', '1'],
      ['x-two', '\xe9'],
      ['content-length', '0'],
      ['connection', 'close'],
    ])
    expect(peer).toEqual({ address: '127.0.0.1', encrypted: false })
  })

  test('the signal fires when the client goes away, and not when all went well', async () => {
    const signals: AbortSignal[] = []
    let reached = (): void => {}
    const port = await serve(async ({ signal, target }) => {
      signals.push(signal)
      if (target === '/fast') return text('x')
      reached()
      await once(signal, 'abort')
      return text('never seen')
    })
    await exchange(port, `GET /fast HTTP/1.1\r\nHost: h\r\n${CLOSE}\r\n`)
    const started = new Promise<void>((resolve) => (reached = resolve))
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
    await started
    socket.destroy()
    await once(signals[1]!, 'abort')
    expect(signals.map((signal) => signal.aborted)).toEqual([false, true])
  })

  /** What a handler sees that a host calls with a message it has changed. */
  async function mounted(
    change: (message: IncomingMessage) => unknown,
    target: string,
    options: NodeAdapterOptions = {},
  ): Promise<HttpRequest | string> {
    let found: HttpRequest | undefined
    const listener = toNodeHandler(async (request) => {
      found = request
      return text('x')
    }, options)
    const server = createServer((message, response) => {
      change(message)
      listener(message, response)
    })
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const answer = await exchange((server.address() as AddressInfo).port, `GET ${target} HTTP/1.1\r\nHost: h\r\n${CLOSE}\r\n`)
    return found ?? answer
  }

  test.each([
    ['/mount/b/k?x', '/b/k?x', '/mount'],
    ['/mount', '/', '/mount'],
    ['/mount?x', '/?x', '/mount'],
    ['/mount/', '/', '/mount'],
    ['/b/k', '/rewritten', ''],
    ['/b/k', '/b/k', ''],
  ])('a mounted handler sees the target that the client sent: %s, called as %s', async (target, url, mount) => {
    const change = (message: IncomingMessage): unknown => Object.assign(message, { originalUrl: message.url, url })
    expect(await mounted(change, target)).toMatchObject({ target, mount })
  })

  test('a mount that is named is looked for on the target', async () => {
    const options = { mount: '/storage/v1/s3' }
    const nothing = (): void => {}
    expect(await mounted(nothing, '/storage/v1/s3/b', options)).toMatchObject({ target: '/storage/v1/s3/b', ...options })
    expect(await mounted(nothing, '/storage/v1/s4/b', options)).toMatch(/^HTTP\/1\.1 404 /)
    expect(() => toNodeHandler(async () => text('x'), { mount: 'nowhere' })).toThrow('is no path to mount at')
  })

  test('a body that the host has read already fails where it is read, and only there', async () => {
    const listener = toNodeHandler(async ({ body, headers }) => {
      if (headers.some(([name]) => name === 'x-unread')) return text('not read')
      return readBody(body, { sizeMax: 100 }).then(
        (read) => text(`read ${read.length}`),
        (error: unknown) => text((error as { code: string }).code),
      )
    })
    const server = createServer((message, response) => {
      message.resume().once('end', () => listener(message, response))
    })
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const put = (headers: string, body: string): Promise<string> =>
      exchange(port, `PUT / HTTP/1.1\r\nHost: h\r\n${headers}${CLOSE}\r\n${body}`)
    expect(await put('Content-Length: 3\r\n', 'abc')).toMatch(/BodyTaken$/)
    expect(await put('Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n')).toMatch(/BodyTaken/)
    expect(await put('Content-Length: 3\r\nX-Unread: 1\r\n', 'abc')).toMatch(/not read$/)
    expect(await put('Content-Length: 0\r\n', '')).toMatch(/read 0$/)
  })
})

test('more headers than are taken are refused, and none is dropped without a word', async () => {
  const seen: number[] = []
  const handler: HttpHandler = async ({ headers }) => {
    seen.push(headers.length)
    return text('x')
  }
  const port = await serve(handler)
  const few = await serve(handler, { headersMax: 3 })
  const get = (count: number): string => `GET / HTTP/1.1\r\nHost: h\r\n${'a:\r\n'.repeat(count - 2)}${CLOSE}\r\n`
  const refusal = /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n[^]*connection: close/i
  expect(await exchange(port, get(500))).toMatch(/^HTTP\/1\.1 200/)
  for (const count of [501, 999, 1_000, 1_001, 2_000, 2_001, 3_000]) expect(await exchange(port, get(count))).toMatch(refusal)
  expect(await exchange(few, get(3))).toMatch(/^HTTP\/1\.1 200/)
  expect(await exchange(few, get(4))).toMatch(refusal)
  expect(await exchange(few, get(4).replace('GET', 'PUT').replace('a:', 'Expect: 100-continue'))).toMatch(refusal)
  expect(seen).toEqual([500, 3])
})

describe('responses', () => {
  test('bytes of any size and value, with their length', async () => {
    for (const size of [0, 1, 4096, 16_384, 16_385, 3_000_000]) {
      const body = Buffer.alloc(size, Buffer.from(Array.from({ length: 256 }, (_, index) => index)))
      const port = await serve(async () => ({ status: 200, headers: [['x-a', 'b']], body: new Uint8Array(body) }))
      const [response] = (await once(httpRequest({ port, host: '127.0.0.1' }).end(), 'response')) as [IncomingMessage]
      expect(response.headers['content-length']).toBe(String(size))
      expect((await readBody(response, { sizeMax: 1e7 })).equals(body)).toBe(true)
    }
  })

  test('HEAD, 204 and 304 have no body', async () => {
    const port = await serve(async ({ method, target }) => ({
      status: method === 'HEAD' ? 200 : Number(target.slice(1)),
      headers: [
        ['content-length', '7'],
        ['etag', '"e"'],
      ],
      body: target === '/stream' ? Readable.from([Buffer.from('1234567')]) : Buffer.from('1234567'),
    }))
    for (const request of ['HEAD /200', 'HEAD /stream', 'GET /304']) {
      const answer = await exchange(port, `${request} HTTP/1.1\r\nHost: h\r\n${CLOSE}\r\n`)
      expect(answer).toMatch(/content-length: 7\r\n/)
      expect(answer).toMatch(/\r\n\r\n$/)
    }
    const answer = await exchange(port, `GET /204 HTTP/1.1\r\nHost: h\r\n${CLOSE}\r\n`)
    expect(answer).not.toMatch(/content-length/i)
    expect(answer).toMatch(/\r\n\r\n$/)
  })

  test('an empty answer says so', async () => {
    const port = await serve(async () => ({ status: 200, headers: [], body: null }))
    expect(await exchange(port, `GET / HTTP/1.1\r\nHost: h\r\n${CLOSE}\r\n`)).toMatch(/content-length: 0\r\n/)
  })

  test('a header is written byte for byte, Content-Disposition beside a length too', async () => {
    const value = 'attachment; filename="\xe6\x97\xa5"'
    const port = await serve(async () =>
      text('x', [
        ['content-length', '1'],
        ['content-disposition', value],
        ['x-b', '\xc3\xa4'],
      ]),
    )
    const answer = await exchange(port, `GET / HTTP/1.1\r\nHost: h\r\n${CLOSE}\r\n`)
    expect(answer).toContain(`content-disposition: ${value}\r\nx-b: \xc3\xa4\r\n`)
    expect(answer.match(/content-length/gi)).toHaveLength(1)
  })

  test('one connection carries many answers', async () => {
    let count = 0
    const port = await serve(async ({ body }) => {
      await readBody(body, { sizeMax: 10 })
      return text(`n${++count}`)
    })
    const one = 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc'
    const answer = await exchange(port, one + one + one, /n3/)
    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(3)
  })

  test('a handler that rejects, or a header that cannot be sent, is a 500 and the end of the connection', async () => {
    const faults: unknown[] = []
    const port = await serve(
      async ({ target }) => {
        if (target === '/reject') throw new Error('ours')
        return { status: 200, headers: [['x-bad', 'a\r\nb: c']], body: Readable.from(['x']) }
      },
      { onFault: (error) => faults.push(error) },
    )
    for (const target of ['/reject', '/header']) {
      const answer = await exchange(port, `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 500 /)
      expect(answer).toMatch(/connection: close/i)
      expect(answer).not.toMatch(/b: c|ours/)
    }
    expect(faults).toHaveLength(2)
  })

  test('bytes that contradict their Content-Length are a 500', async () => {
    const port = await serve(async () => text('abc', [['content-length', '2']]))
    expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')).toMatch(/^HTTP\/1\.1 500 /)
  })
})

describe('bodies left unread', () => {
  const refuse: HttpHandler = async () => ({ status: 403, headers: [], body: Buffer.from('no') })

  test('a small one keeps the connection', async () => {
    const port = await serve(refuse)
    const one = 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n'
    const socket = connect(port, '127.0.0.1')
    socket.write(one)
    await receive(socket, /no$/)
    socket.write(`abc${one}abc`)
    const rest = await receive(socket, /no$/)
    expect(rest).toMatch(/^HTTP\/1\.1 403[^]*no$/)
    expect(rest).not.toMatch(/connection: close/i)
    socket.destroy()
  })

  test('a large one is answered before it is sent, and the connection is closed', async () => {
    const port = await serve(refuse)
    const head = 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n'
    const socket = connect(port, '127.0.0.1')
    socket.write(head + 'x'.repeat(1000))
    expect(await receive(socket, /no$/)).toMatch(/connection: close/i)
    socket.end()
    await once(socket, 'close')
  })

  test('a client that sends on regardless is cut off, after its answer', async () => {
    const port = await serve(refuse, { lingerMilliseconds: 50 })
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    const pump = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on('drain', pump)
    pump()
    expect(await receive(socket, /no$/)).toMatch(/^HTTP\/1\.1 403/)
    while (!socket.closed) await wait(5)
  })

  test('a handler that leaves its loop early still answers', async () => {
    const port = await serve(
      async ({ body }) => {
        for await (const _ of body) break
        return text('enough')
      },
      { lingerMilliseconds: 50 },
    )
    const answer = await exchange(port, `PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*connection: close[^]*enough$/i)
  })
})

describe('Expect: 100-continue', () => {
  const head = 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n'

  test('is answered when the handler wants the body', async () => {
    const port = await serve(async ({ acceptBody, body }) => {
      acceptBody()
      acceptBody()
      return text((await readBody(body, { sizeMax: 3 })).toString())
    })
    const socket = connect(port, '127.0.0.1')
    socket.write(head)
    expect(await receive(socket, /\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write('abc')
    const answer = await receive(socket, /abc$/)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).not.toMatch(/connection: close/i)
    socket.destroy()
  })

  test('a refusal comes without it, and closes', async () => {
    const port = await serve(async () => ({ status: 403, headers: [], body: Buffer.from('no') }), { lingerMilliseconds: 50 })
    const answer = await exchange(port, head)
    expect(answer).toMatch(/^HTTP\/1\.1 403 [^]*connection: close[^]*no$/i)
  })
})

test('a client that goes away in its body breaks the body, and nothing else', async () => {
  let settle: (outcome: unknown) => void = () => {}
  const outcome = new Promise((resolve) => (settle = resolve))
  const port = await serve(async ({ body }) => {
    body.once('data', () => socket.destroy())
    await readBody(body, { sizeMax: 1e6 }).then(settle, settle)
    return text('x')
  })
  const socket = connect(port, '127.0.0.1')
  socket.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\nabc')
  expect(await outcome).toMatchObject({ code: 'BodyTruncated' })
})
