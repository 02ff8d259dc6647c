import { Agent as HttpAgent, request as requestHttp } from 'node:http'
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { GcsClientLike } from './client.ts'
import { Closed, CredentialsFailure, IdleTimeout, NoConnection } from './errors.ts'
import { inTime } from './in-time.ts'
import type { ParsedOptions } from './options.ts'
import { readText } from './read-text.ts'
import { readRefusal } from './refusal.ts'

/** One request to the service. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path and query at the endpoint, or the whole URI of an upload session. */
  readonly target: string
  readonly headers?: OutgoingHttpHeaders
  /** Sent one behind the other; their memory must stay as it is until the call has ended. */
  readonly body?: readonly Uint8Array[]
  readonly signal?: AbortSignal | undefined
}

/** An answer that was read. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/**
 * Sends requests over connections of its own, which are kept open. Nothing is repeated here.
 *
 * Promises: a call waits at most `idleTimeoutSeconds` for credentials, as long for one of `connectionsMax` connections, and ends at most as
 * long after the last byte moved either way, connecting included; an abort rejects with `signal.reason` and breaks the connection; once it is
 * closed everything rejects with `Closed`; the credentials go to the endpoint and nowhere else.
 */
export class Transport {
  readonly #client: GcsClientLike
  readonly #options: ParsedOptions
  readonly #endpoint: URL
  readonly #agent: HttpAgent
  /** Of the calls that have no answer yet. */
  readonly #waiting = new Set<AbortController>()
  readonly #closing = new AbortController()

  constructor(client: GcsClientLike, options: ParsedOptions) {
    this.#client = client
    this.#options = options
    this.#endpoint = new URL(client.apiEndpoint)
    const settings = { keepAlive: true, maxSockets: options.connectionsMax, maxFreeSockets: Math.min(options.connectionsMax, 256) }
    this.#agent = this.#endpoint.protocol === 'https:' ? new HttpsAgent(settings) : new HttpAgent(settings)
  }

  /** Aborts with `Closed` when it is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal
  }

  /** Sends a request and reads the answer whole, whatever its status; what is no success and too long is cut off. */
  async call(request: ApiRequest): Promise<ApiAnswer> {
    const response = await this.open(request)
    try {
      return { status: response.statusCode ?? 0, headers: response.headers, body: await readText(response, request.signal) }
    } catch (error) {
      throw this.closed.aborted && request.signal?.aborted !== true ? new Closed() : error
    }
  }

  /** The same, but throws the refusal where the status is not of the 200s. */
  async ask(request: ApiRequest): Promise<ApiAnswer> {
    const answer = await this.call(request)
    if (answer.status < 200 || answer.status > 299) throw readRefusal(answer.status, answer.headers, answer.body)
    return answer
  }

  /** Sends a request and gives back the answer with its body unread; the caller reads or destroys it. */
  async open(request: ApiRequest): Promise<IncomingMessage> {
    const { signal } = request
    signal?.throwIfAborted()
    this.closed.throwIfAborted()
    const stop = new AbortController()
    const onAbort = (): void => stop.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#waiting.add(stop)
    try {
      const url = new URL(request.target, this.#endpoint)
      const credentials = await this.#credentials(url, stop.signal)
      stop.signal.throwIfAborted()
      return await this.#answerTo(this.#start(url, request, credentials), request, stop.signal)
    } finally {
      this.#waiting.delete(stop)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Breaks every connection, and ends every call. */
  close(): void {
    this.#closing.abort(new Closed())
    for (const stop of this.#waiting) stop.abort(new Closed())
    this.#agent.destroy()
  }

  #answerTo(sent: ClientRequest, { body }: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { connectionsMax, idleTimeoutSeconds } = this.#options
    return new Promise((resolve, reject) => {
      let isOver = false
      const end = (settle: () => void): void => {
        if (isOver) return
        isOver = true
        clearTimeout(waiting)
        signal.removeEventListener('abort', onAbort)
        settle()
      }
      const fail = (error: unknown): void => {
        end(() => reject(error))
        sent.destroy()
      }
      const onAbort = (): void => fail(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      // The request's own limit begins with its connection.
      const waiting = setTimeout(
        () => fail(new NoConnection(`none of ${connectionsMax} connections became free`)),
        idleTimeoutSeconds * 1000,
      )
      sent.on('socket', () => clearTimeout(waiting))
      sent.on('timeout', () => sent.destroy(new IdleTimeout(idleTimeoutSeconds)))
      // Stays: after an early answer the rest of the body may find the connection gone.
      sent.on('error', (error) => end(() => reject(error)))
      sent.on('response', (response) => {
        // Whoever answers before the whole body has come is sent no more of it: its memory is used again once the answer was read.
        response.on('end', () => {
          if (!sent.writableFinished) sent.destroy()
        })
        end(() => resolve(response))
      })
      for (const piece of body ?? []) sent.write(piece)
      sent.end()
    })
  }

  #start(url: URL, { method, headers, body }: ApiRequest, credentials: OutgoingHttpHeaders): ClientRequest {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const length = body?.reduce((sum, piece) => sum + piece.length, 0) ?? 0
    return send(url, {
      method,
      timeout: this.#options.idleTimeoutSeconds * 1000,
      headers: { ...credentials, ...headers, ...(method === 'GET' ? {} : { 'content-length': length }) },
      // An emulator may give its sessions another address, and another scheme.
      ...(url.protocol === this.#endpoint.protocol ? { agent: this.#agent } : {}),
    })
  }

  async #credentials(url: URL, signal: AbortSignal): Promise<OutgoingHttpHeaders> {
    const { customEndpoint, useAuthWithCustomEndpoint, authClient } = this.#client
    if (url.origin !== this.#endpoint.origin || (customEndpoint === true && useAuthWithCustomEndpoint !== true)) return {}
    try {
      // The vendor's library takes no signal, and may ask a token endpoint that never answers.
      const headers = authClient.getRequestHeaders(this.#endpoint.href)
      return Object.fromEntries(await inTime(headers, { seconds: this.#options.idleTimeoutSeconds, signal }))
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw new CredentialsFailure(error)
    }
  }
}
