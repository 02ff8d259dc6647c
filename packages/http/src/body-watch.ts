import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { HttpInputError } from './http-input-error.ts'
import type { NodeRequest } from './node-request.ts'
import { SweepTimer } from './sweep-timer.ts'

/** How slowly the body of a request may come. */
export interface BodyPace {
  /** The longest that nothing of it comes. Milliseconds. */
  readonly idleMilliseconds: number
  /** The least that must come in each window. Bytes a second; 0 asks for nothing. */
  readonly bytesPerSecondMin: number
  /** How long bytes are counted before they are held against the least. Milliseconds. */
  readonly windowMilliseconds: number
}

/** A request whose body may still be on its way. */
export interface WatchedBody {
  readonly request: NodeRequest
  readonly message: IncomingMessage
  readonly response: ServerResponse
}

interface Progress {
  readonly body: WatchedBody
  /** Kept here: `fail` takes it off the message. */
  readonly socket: Socket
  bytes: number
  movedAt: number
  windowBytes: number
  windowAt: number
}

/**
 * Gives up on bodies that come too slowly: whoever sends a byte a minute holds a connection, and what a handler has begun, for days.
 *
 * Promises: only the time in which it is the client's turn counts: not while it waits for `100 Continue`, not while bytes that have
 * come wait to be read, and not while this process stood still. A body that is given up fails with `BodyTimeout`, and the handler can still answer; where the answer is
 * out already, the connection is cut. One timer serves all requests, and a body that came with its head costs next to nothing.
 */
export class BodyWatch {
  readonly #pace: BodyPace
  readonly #watched = new Map<IncomingMessage, Progress>()
  readonly #timer: SweepTimer

  constructor(pace: BodyPace) {
    this.#pace = pace
    this.#timer = new SweepTimer(Math.min(pace.idleMilliseconds, pace.windowMilliseconds), () => this.#sweep())
  }

  /** Looks after a body from now on, where the request has one. */
  begin(body: WatchedBody): void {
    const { headers, socket } = body.message
    if (headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0') return
    const { bytesRead } = socket
    const { now } = this.#timer
    this.#watched.set(body.message, { body, socket, bytes: bytesRead, movedAt: now, windowBytes: bytesRead, windowAt: now })
    this.#timer.start()
  }

  /** Says that the handler is done with it. A rest that is still to come stays watched. */
  end(message: IncomingMessage): void {
    if (message.complete) this.#watched.delete(message)
  }

  #sweep(): boolean {
    for (const [message, progress] of this.#watched) {
      if (message.complete || message.destroyed || progress.socket.destroyed) this.#watched.delete(message)
      else if (this.#isTooSlow(progress)) {
        this.#watched.delete(message)
        fail(progress.body, progress.socket)
      }
    }
    return this.#watched.size > 0
  }

  #isTooSlow(progress: Progress): boolean {
    const { now } = this.#timer
    const { idleMilliseconds, bytesPerSecondMin, windowMilliseconds } = this.#pace
    const { bytesRead } = progress.socket
    const { message, request } = progress.body
    const isOurTurn = request.waitsForContinue || message.readableLength > 0
    if (isOurTurn || bytesRead > progress.bytes) progress.movedAt = now
    progress.bytes = bytesRead
    if (isOurTurn) {
      progress.windowAt = now
      progress.windowBytes = bytesRead
      return false
    }
    if (now - progress.movedAt >= idleMilliseconds) return true
    const windowMs = now - progress.windowAt
    if (windowMs < windowMilliseconds) return false
    const isBelow = bytesRead - progress.windowBytes < (bytesPerSecondMin * windowMs) / 1000
    progress.windowAt = now
    progress.windowBytes = bytesRead
    return isBelow
  }
}

function fail({ message, response }: WatchedBody, socket: Socket): void {
  if (response.headersSent) {
    socket.destroy()
    return
  }
  // What node does for a loop that is left early: a message that has its socket takes it down with it, and nobody could answer.
  Object.assign(message, { socket: null })
  message.destroy(new HttpInputError('BodyTimeout', 'body', 'The body of the request came too slowly.'))
}
