import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { attach } from '@stowage/http'
import type { HttpHandler } from '@stowage/http'
import type { TlsPair } from './read-tls.ts'

/** Where to listen. */
export interface StartServerOptions {
  /** A name or an address; an unspecified address listens on every interface. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Serves HTTPS. Default: null, plain HTTP. */
  readonly tls?: TlsPair | null
}

/** A server that listens. */
export interface RunningServer {
  /** As clients write it, e.g. `http://127.0.0.1:9000`, or `https://…`. */
  readonly endpoint: string
  /** Takes no new request, and resolves when those under way are answered, or cut off after `graceMs`. */
  stop(graceMs: number): Promise<void>
}

/** Bounds on what a connection may do, in milliseconds and bytes. */
const SERVER_LIMITS = {
  /** From the first byte of a request to the end of its headers. */
  headersTimeout: 15_000,
  /** An idle connection is kept this long: longer than a load balancer's usual 60 seconds. */
  keepAliveTimeout: 65_000,
  /** A connection on which nothing moves in either direction, in the middle of a request too. */
  idleTimeout: 120_000,
  maxHeaderSize: 16_384,
  maxConnections: 10_000,
} as const

const IDLE_SWEEP_MS = 50

/** Serves a handler over HTTP, or HTTPS, until it is told to stop. */
export async function startServer(handler: HttpHandler, options: StartServerOptions): Promise<RunningServer> {
  const settings = {
    headersTimeout: SERVER_LIMITS.headersTimeout,
    keepAliveTimeout: SERVER_LIMITS.keepAliveTimeout,
    maxHeaderSize: SERVER_LIMITS.maxHeaderSize,
    connectionsCheckingInterval: 5_000,
    // Five minutes, Node's default, would kill every honest upload that is slower. The idle time is the limit instead.
    requestTimeout: 0,
  }
  const { tls = null } = options
  const server = tls === null ? createServer(settings) : createSecureServer({ ...settings, ...tls })
  server.maxConnections = SERVER_LIMITS.maxConnections
  server.timeout = SERVER_LIMITS.idleTimeout
  attach(server, handler)
  await listen(server, options)
  const address = server.address() as AddressInfo
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return { endpoint: `${tls === null ? 'http' : 'https'}://${host}:${address.port}`, stop: (graceMs) => stop(server, graceMs) }
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
