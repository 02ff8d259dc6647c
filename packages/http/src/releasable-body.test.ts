import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { HttpRequest } from './message.ts'
import { attach } from './node-adapter.ts'

/** Sends a body in two pieces to a handler; resolves when it has answered. */
async function serve(read: (body: HttpRequest['body']) => Promise<void>): Promise<void> {
  const server = createServer()
  let failure: unknown = null
  attach(server, async ({ body }) => {
    try {
      await read(body)
    } catch (error) {
      failure = error
    }
    return { status: 200, headers: [['content-length', '0']], body: null }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const client = request({ port: (server.address() as AddressInfo).port, method: 'PUT', agent: false })
    client.write(Buffer.alloc(100_000, 'a'))
    client.end(Buffer.alloc(100_000, 'b'))
    await once(client, 'response')
  } finally {
    server.close()
    server.closeAllConnections()
  }
  if (failure !== null) throw failure
}

function release(body: HttpRequest['body'], chunk: Uint8Array): void {
  if (!('releaseChunk' in body) || typeof body.releaseChunk !== 'function') throw new Error('the body takes nothing back')
  body.releaseChunk(chunk)
}

test('a chunk that is given back is freed at once; twice is fine, and those that are kept stay as they are', async () => {
  await serve(async (body) => {
    const kept: Buffer[] = []
    let size = 0
    let freed = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length
      if (freed > 0) {
        kept.push(chunk)
        continue
      }
      freed = chunk.length
      release(body, chunk)
      release(body, chunk)
      expect(chunk).toHaveLength(0)
    }
    expect(size).toBe(200_000)
    const expected = Buffer.concat([Buffer.alloc(100_000, 'a'), Buffer.alloc(100_000, 'b')])
    expect(Buffer.concat(kept).equals(expected.subarray(freed))).toBe(true)
  })
})

test('a view of a part of a larger buffer is not taken back', async () => {
  await serve(async (body) => {
    const pooled = Buffer.from('a small one')
    release(body, pooled)
    expect(pooled.toString()).toBe('a small one')
    const part = new Uint8Array(10).subarray(1)
    release(body, part)
    expect(part).toHaveLength(9)
    const shared = Buffer.from(new SharedArrayBuffer(3))
    release(body, shared)
    expect(shared).toHaveLength(3)
    body.resume()
    await once(body, 'end')
  })
})
