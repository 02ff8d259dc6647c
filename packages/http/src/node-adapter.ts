import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { HttpHandler, HttpResponse } from './message.ts'
import { AnswerBatch } from './answer-batch.ts'
import { AnswerWatch } from './answer-watch.ts'
import { BrokenConnections } from './broken-connections.ts'
import { isStream } from './body-pump.ts'
import { BodyWatch } from './body-watch.ts'
import { isUnder, readMount } from './mount.ts'
import { makeReleasable } from './releasable-body.ts'
import { NodeRequest } from './node-request.ts'
import { sendResponse } from './node-response.ts'

/** How a handler is fitted to node:http. */
export interface NodeAdapterOptions {
  /** Hears of faults of ours: a handler that rejected, a response that could not be sent whole. Never of the client's. */
  readonly onFault?: (error: unknown) => void
  /**
   * How much of a body that the handler left unread is taken and thrown away before the connection is given up. Bytes.
   * A body that is no larger keeps its connection. Default 65,536.
   */
  readonly drainSizeMax?: number
  /** How long a client that still sends may take to see the answer before the connection is cut. Default 1,000. */
  readonly lingerMilliseconds?: number
  /**
   * The path under which the host serves the handler, such as `/storage/v1/s3`, where the host leaves it on `url` (Fastify, node:http).
   * A request for anything else is answered 404. Default: what the host took off (Express, Connect), else the root.
   */
  readonly mount?: string
  /** A request with more headers is refused with 431. Default 500; no more than 1,000, behind which node drops them. */
  readonly headersMax?: number
  /** A body of which nothing comes for so long fails with `BodyTimeout`. Default 60,000. */
  readonly bodyIdleMilliseconds?: number
  /** A body of which less comes, counted over each `bodyWindowMilliseconds`, fails with `BodyTimeout`. Bytes a second. Default 1,024; 0 takes any. */
  readonly bodyBytesPerSecondMin?: number
  /** Default 30,000. */
  readonly bodyWindowMilliseconds?: number
  /** A client that takes nothing of an answer for so long is cut off, where the host has set no `timeout` of its own. Default 120,000. */
  readonly answerIdleMilliseconds?: number
  /** A client that takes less of an answer, counted over each `answerWindowMilliseconds`, is cut off. Bytes a second. Default 1,024; 0 waits for any. */
  readonly answerBytesPerSecondMin?: number
  /** Default 30,000. */
  readonly answerWindowMilliseconds?: number
}

/** The options with their defaults filled in, and what the requests of one listener share. */
export interface CompleteOptions extends Pick<
  Required<NodeAdapterOptions>,
  'onFault' | 'drainSizeMax' | 'lingerMilliseconds' | 'headersMax'
> {
  /** Where small answers wait for each other. */
  readonly batch: AnswerBatch
  /** Who gives up on slow bodies. */
  readonly watch: BodyWatch
  /** Who gives up on slow readers. */
  readonly answers: AnswerWatch
}

/**
 * Fits a handler to `(req, res)` of node:http, and so to what is built on it (Express, Connect, Fastify's raw objects).
 *
 * Here node has answered `100 Continue` before the handler is called; `attach` avoids that. A body that the host has read already
 * (`express.json()`) fails with `BodyTaken`.
 */
export function toNodeHandler(handler: HttpHandler, options: NodeAdapterOptions = {}): RequestListener {
  const complete = completeOptions(options)
  const place = { waitsForContinue: false, ...mountOption(options) }
  return (message, response) => void serve(new NodeRequest(message, response, place), { handler, message, response, options: complete })
}

/**
 * Serves a handler from a server of our own. A client that sends `Expect: 100-continue` gets it when the handler calls
 * `request.acceptBody()`; a handler that refuses without it never sees the body. Answers bytes that are no request, too
 * (`clientError`), so that a 400 for them is never taken for the answer to a request before them.
 */
