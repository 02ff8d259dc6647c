import { Agent as HttpAgent } from 'node:http'
import type { AgentOptions } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Duplex } from 'node:stream'

/** What connections of the service are like. */
export interface ConnectionOptions {
  /** How many there are at most. */
  readonly connectionsMax: number
  /** How long it may take to make one, in seconds. */
  readonly connectTimeoutSeconds: number
}

/** An agent for each scheme. */
export interface Agents {
  readonly http: HttpAgent
  readonly https: HttpsAgent
}

/**
 * Agents that end a connection that is not made in time, the handshake of TLS included. The vendor's own time-out begins with the request: it
 * ends those that wait until a connection is free, and knows nothing of a handshake.
 */
export function patientAgents({ connectionsMax, connectTimeoutSeconds }: ConnectionOptions): Agents {
  const options = { keepAlive: true, maxSockets: connectionsMax }
  const timeoutMs = connectTimeoutSeconds * 1000
  return { http: new PatientHttpAgent(options, timeoutMs), https: new PatientHttpsAgent(options, timeoutMs) }
}

class PatientHttpAgent extends HttpAgent {
  readonly #timeoutMs: number

  constructor(options: AgentOptions, timeoutMs: number) {
    super(options)
    this.#timeoutMs = timeoutMs
  }

  override createConnection(...args: Parameters<HttpAgent['createConnection']>): ReturnType<HttpAgent['createConnection']> {
    return inTime(super.createConnection(...args), 'connect', this.#timeoutMs)
  }
}

class PatientHttpsAgent extends HttpsAgent {
  readonly #timeoutMs: number

  constructor(options: AgentOptions, timeoutMs: number) {
    super(options)
    this.#timeoutMs = timeoutMs
  }

  override createConnection(...args: Parameters<HttpsAgent['createConnection']>): ReturnType<HttpsAgent['createConnection']> {
    return inTime(super.createConnection(...args), 'secureConnect', this.#timeoutMs)
  }
}

function inTime<Connection extends Duplex | null | undefined>(connection: Connection, made: string, timeoutMs: number): Connection {
  if (connection === null || connection === undefined) return connection
  const end = (): unknown => connection.destroy(Object.assign(new Error('the connection was not made in time'), { code: 'ETIMEDOUT' }))
  const timer = setTimeout(end, timeoutMs)
  const stop = (): void => clearTimeout(timer)
  connection.once(made, stop).once('close', stop)
  return connection
}
