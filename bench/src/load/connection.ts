import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** An answer, read to its end. */
export interface Reply {
  readonly status: number
  /** Status line and header lines. */
  readonly head: string
  /** How many bytes the body had. */
  readonly length: number
  /** Where it was asked for, or the status is no success. */
  readonly body: Buffer | null
}

/** How one answer is read. */
export interface ExchangeOptions {
  /** An answer to HEAD has no body, whatever its Content-Length says. */
  readonly headOnly?: boolean
  readonly keepBody?: boolean
}

type Reading = 'head' | 'counted' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer'

const READ_BUFFER_SIZE = 256 * 1024

/**
 * One keep-alive connection with one request in flight, on a bare socket: an HTTP client library costs as much as the
 * server that is measured. Understands what servers answer to S3 requests, not more of HTTP.
 */
export class Connection {
  readonly #socket: Socket
  #settle: { readonly resolve: (reply: Reply) => void; readonly reject: (error: Error) => void } | null = null
  #options: ExchangeOptions = {}
  #reading: Reading = 'head'
  #pending: Buffer | null = null
  #head = ''
  #status = 0
  #left = 0
  #length = 0
  #line = ''
  #kept: Buffer[] | null = null

  private constructor(host: string, port: number, opened: (connection: Connection, error: Error | null) => void) {
    const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_SIZE)
    const callback = (size: number, bytes: Uint8Array): boolean => {
      this.#take(bytes as Buffer, size)
      return true
    }
    this.#socket = connect({ host, port, noDelay: true, onread: { buffer, callback } })
    this.#socket.once('connect', () => opened(this, null))
    this.#socket.on('error', (error) => {
      opened(this, error)
      this.#fail(error)
    })
    this.#socket.on('close', () => this.#fail(new Error('The server closed the connection.')))
  }

  /** Connects to `http://host:port`. */
  static open(endpoint: string): Promise<Connection> {
    const { hostname, port } = new URL(endpoint)
    return new Promise((resolve, reject) => {
      const opened = (connection: Connection, error: Error | null): void => (error === null ? resolve(connection) : reject(error))
      void new Connection(hostname, Number(port), opened)
    })
  }

  /** Sends a request and reads its answer to the end. */
  exchange(head: Buffer, body: Uint8Array | null, options: ExchangeOptions = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      // Closed behind the last answer: no event would come any more.
      if (this.#socket.destroyed) return reject(new Error('The server closed the connection.'))
      this.#settle = { resolve, reject }
      this.#options = options
      this.#reading = 'head'
      this.#length = 0
      if (body === null || body.length === 0) {
        this.#socket.write(head)
        return
      }
      this.#socket.cork()
      this.#socket.write(head)
      this.#socket.write(body)
      this.#socket.uncork()
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #fail(error: Error): void {
    const settle = this.#settle
    this.#settle = null
    settle?.reject(error)
  }

  #finish(): void {
    const settle = this.#settle
    this.#settle = null
    settle?.resolve({
      status: this.#status,
      head: this.#head,
      length: this.#length,
      body: this.#kept === null ? null : Buffer.concat(this.#kept),
    })
  }

  #take(bytes: Buffer, size: number): void {
    let at = 0
    while (at < size && this.#settle !== null) {
      switch (this.#reading) {
        case 'head':
          at = this.#takeHead(bytes, at, size)
          break
        case 'counted':
        case 'chunk':
          at = this.#takeBody(bytes, at, size)
          break
        default:
          this.#takeLineByte(bytes[at] ?? 0)
          at += 1
      }
    }
  }

  #takeHead(bytes: Buffer, at: number, size: number): number {
    const before = this.#pending?.length ?? 0
    const fresh = bytes.subarray(at, size)
    const all = this.#pending === null ? fresh : Buffer.concat([this.#pending, fresh])
    const end = all.indexOf('\r\n\r\n')
    if (end < 0) {
      this.#pending = Buffer.from(all)
      return size
    }
    this.#pending = null
    this.#head = all.toString('latin1', 0, end + 2)
    this.#status = Number(this.#head.slice(9, 12))
    this.#beginBody()
    return at + end + 4 - before
  }

  #beginBody(): void {
    // 100 Continue is not the answer yet.
    if (this.#status < 200) return
    this.#kept = this.#options.keepBody === true || this.#status >= 300 ? [] : null
    const counted = /\r\ncontent-length: *(\d+)/i.exec(this.#head)
    if (this.#options.headOnly === true || this.#status === 204 || this.#status === 304) return this.#finish()
    if (counted !== null) {
      this.#left = Number(counted[1])
      this.#reading = 'counted'
      if (this.#left === 0) this.#finish()
    } else if (/\r\ntransfer-encoding: *chunked/i.test(this.#head)) {
      this.#line = ''
      this.#reading = 'chunk-size'
    } else {
      this.#fail(new Error(`An answer without a length: ${this.#head}`))
    }
  }

  #takeBody(bytes: Buffer, at: number, size: number): number {
    const taken = Math.min(this.#left, size - at)
    this.#kept?.push(Buffer.from(bytes.subarray(at, at + taken)))
    this.#length += taken
    this.#left -= taken
    if (this.#left === 0) {
      if (this.#reading === 'counted') this.#finish()
      else this.#reading = 'chunk-end'
    }
    return at + taken
  }

  #takeLineByte(byte: number): void {
    if (byte !== 10) {
      if (byte !== 13) this.#line += String.fromCharCode(byte)
      return
    }
    const line = this.#line
    this.#line = ''
    if (this.#reading === 'chunk-end') this.#reading = 'chunk-size'
    else if (this.#reading === 'chunk-size') {
      this.#left = Number.parseInt(line, 16)
      this.#reading = this.#left === 0 ? 'trailer' : 'chunk'
    } else if (line === '') this.#finish()
  }
}
