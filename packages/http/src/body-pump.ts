import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

/**
 * A body whose chunks are pooled memory: each one is handed back, exactly once, when node no longer holds it.
 *
 * A chunk that never left the stream (it was destroyed first) is the stream's own business.
 */
export interface ReleasableReadable extends Readable {
  releaseChunk(chunk: Uint8Array): void
}

/** Recognised by its method: whoever makes such a stream need not know this package. */
function isReleasable(body: Readable): body is ReleasableReadable {
  return 'releaseChunk' in body && typeof body.releaseChunk === 'function'
}

/** True for a streamed body, false for bytes. */
export function isStream(body: unknown): body is Readable {
  return body instanceof Readable || (typeof body === 'object' && body !== null && 'pipe' in body && typeof body.pipe === 'function')
}

/**
 * Sends a stream as the body of a response whose head is set.
 *
 * Promises: never runs ahead of the client by more than node's buffer; a body that errors, stops early, or does not have
 * the `length` that was announced (null: none was) destroys the connection, so that no short answer looks complete; a client
 * that goes away destroys the body. Calls `onFault` for the first two.
 *
 * Written out instead of `pipeline()`, which costs a set of listeners and a generator for each body and gives no write callback.
 */
export function pumpBody(body: Readable, response: ServerResponse, options: PumpOptions): void {
  const { length, onFault, onWaiting } = options
  const release = isReleasable(body) ? (chunk: Uint8Array): void => body.releaseChunk(chunk) : null
  let sent = 0
  let finished = false
  const fail = (error: unknown): void => {
    if (finished) return
    finished = true
    body.destroy()
    response.destroy()
    onFault(error)
  }
  const onData = (chunk: Uint8Array): void => {
    sent += chunk.length
    const excess = length !== null && sent > length
    if (finished || excess || response.destroyed) {
      release?.(chunk)
      if (excess) fail(new Error(`The body of a response is longer than the ${length} bytes that were announced.`))
      return
    }
    const more = response.write(chunk, release === null ? undefined : () => release(chunk))
    if (more) return
    body.pause()
    onWaiting?.()
  }
  const onEnd = (): void => {
    if (finished) return
    if (length !== null && sent !== length) {
      fail(new Error(`The body of a response ended after ${sent} of ${length} bytes.`))
      return
    }
    finished = true
    response.end()
    onWaiting?.()
  }
  response.on('drain', () => body.resume())
  response.once('close', () => {
    finished = true
    body.destroy()
  })
  // The error listener comes first and stays: an error after the client has gone is nobody's business, but must be heard.
  body.on('error', fail)
  body.once('end', onEnd)
  body.once('close', () => {
    if (!body.readableEnded) fail(new Error('The body of a response was destroyed before its end.'))
  })
  body.on('data', onData)
  if (body.destroyed) fail(body.errored ?? new Error('The body of a response was destroyed before it was sent.'))
}

/** What `pumpBody` is told about a body. */
export interface PumpOptions {
  /** How many bytes were announced; null where the body is chunked. */
  readonly length: number | null
  /** Hears why a body was cut off. Never called for a client that went away. */
  readonly onFault: (error: unknown) => void
  /** Hears when what was written may be waiting for the client. */
  readonly onWaiting?: () => void
}
