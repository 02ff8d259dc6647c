import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { HttpHandler } from '@stowage/http'
import { assemble } from '../src/serving/assemble.ts'
import { makeDataDirectory } from '../src/stores/make-data-directory.ts'
import { fsckCommand } from '../src/commands/fsck-command.ts'
import { completeLimits } from '../src/serving/limits.ts'
import type { ServerLimits } from '../src/serving/limits.ts'
import { readTls } from '../src/serving/read-tls.ts'
import { startServer } from '../src/serving/start-server.ts'
import { serveHere } from './stowage-command.ts'
import { clientOf, temporaryDirectory } from './stowage-process.ts'

const KEYS = { accessKeyId: 'ROOTSKEY', secretAccessKey: 'the secret of root' }
const BUCKET = 'photos'

interface Limited {
  readonly endpoint: string
  readonly port: number
  readonly client: S3Client
  /** What was our fault: nothing, whatever clients do. */
  readonly faults: readonly unknown[]
  /** Closes everything and checks what is on the disk, down to the last byte. */
  readonly fsck: () => Promise<string>
}

interface LimitedOptions {
  readonly limits: Partial<ServerLimits>
  readonly tls?: boolean
  readonly wrap?: (handler: HttpHandler) => HttpHandler
}

/** The server of `stowage serve` in this process, with files and SQLite, and limits that are short. */
async function startLimited({ limits, tls = false, wrap = (handler) => handler }: LimitedOptions): Promise<Limited> {
  const directory = join(await temporaryDirectory(), 'data')
  await makeDataDirectory(directory)
  const faults: unknown[] = []
  const { engine, handler } = await assemble({
    directory,
    credentials: KEYS,
    region: 'us-east-1',
    bodySizeMax: completeLimits(limits).bodySizeMax,
    observer: { event: (name, fields) => void (name === 'fault' && faults.push(fields)) },
  })
  const pair = tls ? await readTls(fixture('localhost-cert.pem'), fixture('localhost-key.pem')) : null
  const server = await startServer(wrap(handler), { host: '127.0.0.1', port: 0, tls: pair, limits, onFault: (error) => faults.push(error) })
  let stopping: Promise<void> | null = null
  const stop = (): Promise<void> => (stopping ??= server.stop(100).then(() => engine.close()))
  onTestFinished(stop)
  const client = clientOf({ endpoint: server.endpoint, region: 'us-east-1', ...KEYS })
  if (!tls) await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
  const fsck = async (): Promise<string> => {
    await stop()
    let report = ''
    const stdout = { write: (text: string) => (report += text) !== '' }
    const code = await fsckCommand({ directory, deep: true, json: true }, { argv: [], env: {}, stdout, stderr: stdout, process })
    return `${code} ${report}`
  }
  return { endpoint: server.endpoint, port: Number(new URL(server.endpoint).port), client, faults, fsck }
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
}

interface Raw {
  readonly socket: Socket
  readonly received: () => string
  readonly closed: Promise<void>
}

/** A connection that sends what it is given, and nothing else. */
function raw(port: number, text = ''): Raw {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  socket.on('error', () => {})
  if (text !== '') socket.write(Buffer.from(text, 'latin1'))
  onTestFinished(() => void socket.destroy())
  return { socket, received: () => received, closed: new Promise((resolve) => socket.once('close', () => resolve())) }
}

/** Others are served: a small object goes in and comes out. */
async function expectServed({ client }: Limited, key = 'other'): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: key }))
  const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))
  expect(await Body?.transformToString()).toBe(key)
}

