import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

interface InFlight {
  readonly message: IncomingMessage
  readonly response: ServerResponse
}

/** What node calls the faults that have a status of their own. */
const STATUSES: ReadonlyMap<string, number> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['HPE_HEADER_OVERFLOW', 431],
])

/**
 * Deals with bytes that are no request. Answered as node does it: a bare 400, 408, 413 or 431, and the connection is closed.
 *
 * Only where a request came whole before them, its own answer goes out first: node would send the 400 in its place, and the client
 * would take for refused what has been done.
 */
export class BrokenConnections {
  readonly #inFlight = new WeakMap<Duplex, InFlight>()
  readonly #ending = new WeakSet<Duplex>()
  readonly #lingerMilliseconds: number

  constructor(server: Server, lingerMilliseconds: number) {
    this.#lingerMilliseconds = lingerMilliseconds
    server.on('clientError', (error, socket) => this.#onError(error, socket))
  }

  /** The last request of a connection: answers go out in order, so that with its own all are out. */
  begin(message: IncomingMessage, response: ServerResponse): void {
    this.#inFlight.set(message.socket, { message, response })
  }

  #onError(error: NodeJS.ErrnoException, socket: Duplex): void {
    // What comes behind the first of it is broken, too.
    if (this.#ending.has(socket)) return
    const last = this.#inFlight.get(socket)
    if (last === undefined || !last.message.complete || last.response.closed || socket.destroyed || !socket.writable) {
      refuse(error, socket, last)
      return
    }
    this.#ending.add(socket)
    last.response.once('close', () => {
      socket.end()
      // The client may be sending on, and a reset would overtake the answer.
      setTimeout(() => socket.destroy(), this.#lingerMilliseconds).unref()
    })
  }
}

function refuse(error: NodeJS.ErrnoException, socket: Duplex, last: InFlight | undefined): void {
  const isAnswering = last !== undefined && !last.response.closed && last.response.headersSent
  if (socket.writable && !isAnswering) {
    const status = STATUSES.get(error.code ?? '') ?? 400
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`)
  }
  socket.destroy(error)
}
