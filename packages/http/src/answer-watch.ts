import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { SweepTimer } from './sweep-timer.ts'

/** How slowly an answer may be read. */
export interface AnswerPace {
  /** The longest that a client takes nothing of it. Milliseconds. Only where the host has set no time-out for the connection. */
  readonly idleMilliseconds: number
  /** The least that must be taken in each window. Bytes a second; 0 asks for nothing. */
  readonly bytesPerSecondMin: number
  /** How long bytes are counted before they are held against the least. Milliseconds. */
  readonly windowMilliseconds: number
}

interface Progress {
  readonly socket: Socket
  /** Null where the connection has a time-out of its host's. */
  readonly idleMilliseconds: number | null
  windowTaken: number
  windowAt: number
}

/**
 * Gives up on clients that read too slowly: whoever takes a byte a minute of a large answer holds a connection, buffers, and a read that
 * garbage waits for.
 *
 * Promises: only the time in which bytes wait for the client counts. What is known to be taken are whole writes, so a client is given up
 * when even all that is under way would have been too little for the time: with writes of 1 MiB and 1,024 bytes a second after 17 minutes
 * at the latest. The connection is cut: there is no other way to say it. An answer that goes out at once costs nothing.
 */
export class AnswerWatch {
  readonly #pace: AnswerPace
  readonly #watched = new Map<ServerResponse, Progress>()
  readonly #timer: SweepTimer

  constructor(pace: AnswerPace) {
    this.#pace = pace
    this.#timer = new SweepTimer(pace.windowMilliseconds, () => this.#sweep())
  }

  /** To be called after each write: looks after the answer from now on, where something of it waits for the client. */
  wrote(message: IncomingMessage, response: ServerResponse): void {
    if (response.writableLength === 0 || this.#watched.has(response)) return
    const { socket } = message
    this.#watched.set(response, {
      socket,
      idleMilliseconds: this.#limitIdleTime(socket, response),
      windowTaken: takenOf(socket),
      windowAt: this.#timer.now,
    })
    this.#timer.start()
  }

  /** Node looks closer than we can: into a write that is under way. A time-out of the host's own is left as it is. */
  #limitIdleTime(socket: Socket, response: ServerResponse): number | null {
    if ((socket.timeout ?? 0) > 0) return null
    // One more than any round number: for `#forget` to tell it from what node sets between two requests.
    const idleMilliseconds = Math.ceil(this.#pace.idleMilliseconds) + 1
    socket.setTimeout(idleMilliseconds)
    response.once('close', () => this.#forget(response))
    return idleMilliseconds
  }

  #forget(response: ServerResponse): void {
    const progress = this.#watched.get(response)
    if (progress === undefined) return
    this.#watched.delete(response)
    const { socket, idleMilliseconds } = progress
    if (idleMilliseconds !== null && socket.timeout === idleMilliseconds) socket.setTimeout(0)
  }

  #sweep(): boolean {
    for (const [response, progress] of this.#watched) {
      if (response.closed || progress.socket.destroyed) this.#forget(response)
      else if (this.#isTooSlow(progress)) {
        this.#forget(response)
        progress.socket.destroy()
      }
    }
    return this.#watched.size > 0
  }

  #isTooSlow(progress: Progress): boolean {
    const { bytesPerSecondMin, windowMilliseconds } = this.#pace
    const { socket, windowAt, windowTaken } = progress
    const { now } = this.#timer
    const waiting = socket.writableLength
    const taken = takenOf(socket)
    const windowMs = now - windowAt
    if (waiting > 0 && windowMs < windowMilliseconds) return false
    const least = (bytesPerSecondMin * windowMs) / 1000
    // Where nothing waits it is our turn.
    if (waiting > 0 && taken - windowTaken < least) return taken - windowTaken + waiting < least
    progress.windowAt = now
    progress.windowTaken = taken
    return false
  }
}

/** What the system has taken of all that was written to a connection. */
function takenOf(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength
}
