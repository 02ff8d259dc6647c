import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { carryOut, resetConnection } from './exchange.ts'
import { UpstreamScript } from './upstream-rule.ts'
import type { UpstreamFault, UpstreamRequest, UpstreamRule } from './upstream-rule.ts'

/** How `startFaultyUpstream` is set up. */
export interface FaultyUpstreamOptions {
  /** The real server, as `http://HOST:PORT`. */
  readonly target: string
  /** What goes wrong from the start. Default: nothing. */
  readonly rules?: readonly UpstreamRule[]
}

/** A request that came by, and what was done to it. */
export interface SeenRequest extends UpstreamRequest {
  readonly fault: UpstreamFault | null
}

/** A server on 127.0.0.1 that passes everything on to a real one, but for what its script says. */
export interface FaultyUpstream {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  /** Every request since the start, or since `forget`, in the order in which they came. */
  readonly requests: readonly SeenRequest[]
  /** Adds rules behind those that are there. Each counts from now on. */
  add(...rules: UpstreamRule[]): void
  /** Takes all rules away: from now on nothing goes wrong. */
  heal(): void
  /** Empties `requests`. */
  forget(): void
  /** Cuts every connection that is open, and ends. Calling it twice is fine. */
  stop(): Promise<void>
}

/**
 * Puts a server in front of a real one that fails as a script says: for tests of clients of a store that others run. What it passes on is
 * untouched, the `Host` header included, so that signatures hold. One exchange at a time fails by one rule; the order of rules is theirs.
 */
export async function startFaultyUpstream({ target, rules = [] }: FaultyUpstreamOptions): Promise<FaultyUpstream> {
  const script = new UpstreamScript()
  script.add(rules)
  const requests: SeenRequest[] = []
  const address = new URL(target)
  const serve = (request: IncomingMessage, response: ServerResponse, waitsToSend: boolean): void => {
    const [path = '', ...query] = (request.url ?? '').split('?')
    const described: UpstreamRequest = { method: request.method ?? '', path, query: query.join('?'), headers: request.headers }
    const fault = script.next(described)
    requests.push({ ...described, fault })
    response.sendDate = false
    carryOut({ request, response, target: address, waitsToSend }, fault).catch(() => resetConnection({ response }))
  }
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 })
  server.on('request', (request, response) => serve(request, response, false))
  server.on('checkContinue', (request, response) => serve(request, response, true))
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const listening = server.address()
  if (listening === null || typeof listening === 'string') throw new TypeError('a server on a port has an address with a port')
  let stopped: Promise<void> | null = null
  return {
    url: `http://127.0.0.1:${listening.port}`,
    requests,
    add: (...more) => script.add(more),
    heal: () => script.clear(),
    forget: () => void requests.splice(0),
    stop: () =>
      (stopped ??= new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      })),
  }
}