describe('the head of a request', { timeout: 60_000 }, () => {
  test('that comes a byte at a time is cut off, and so is a connection that says nothing', async () => {
    const server = await startLimited({ limits: { headSecondsMax: 1 } })
    const silent = raw(server.port)
    const slow = raw(server.port)
    for (const byte of `GET /${BUCKET} HTTP/1.1\r\nHost: h\r\nX-Long: ${'x'.repeat(10_000)}`) {
      if (slow.socket.closed) break
      slow.socket.write(byte)
      await wait(20)
    }
    await Promise.all([silent.closed, slow.closed])
    expect(slow.received()).toMatch(/^HTTP\/1\.1 408 /)
    await expectServed(server)
  })

  test('that never gets through the TLS handshake is cut off', async () => {
    const server = await startLimited({ limits: { headSecondsMax: 0.5 }, tls: true })
    // The beginning of a ClientHello.
    await Promise.all([raw(server.port).closed, raw(server.port, '\x16\x03\x01').closed])
    expect(server.faults).toEqual([])
  })

  test('that is too long, or has too many headers, is answered 431', async () => {
    const server = await startLimited({ limits: { headSizeMax: 2_000, headersMax: 20 } })
    for (const head of [
      `GET /${'x'.repeat(2_500)} HTTP/1.1\r\nHost: h\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: h\r\nX-Long: ${'x'.repeat(2_000)}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: h\r\n${'x-a: b\r\n'.repeat(20)}\r\n`,
    ]) {
      const { closed, received } = raw(server.port, head)
      await closed
      expect(received()).toMatch(/^HTTP\/1\.1 431 /)
    }
    const inBounds = raw(server.port, `GET / HTTP/1.1\r\nHost: h\r\n${'x-a: b\r\n'.repeat(18)}Connection: close\r\n\r\n`)
    await inBounds.closed
    expect(inBounds.received()).toMatch(/^HTTP\/1\.1 403 /)
  })
})

describe('a body', { timeout: 60_000 }, () => {
  const LIMITS = { bodyIdleSecondsMax: 0.6, bodyBytesPerSecondMin: 10_000, bodyWindowSeconds: 0.8 }
  const SIZE = 3_000_000

  /** Sends much of a body at once, then a byte now and then, or nothing. */
  function reluctant(how: 'stops' | 'trickles'): Readable {
    async function* bytes(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(1_000_000, 'a')
      for (let count = 1_000_000; count < SIZE; count++) {
        await wait(how === 'trickles' ? 20 : 1_000)
        yield Buffer.from(how === 'trickles' ? 'b' : '')
      }
    }
    return Readable.from(bytes(), { objectMode: false })
  }

  test('that stops in the middle, or goes on a byte at a time, is given up; nothing is written', async () => {
    const server = await startLimited({ limits: LIMITS })
    await server.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'kept', Body: 'what was there' }))
    const put = (Key: string, how: 'stops' | 'trickles'): Promise<string> =>
      server.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: reluctant(how), ContentLength: SIZE })).then(
        () => 'written',
        (error: unknown) => (error as Error).name,
      )
    const puts = [put('new', 'stops'), put('new', 'trickles'), put('kept', 'stops'), put('kept', 'trickles')]
    await expectServed(server)
    expect(await Promise.all(puts)).toEqual(Array.from({ length: 4 }, () => 'RequestTimeout'))
    await expect(server.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'new' }))).rejects.toMatchObject({ name: 'NotFound' })
    const { Body } = await server.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'kept' }))
    expect(await Body?.transformToString()).toBe('what was there')
    expect(server.faults).toEqual([])
    expect(await server.fsck()).toMatch(/^0 [^]*"findings":\s*\[\]/)
  })

  test('that is larger than the limit is refused, and one that is not is taken', async () => {
    const server = await startLimited({ limits: { bodySizeMax: 1_000 } })
    const put = (size: number): Promise<unknown> =>
      server.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'k', Body: Buffer.alloc(size) }))
    await expect(put(1_001)).rejects.toMatchObject({ name: 'EntityTooLarge' })
    await put(1_000)
  })
})

