import type { Readable } from 'node:stream'

/** A header as it came: the name in lower case, the value as sent. */
export type HttpHeader = readonly [name: string, value: string]

/** What an embedding host knows about the connection and a handler cannot see for itself. */
export interface HttpPeer {
  /** The address of the TCP peer, or null where the host does not say. */
  readonly address: string | null
  readonly encrypted: boolean
}

/** A request as a plain value. */
export interface HttpRequest {
  readonly method: string
  /** The request target exactly as it came: still percent-encoded, dot segments and all. */
  readonly target: string
  /**
   * The beginning of the target's path under which the host serves the handler, as the client wrote it and signed it; empty
   * at the root. Never ends with a slash.
   */
  readonly mount: string
  /** Names in lower case, in order of arrival, duplicates kept. */
  readonly headers: readonly HttpHeader[]
  readonly body: Readable
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
  readonly peer: HttpPeer
  /** Asks a client that waits for `100 Continue` to send its body. Does nothing where there is nothing to say, or twice. */
  readonly acceptBody: () => void
}

/** A response as a plain value. Whoever makes it says the length, if any, in a header. */
export interface HttpResponse {
  readonly status: number
  readonly headers: readonly HttpHeader[]
  /** A stream is destroyed when the client goes away. Null for no body; a HEAD response never has one, whatever its headers say. */
  readonly body: Readable | Uint8Array | null
}

/** Answers a request. Never rejects for anything the client did; a rejection is a fault of ours (500, connection closed). */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>
