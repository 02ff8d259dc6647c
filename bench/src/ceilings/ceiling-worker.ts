import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, openSync, read, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pattern } from '../load/pattern.ts'
import { answerCommands } from '../processes/channel.ts'

/** A server that does nothing but one part of the work: what no server on this machine, in this language, goes beyond. */
export type CeilingKind =
  /** Reads the body and answers. */
  | 'discard'
  /** The same, with MD5 of the body on the way. */
  | 'discard-md5'
  /** Answers with bytes that are in memory. */
  | 'memory'
  /** Answers with a file, read ahead into two buffers in turn: the least that bytes from a file system take, as node has no sendfile. */
  | 'file'

/** What a ceiling server understands. */
export type CeilingCommands = {
  readonly listen: { readonly input: { readonly kind: CeilingKind; readonly size: number }; readonly output: { readonly endpoint: string } }
}

const READ_SIZE = 512 * 1024
const ETAG = '"d41d8cd98f00b204e9800998ecf8427e"'

function discard(request: IncomingMessage, response: ServerResponse): void {
  request.on('end', () => response.writeHead(request.method === 'DELETE' ? 204 : 200, { etag: ETAG, 'content-length': 0 }).end())
  request.resume()
}

function discardWithMd5(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash('md5')
  request.on('data', (chunk: Buffer) => void hash.update(chunk))
  request.on('end', () => response.writeHead(200, { etag: `"${hash.digest('hex')}"`, 'content-length': 0 }).end())
}

function fromMemory(body: Buffer): (request: IncomingMessage, response: ServerResponse) => void {
  const headers = {
    etag: ETAG,
    'content-length': body.length,
    'content-type': 'binary/octet-stream',
    'last-modified': new Date(0).toUTCString(),
  }
  return (request, response) => {
    if (request.method === 'DELETE') response.writeHead(204).end()
    else response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : body)
  }
}

/** One buffer is read into while the other is on its way out. */
function fromFile(path: string, size: number): (request: IncomingMessage, response: ServerResponse) => void {
  const descriptor = openSync(path, 'r')
  const headers = { etag: ETAG, 'content-length': size }
  return (_, response) => {
    const free = [Buffer.allocUnsafeSlow(READ_SIZE), Buffer.allocUnsafeSlow(READ_SIZE)]
    let position = 0
    let isReading = false
    const readOn = (): void => {
      const buffer = position < size && !isReading ? free.pop() : undefined
      if (buffer === undefined) return
      isReading = true
      read(descriptor, buffer, 0, READ_SIZE, position, (error, count) => {
        if (error !== null) throw error
        isReading = false
        position += count
        const chunk = buffer.subarray(0, count)
        const done = (): void => {
          free.push(buffer)
          readOn()
        }
        if (position < size) {
          response.write(chunk, done)
          readOn()
        } else response.end(chunk)
      })
    }
    response.writeHead(200, headers)
    readOn()
  }
}

function handlerOf(kind: CeilingKind, size: number): (request: IncomingMessage, response: ServerResponse) => void {
  switch (kind) {
    case 'discard':
      return discard
    case 'discard-md5':
      return discardWithMd5
    case 'memory':
      return fromMemory(pattern(size))
    case 'file': {
      const directory = mkdtempSync(join(tmpdir(), 'stowage-ceiling-'))
      process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
      const path = join(directory, 'body')
      writeFileSync(path, pattern(size))
      return fromFile(path, size)
    }
  }
}

async function listen(kind: CeilingKind, size: number): Promise<{ readonly endpoint: string }> {
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000 }, handlerOf(kind, size))
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 })
  await once(server, 'listening')
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

answerCommands<CeilingCommands>({ listen: ({ kind, size }) => listen(kind, size) })
