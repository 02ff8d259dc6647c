import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { attach } from '@stowage/http'
import type { HttpHandler } from '@stowage/http'
import { adapterLimits, completeLimits } from './limits.ts'
import type { ServerLimits } from './limits.ts'
import type { TlsPair } from './read-tls.ts'

/** Where to listen. */
export interface StartServerOptions {
  /** A name or an address; an unspecified address listens on every interface. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Serves HTTPS. Default: null, plain HTTP. */
  readonly tls?: TlsPair | null
  /** Default: those of `LIMITS`. */
  readonly limits?: Partial<ServerLimits>
  /** Hears of answers that could not be sent whole, and that was our fault. */
  readonly onFault?: (error: unknown) => void
}

/** A server that listens. */
export interface RunningServer {
  /** As clients write it, e.g. `http://127.0.0.1:9000`, or `https://…`. */
  readonly endpoint: string
  /** Takes no new request, and resolves when those under way are answered, or cut off after `graceMs`. */
  stop(graceMs: number): Promise<void>
}

/** Node looks for heads that take too long so often in their time, at most. */
const HEAD_CHECKS = 3
const HEAD_CHECK_MS_MAX = 5_000
const IDLE_SWEEP_MS = 50

/** Serves a handler over HTTP, or HTTPS, until it is told to stop. */
export async function startServer(handler: HttpHandler, options: StartServerOptions): Promise<RunningServer> {
  const { onFault, tls = null } = options
  const limits = completeLimits(options.limits ?? {})
  const headMs = milliseconds(limits.headSecondsMax)
  const settings = {
    headersTimeout: headMs,
    keepAliveTimeout: milliseconds(limits.keepAliveSeconds),
    maxHeaderSize: limits.headSizeMax,
    connectionsCheckingInterval: Math.min(HEAD_CHECK_MS_MAX, Math.ceil(headMs / HEAD_CHECKS)),
    // Five minutes, Node's default, would kill every honest upload that is slower. Idle time and least rate are the limits instead.
    requestTimeout: 0,
  }
  const server = tls === null ? createServer(settings) : createSecureServer({ ...settings, ...tls, handshakeTimeout: headMs })
  server.maxConnections = limits.connectionsMax
  server.timeout = milliseconds(limits.idleSecondsMax)
  attach(server, handler, { ...adapterLimits(limits), ...(onFault === undefined ? {} : { onFault }) })
  await listen(server, options)
  const address = server.address() as AddressInfo
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return { endpoint: `${tls === null ? 'http' : 'https'}://${host}:${address.port}`, stop: (graceMs) => stop(server, graceMs) }
}

/** Node takes whole ones only. */
function milliseconds(seconds: number): number {
  return Math.ceil(seconds * 1000)
}

function listen(server: Server, options: StartServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${options.host}:${options.port}`
      if (error.code === 'EADDRINUSE')
        reject(new Error(`Another program listens on ${where} already. Choose another --port, or 0 for a free one.`, { cause: error }))
      else reject(new Error(`Cannot listen on ${where}: ${error.message}`, { cause: error }))
    })
    server.listen({ host: options.host, port: options.port, backlog: 1024 }, resolve)
  })
}

function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs)
    // A connection becomes idle when its last answer is out; node looks for idle ones only at the moment of `close`.
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS)
    server.close(() => {
      clearTimeout(cut)
      clearInterval(sweep)
      resolve()
    })
  })
}
