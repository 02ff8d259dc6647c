import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { isStream, pumpBody } from './body-pump.ts'
import type { HttpHeader, HttpResponse } from './message.ts'
import type { CompleteOptions } from './node-adapter.ts'
import type { NodeRequest } from './node-request.ts'

/** Everything that decides how an answer goes out. */
export interface Sending {
  readonly request: NodeRequest
  readonly message: IncomingMessage
  readonly response: ServerResponse
  readonly options: CompleteOptions
  /** Gives the connection up after this answer. */
  readonly close: boolean
}

/** Bodies up to this size go out as one string with the head, in one plain write; `writev` of two buffers costs more than the copy. Bytes. */
const ONE_WRITE_SIZE_MAX = 16_384

/**
 * Writes an answer. Throws where node refuses a status or a header, before anything has been sent.
 *
 * Promises: the answer to HEAD, 204 and 304 has no body; bytes get their Content-Length where the handler gave none;
 * a request whose body was left unread does not poison the connection.
 */
export function sendResponse(answer: HttpResponse, sending: Sending): void {
  const { response } = sending
  const announced = announcedLength(answer.headers)
  const bytes = isStream(answer.body) ? null : answer.body
  if (bytes !== null && announced !== null && announced !== bytes.length && hasBody(answer, sending)) {
    throw new Error(`A response announces ${announced} bytes and has ${bytes.length}.`)
  }
  const early = unreadBody(sending)
  const close = sending.close || early === 'close'
  response.writeHead(answer.status, flatHeaders(answer, announced, close))
  if (!hasBody(answer, sending)) {
    if (isStream(answer.body)) discard(answer.body)
    finish(sending, null, early)
  } else if (bytes === null && isStream(answer.body)) {
    if (early !== 'none') sending.message.resume()
    const { message, options } = sending
    const { onFault } = options
    pumpBody(answer.body, response, { length: announced, onFault, onWaiting: () => options.answers.wrote(message, response) })
  } else finish(sending, bytes, early)
}

/** What the handler left of the request's body: nothing, so little that it is drained, or too much to keep the connection. */
type Unread = 'none' | 'drain' | 'close'

function unreadBody(sending: Sending): Unread {
  const { message, request, options } = sending
  if (request.waitsForContinue) return 'close'
  if (message.complete) return message.readableLength > 0 ? 'drain' : 'none'
  // A handler that left its loop early has destroyed the message: the rest cannot be read past it any more.
  if (message.destroyed) return 'close'
  const length = message.headers['content-length']
  return length !== undefined && Number(length) <= options.drainSizeMax ? 'drain' : 'close'
}

function finish(sending: Sending, bytes: Uint8Array | null, early: Unread): void {
  const { message, response, options } = sending
  if (early === 'close') {
    linger(sending, bytes)
    return
  }
  if (bytes === null || bytes.length === 0) options.batch.end(message, response, null)
  else if (bytes.length > ONE_WRITE_SIZE_MAX) {
    response.end(bytes)
    options.answers.wrote(message, response)
  } else options.batch.end(message, response, latin1(bytes))
  if (early === 'drain') message.resume()
}

/**
 * Answers a client that is still sending, and closes. A socket closed over unread bytes is reset, and a reset can
 * overtake the answer on its way (RFC 9112 §9.6): so some bytes are taken, then the client gets a moment to see it.
 */
function linger(sending: Sending, bytes: Uint8Array | null): void {
  const { message, response, options } = sending
  if (bytes === null || bytes.length === 0) response.flushHeaders()
  else response.write(bytes)
  let taken = 0
  const done = (): void => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(done, options.lingerMilliseconds)
  // A waiting client does not hold up the end of the process.
  timer.unref()
  const onData = (chunk: Uint8Array): void => {
    taken += chunk.length
    // No more is read; the client sees the answer, or runs into the closed window until the time is up.
    if (taken > options.drainSizeMax) message.pause()
  }
  message.on('data', onData)
  message.once('end', done)
  message.once('close', done)
  // An abort is the client's answer to ours.
  message.on('error', done)
  message.resume()
}

function hasBody(answer: HttpResponse, sending: Sending): boolean {
  return answer.body !== null && sending.request.method !== 'HEAD' && answer.status !== 204 && answer.status !== 304
}

function announcedLength(headers: readonly HttpHeader[]): number | null {
  for (const [name, value] of headers) if (name === 'content-length') return Number(value)
  return null
}

function flatHeaders(answer: HttpResponse, announced: number | null, close: boolean): string[] {
  const flat: string[] = []
  for (const [name, value] of answer.headers) if (name !== 'content-length') flat.push(name, value)
  // Behind all others: once node has seen a length, it reads a Content-Disposition as UTF-8 and writes other bytes than it was given.
  const length = announced ?? lengthOf(answer)
  // RFC 9110 §8.6: no Content-Length in a 204.
  if (length !== null && answer.status !== 204) flat.push('content-length', String(length))
  if (close) flat.push('connection', 'close')
  return flat
}

function lengthOf({ status, body }: HttpResponse): number | null {
  if (status === 304 || isStream(body)) return null
  return body === null ? 0 : body.length
}

function latin1(bytes: Uint8Array): string {
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).toString('latin1')
}

function discard(body: Readable): void {
  // An error of a body that nobody will see is nobody's business.
  body.on('error', () => {})
  body.destroy()
}
