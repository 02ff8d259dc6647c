import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
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

/** What a ceiling server understands. */
export type CeilingCommands = {
  readonly listen: { readonly input: { readonly kind: CeilingKind; readonly size: number }; readonly output: { readonly endpoint: string } }
}

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

async function listen(kind: CeilingKind, size: number): Promise<{ readonly endpoint: string }> {
  const handler = kind === 'discard' ? discard : kind === 'discard-md5' ? discardWithMd5 : fromMemory(pattern(size))
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000 }, handler)
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 })
  await once(server, 'listening')
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

answerCommands<CeilingCommands>({ listen: ({ kind, size }) => listen(kind, size) })