export function attach(server: Server, handler: HttpHandler, options: NodeAdapterOptions = {}): void {
  const complete = completeOptions(options)
  const mount = mountOption(options)
  const connections = new BrokenConnections(server, complete.lingerMilliseconds)
  const listener = (waitsForContinue: boolean): RequestListener => {
    const place = { ...mount, waitsForContinue }
    return (message, response) => {
      makeReleasable(message)
      connections.begin(message, response)
      void serve(new NodeRequest(message, response, place), { handler, message, response, options: complete })
    }
  }
  server.on('request', listener(false))
  server.on('checkContinue', listener(true))
  // RFC 9110 §10.1.1 lets a server answer 417 to an expectation that it does not know. Where nobody listens node does; S3 goes on.
  server.on('checkExpectation', listener(false))
}

interface Exchange {
  readonly handler: HttpHandler
  readonly message: IncomingMessage
  readonly response: ServerResponse
  readonly options: CompleteOptions
}

const NOT_HERE: HttpResponse = { status: 404, headers: [['content-length', '0']], body: null }
const FAULT: HttpResponse = { status: 500, headers: [['content-length', '0']], body: null }
const TOO_MANY_HEADERS: HttpResponse = { status: 431, headers: [['content-length', '0']], body: null }

/** Of what comes behind this many, node hands out a part or nothing, and says nothing. A condition or a claim could be among it. */
const NODE_HEADERS_MAX = 1_000

async function serve(request: NodeRequest, exchange: Exchange): Promise<void> {
  const { message, response, options } = exchange
  if (request.headers.length > options.headersMax) {
    sendResponse(TOO_MANY_HEADERS, { request, message, response, options, close: true })
    return
  }
  let answer: HttpResponse
  options.watch.begin({ request, message, response })
  try {
    answer = isUnder(request.mount, request.target) ? await exchange.handler(request) : NOT_HERE
  } catch (error) {
    options.onFault(error)
    sendFault(request, exchange)
    return
  } finally {
    options.watch.end(message)
  }
  if (request.isGone) {
    if (isStream(answer.body)) answer.body.destroy()
    return
  }
  try {
    sendResponse(answer, { request, message, response, options, close: false })
  } catch (error) {
    // A status or header that node refuses to write; nothing has been sent yet.
    if (isStream(answer.body)) answer.body.destroy()
    options.onFault(error)
    sendFault(request, exchange)
  }
}

function sendFault(request: NodeRequest, exchange: Exchange): void {
  const { message, response, options } = exchange
  if (request.isGone || response.headersSent) response.destroy()
  else sendResponse(FAULT, { request, message, response, options, close: true })
}

/** Throws for a path that is none. */
function mountOption({ mount }: NodeAdapterOptions): { readonly mount?: string } {
  return mount === undefined ? {} : { mount: readMount(mount) }
}

function completeOptions(options: NodeAdapterOptions): CompleteOptions {
  const answers = new AnswerWatch({
    idleMilliseconds: options.answerIdleMilliseconds ?? 120_000,
    bytesPerSecondMin: options.answerBytesPerSecondMin ?? 1_024,
    windowMilliseconds: options.answerWindowMilliseconds ?? 30_000,
  })
  return {
    onFault: options.onFault ?? ignore,
    drainSizeMax: options.drainSizeMax ?? 65_536,
    lingerMilliseconds: options.lingerMilliseconds ?? 1_000,
    headersMax: Math.min(options.headersMax ?? 500, NODE_HEADERS_MAX),
    answers,
    batch: new AnswerBatch((message, response) => answers.wrote(message, response)),
    watch: new BodyWatch({
      idleMilliseconds: options.bodyIdleMilliseconds ?? 60_000,
      bytesPerSecondMin: options.bodyBytesPerSecondMin ?? 1_024,
      windowMilliseconds: options.bodyWindowMilliseconds ?? 30_000,
    }),
  }
}

/** A library has no console; the host says where faults go. */
function ignore(): void {}