describe('connections', { timeout: 60_000 }, () => {
  test('2,000 idle ones cost little, and others are served', async () => {
    const server = await startLimited({ limits: { headSecondsMax: 600 } })
    await expectServed(server, 'before')
    const before = process.memoryUsage.rss()
    const idle = Array.from({ length: 2_000 }, (_, index) =>
      // Some have said nothing, some are in the middle of a head, some wait for their next request.
      raw(server.port, ['', 'GET / HT', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'][index % 3]),
    )
    for (const { socket } of idle) if (socket.connecting) await once(socket, 'connect')
    for (let round = 0; round < 5; round++) await expectServed(server, `during-${round}`)
    while (!idle.every(({ received }, index) => index % 3 < 2 || received().includes('</Error>'))) await wait(10)
    // Both ends of each are in this process.
    expect((process.memoryUsage.rss() - before) / idle.length).toBeLessThan(100_000)
    expect(idle.filter(({ socket }) => socket.closed)).toEqual([])
  })

  test('beyond the limit are closed; when one goes, the next is served', async () => {
    const server = await startLimited({ limits: { connectionsMax: 5 } })
    server.client.destroy()
    const held = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const one = raw(server.port, `GET / HTTP/1.1\r\nHost: h\r\n\r\n`)
        await Promise.race([once(one.socket, 'data'), one.closed])
        return one
      }),
    )
    // The client's own connection may have been there still.
    const open = held.filter(({ socket }) => !socket.closed)
    expect(open.length).toBeGreaterThan(3)
    const refused = raw(server.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    if (open.length === 5) {
      await refused.closed
      expect(refused.received()).toBe('')
    }
    open[0]?.socket.destroy()
    const serveAgain = async (): Promise<string> => {
      const one = raw(server.port, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
      await one.closed
      return one.received()
    }
    let answer = ''
    // Until the server has seen that one is gone.
    while (answer === '') answer = await serveAgain()
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
  })

  test('that wait for their next request too long are closed', async () => {
    const server = await startLimited({ limits: { keepAliveSeconds: 0.2 } })
    const one = raw(server.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await one.closed
    expect(one.received()).toMatch(/^HTTP\/1\.1 403 /)
  })
})

test('a client that stops reading is cut off; others are served, and what it asked for does not pile up', { timeout: 60_000 }, async () => {
  const SIZE = 128 * 1024 * 1024
  const bodies: Readable[] = []
  const server = await startLimited({
    // Longer than a disk that is busy takes for the puts of others.
    limits: { idleSecondsMax: 3 },
    wrap: (handler) => async (request) => {
      const answer = await handler(request)
      if (answer.body instanceof Readable) bodies.push(answer.body)
      return answer
    },
  })
  await server.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'large', Body: Buffer.alloc(SIZE, 'large') }))
  const before = process.memoryUsage.rss()
  const stalled = await Promise.all(
    Array.from({ length: 4 }, () => server.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'large' }))),
  )
  expect(bodies).toHaveLength(4)
  let peak = 0
  while (!bodies.every(({ closed }) => closed)) {
    peak = Math.max(peak, process.memoryUsage.rss())
    await expectServed(server)
    await wait(50)
  }
  expect(peak - before).toBeLessThan(SIZE)
  for (const { Body } of stalled) await expect(Body?.transformToByteArray()).rejects.toThrow('aborted')
  expect(server.faults).toEqual([])
})

test('a config file sets the limits', { timeout: 60_000 }, async () => {
  const file = join(await temporaryDirectory(), 'stowage.json')
  await writeFile(file, JSON.stringify({ limits: { headersMax: 10, headSecondsMax: 0.5 } }))
  const { ready } = await serveHere(['--memory', '--config', file])
  const port = Number(new URL(ready.endpoint).port)
  const many = raw(port, `GET /health HTTP/1.1\r\nHost: h\r\n${'x-a: b\r\n'.repeat(10)}\r\n`)
  const slow = raw(port, 'GET /health HT')
  await Promise.all([many.closed, slow.closed])
  expect(many.received()).toMatch(/^HTTP\/1\.1 431 /)
  expect(slow.received()).toMatch(/^HTTP\/1\.1 408 /)
})

test.each([false, true])('a client that reads a byte now and then is cut off; over TLS: %s', { timeout: 60_000 }, async (tls) => {
  const server = await startLimited({
    limits: { answerBytesPerSecondMin: 2 ** 30, answerWindowSeconds: 0.2 },
    tls,
    wrap: (handler) => async (request) =>
      request.target === '/many' ? { status: 200, headers: [], body: Readable.from(many(), { objectMode: false }) } : handler(request),
  })
  const socket = tls ? connectTls({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false }) : connect(server.port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  socket.write('GET /many HTTP/1.1\r\nHost: h\r\n\r\n')
  const reading = setInterval(() => void socket.read(1), 20)
  onTestFinished(() => clearInterval(reading))
  await wait(1_500)
  // Cut: what is left is what was under way.
  let read = 0
  socket.on('data', (chunk: Buffer) => void (read += chunk.length)).resume()
  await new Promise((resolve) => socket.once('close', resolve))
  expect(read).toBeLessThan(100_000_000)
  expect(server.faults).toEqual([])
})

function* many(): Generator<Buffer> {
  for (let count = 0; count < 200; count++) yield Buffer.alloc(1_000_000)
}
