import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

/** What came, whole. */
export interface Received {
  readonly method: string
  /** Path and query, as sent. */
  readonly target: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** What is answered, and how that ends. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /**
   * `reset`: no answer, the connection is reset. `hang`: no answer, the connection stays. `cut`: the connection is reset after the body,
   * which is shorter than `content-length` says. `stall`: the same, but the connection stays. `drip`: the whole body, over a second.
   */
  readonly ending?: 'reset' | 'hang' | 'cut' | 'stall' | 'drip'
}

/** Answers one request after the other; the last reply is for all further ones. */
export type Script = readonly (Reply | ((received: Received) => Reply))[]

/** A server that says what its script says, word for word: answers of the service that a real one gives only when it is ill. */
export interface ScriptedServer {
  readonly url: string
  readonly received: Received[]
  /** How many connections are open. */
  connections(): Promise<number>
  stop(): Promise<void>
}

export async function startServer(replyTo: (received: Received, number: number) => Reply): Promise<ScriptedServer> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const serve = async (): Promise<void> => {
      const body = await buffer(request)
      const one = { method: request.method ?? '', target: request.url ?? '', headers: request.headers, body }
      received.push(one)
      await answer(response, replyTo(one, received.length - 1))
    }
    serve().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    connections: () =>
      new Promise((resolve, reject) => server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(response: ServerResponse, { status = 200, headers = {}, body = '', ending }: Reply): Promise<void> {
  if (ending === 'hang') return
  if (ending === 'reset') {
    response.socket?.resetAndDestroy()
    return
  }
  response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers })
  if (ending === undefined) {
    response.end(body)
    return
  }
  response.flushHeaders()
  if (ending === 'drip') {
    const bytes = Buffer.from(body)
    for (let drop = 0; drop < 40; drop += 1) {
      response.write(bytes.subarray(Math.floor((bytes.length * drop) / 40), Math.floor((bytes.length * (drop + 1)) / 40)))
      await wait(25)
    }
    response.end()
    return
  }
  if (body.length > 0) response.write(body)
  // A reset overtakes what was not sent yet.
  await wait(20)
  if (ending === 'cut') response.socket?.resetAndDestroy()
}

/** A refusal as the JSON API words it. */
export function refusal(status: number, reason: string, message: string): Reply {
  const body = JSON.stringify({ error: { code: status, message, errors: [{ domain: 'global', reason, message }] } })
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body }
}

/** An object's resource as the JSON API words it. */
export function resource(fields: {
  readonly name?: string
  readonly size: number
  readonly crc32c: string
  readonly generation?: string
}): Reply {
  return {
    body: JSON.stringify({
      name: fields.name ?? 'x1',
      size: String(fields.size),
      generation: fields.generation ?? '1700000000000000',
      crc32c: fields.crc32c,
      timeCreated: '2026-11-22T20:15:00.000Z',
    }),
  }
}

/** A page of a listing as the JSON API words it. */
export function listing(items: readonly object[] = [], nextPageToken?: string): Reply {
  return { body: JSON.stringify({ kind: 'storage#objects', ...(items.length === 0 ? {} : { items }), nextPageToken }) }
}
