import { Readable } from 'node:stream'
import type { HttpHandler, HttpHeader, HttpPeer, HttpRequest, HttpResponse } from './message.ts'
import { isUnder, readMount } from './mount.ts'
import { takenBody } from './taken-body.ts'

/** How a handler is fitted to Fetch. */
export interface FetchAdapterOptions {
  /** The path under which the host serves the handler, such as `/storage/v1/s3`. A request for anything else is answered 404. Default: the root. */
  readonly mount?: string
  /** Hears of faults of ours: a handler that rejected, a body that broke on its way out. Never of the client's. */
  readonly onFault?: (error: unknown) => void
}

/** What a Fetch `Request` does not tell, and some hosts know. */
export interface FetchRequestInfo {
  /**
   * The request target exactly as it came (`IncomingMessage.url`). Without it the one in `request.url` counts, in which `.` and `..`
   * segments and backslashes are gone: keys that have them cannot be reached then, and their signatures do not match.
   */
  readonly target?: string
  readonly peer?: HttpPeer
}

/** Answers a Fetch `Request`. */
export type FetchHandler = (request: Request, info?: FetchRequestInfo) => Promise<Response>

/** Answers of these statuses may have no body (Fetch, "null body status"). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])

/**
 * Fits a handler to Fetch's `Request` and `Response`: Hono, Next route handlers, srvx.
 *
 * The host has answered `100 Continue` before we are called, and web streams cost more than node's: `toNodeHandler` is faster
 * where the host gives its request and response away. Never rejects.
 *
 * Next (16.4) takes `Content-Length` and `Content-Encoding` out of what its route handlers answer, so HEAD tells no size there. Its API
 * routes do not: they take `toNodeHandler` (`examples/next`).
 */
export function toFetchHandler(handler: HttpHandler, options: FetchAdapterOptions = {}): FetchHandler {
  const mount = readMount(options.mount ?? '')
  const onFault = options.onFault ?? ignore
  return async (request, info = {}) => {
    try {
      const asked = httpRequest(request, { ...info, mount })
      if (!isUnder(mount, asked.target)) return new Response(null, { status: 404 })
      return fetchResponse(await handler(asked), { isHead: request.method === 'HEAD', onFault })
    } catch (error) {
      onFault(error)
      return new Response(null, { status: 500 })
    }
  }
}

function httpRequest(request: Request, { mount, target, peer }: FetchRequestInfo & { readonly mount: string }): HttpRequest {
  const headers: HttpHeader[] = [...request.headers]
  // A host that makes its requests itself may leave it out; clients sign it.
  if (!request.headers.has('host')) headers.push(['host', hostOf(request.url)])
  return {
    method: request.method,
    target: target ?? targetOf(request.url),
    mount,
    headers,
    body: bodyOf(request),
    signal: request.signal,
    peer: peer ?? { address: null, encrypted: request.url.startsWith('https:') },
    acceptBody: ignore,
  }
}

function hostOf(url: string): string {
  return /^[a-z]+:\/\/([^/?#]*)/.exec(url)?.[1] ?? ''
}

/** What stands behind the host, as it stands there. */
function targetOf(url: string): string {
  const slash = url.indexOf('/', url.indexOf('//') + 2)
  const target = slash < 0 ? '/' : url.slice(slash)
  const hash = target.indexOf('#')
  return hash < 0 ? target : target.slice(0, hash)
}

function bodyOf(request: Request): Readable {
  if (request.bodyUsed) return takenBody()
  return request.body === null ? Readable.from([], { objectMode: false }) : Readable.fromWeb(request.body, { objectMode: false })
}

function fetchResponse(
  answer: HttpResponse,
  { isHead, onFault }: { readonly isHead: boolean; readonly onFault: (error: unknown) => void },
): Response {
  const { status, body } = answer
  const headers = new Headers()
  for (const [name, value] of answer.headers) headers.append(name, value)
  if (body === null || isHead || BODILESS.has(status)) {
    if (body instanceof Readable) body.destroy()
    return new Response(null, { status, headers })
  }
  if (body instanceof Uint8Array) return new Response(new Uint8Array(body), { status, headers })
  body.once('error', onFault)
  return new Response(webStream(body), { status, headers })
}

/** Chunks of pooled memory are copied before they are given back: a web stream does not say when it has done with one. */
function webStream(body: Readable): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  const release = 'releaseChunk' in body && typeof body.releaseChunk === 'function' ? body.releaseChunk.bind(body) : null
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done === true) {
          controller.close()
          return
        }
        controller.enqueue(release === null ? value : Uint8Array.from(value))
        release?.(value)
      },
      cancel() {
        body.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}

/** A library has no console; the host says where faults go. */
function ignore(): void {}
