import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { HttpHeader, HttpPeer, HttpRequest } from './message.ts'
import { takenBody } from './taken-body.ts'

/** What node does not say of a request. */
export interface NodeRequestOptions {
  /** True where the client waits for `100 Continue`, and nobody has answered it yet. */
  readonly waitsForContinue: boolean
  /** Where the handler is mounted. Default: what the host took off `url`. */
  readonly mount?: string
}

/**
 * A request of node:http as a value. What few handlers ask for (signal, peer) is made when it is asked for:
 * an AbortController and a close listener a request are worth more than everything else here.
 */
export class NodeRequest implements HttpRequest {
  readonly method: string
  readonly target: string
  readonly mount: string
  readonly headers: readonly HttpHeader[]
  readonly body: Readable
  readonly #response: ServerResponse
  readonly #socket: Socket
  #waitsForContinue: boolean
  #controller: AbortController | null = null

  constructor(message: IncomingMessage, response: ServerResponse, options: NodeRequestOptions) {
    this.method = message.method ?? ''
    const url = message.url ?? ''
    // Express and Connect rewrite `url` when they mount a handler; what the client signed is `originalUrl`.
    this.target = originalUrl(message) ?? url
    this.mount = options.mount ?? mountOf(this.target, url)
    this.headers = headerPairs(message.rawHeaders)
    this.body = wasTaken(message) ? takenBody() : message
    this.#response = response
    // Kept here: an async iterator that is left early takes the socket off the message, to keep the connection alive.
    this.#socket = message.socket
    this.#waitsForContinue = options.waitsForContinue
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = new AbortController()
      this.#controller = controller
      const response = this.#response
      const onClose = (): void => {
        if (!response.writableFinished) controller.abort()
      }
      if (this.isGone) controller.abort()
      else response.once('close', onClose)
    }
    return this.#controller.signal
  }

  get peer(): HttpPeer {
    const socket = this.#socket
    return { address: socket.remoteAddress ?? null, encrypted: 'encrypted' in socket && socket.encrypted === true }
  }

  /** A getter, so that a handler may take the function out of the request as the type allows. */
  get acceptBody(): () => void {
    return () => {
      if (!this.#waitsForContinue || this.#response.headersSent || this.#response.destroyed) return
      this.#waitsForContinue = false
      this.#response.writeContinue()
    }
  }

  /** True when nobody is left to answer. */
  get isGone(): boolean {
    return this.#response.destroyed || this.#socket.destroyed
  }

  /** True while the client waits for `100 Continue`: it may never send its body, and the connection cannot be used again. */
  get waitsForContinue(): boolean {
    return this.#waitsForContinue
  }
}

/** Lower-cases the names of node's flat list of raw headers, in one pass. */
function headerPairs(rawHeaders: readonly string[]): HttpHeader[] {
  const pairs: HttpHeader[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    pairs.push([(rawHeaders[index] ?? '').toLowerCase(), rawHeaders[index + 1] ?? ''])
  }
  return pairs
}

function originalUrl(message: IncomingMessage): string | null {
  return 'originalUrl' in message && typeof message.originalUrl === 'string' ? message.originalUrl : null
}

/** What a host took off the front of the path before it called us; empty where it took nothing. */
function mountOf(target: string, url: string): string {
  if (target === url) return ''
  const [whole, rest] = [pathOf(target), pathOf(url)]
  // Express calls `/mount` itself `/`.
  if (rest === '/' && !whole.endsWith('/')) return whole
  return whole.endsWith(rest) ? whole.slice(0, whole.length - rest.length) : ''
}

function pathOf(target: string): string {
  const mark = target.indexOf('?')
  return mark < 0 ? target : target.slice(0, mark)
}

/** True where a body came, and somebody before us has read from it. */
function wasTaken(message: IncomingMessage): boolean {
  if (!message.readableDidRead) return false
  return message.headers['transfer-encoding'] !== undefined || (message.headers['content-length'] ?? '0') !== '0'
}
