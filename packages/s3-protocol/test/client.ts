import { Buffer } from 'node:buffer'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { readXml } from '../src/xml/read.ts'
import type { XmlNode } from '../src/xml/read.ts'
import { amzDate, sha256, signRequest } from './signer.ts'
import type { KeyPair, Seed } from './signer.ts'

type Header = readonly [name: string, value: string]

export interface RequestOptions {
  readonly headers?: readonly Header[]
  readonly body?: string | Uint8Array
  /** x-amz-content-sha256. Default: the hash of the body. */
  readonly payload?: string
  /** Makes the body when the signature is known: for signed chunks. */
  readonly makeBody?: (seed: Seed) => Uint8Array
  /** Default: the length of the body. Null sends none. */
  readonly contentLength?: number | null
  /** Sent, and not signed. */
  readonly unsigned?: readonly Header[]
  readonly date?: Date
  readonly region?: string
  /** Default: where the request goes. */
  readonly host?: string
  /** Changes the headers after they were signed. */
  readonly tamper?: (headers: Header[]) => Header[]
}

/** An answer as it came. */
export class Answer {
  readonly status: number
  readonly headers: readonly Header[]
  readonly body: Buffer
  /** 100 Continue came before it. */
  readonly continued: boolean

  constructor(head: string, body: Buffer, continued: boolean) {
    const [statusLine = '', ...lines] = head.split('\r\n')
    this.status = Number(statusLine.split(' ')[1])
    this.headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])
    this.body = body
    this.continued = continued
  }

  get text(): string {
    return this.body.toString()
  }

  header(name: string): string | undefined {
    return this.headers.find((header) => header[0] === name)?.[1]
  }

  /** The texts of all elements of that name, wherever they are. */
  all(name: string): string[] {
    const found: string[] = []
    const visit = (node: XmlNode): void => {
      if (node.name === name) found.push(node.text)
      node.children.forEach(visit)
    }
    visit(readXml(this.body, /<([A-Za-z]+)[ >/]/.exec(this.text.slice(this.text.indexOf('?>') + 2))?.[1] ?? ''))
    return found
  }

  /** The first of them. */
  one(name: string): string | undefined {
    return this.all(name)[0]
  }

  /** `status Code`, for errors and for answers alike. */
  get outcome(): string {
    const code = this.text.startsWith('<?xml') && this.text.includes('<Error>') ? this.one('Code') : undefined
    return code === undefined ? String(this.status) : `${this.status} ${code}`
  }
}

/** Speaks HTTP over bare sockets: what it sends is exactly what was asked for, byte for byte. */
export class Client {
  readonly port: number
  readonly #pair: KeyPair | null

  constructor(port: number, pair: KeyPair | null) {
    this.port = port
    this.#pair = pair
  }

  /** The bytes of a request, head and body apart. */
  compose(method: string, target: string, options: RequestOptions = {}): { readonly head: Buffer; readonly body: Buffer } {
    const given = typeof options.body === 'string' ? Buffer.from(options.body) : (options.body ?? Buffer.alloc(0))
    const signedHeaders: Header[] = [['host', options.host ?? `127.0.0.1:${this.port}`]]
    let headers: Header[]
    let body = Buffer.from(given)
    if (this.#pair === null) {
      headers = [...signedHeaders, ...(options.payload === undefined ? [] : [['x-amz-content-sha256', options.payload] as const])]
      headers.push(...(options.headers ?? []))
    } else {
      signedHeaders.push(['x-amz-date', amzDate(options.date ?? new Date())], ['x-amz-content-sha256', options.payload ?? sha256(given)])
      signedHeaders.push(...(options.headers ?? []))
      const region = options.region === undefined ? {} : { region: options.region }
      const { authorization, seed } = signRequest({ method, target, headers: signedHeaders, ...region }, this.#pair)
      headers = [...signedHeaders, ['authorization', authorization]]
      if (options.makeBody !== undefined) body = Buffer.from(options.makeBody(seed))
    }
    const length = options.contentLength === undefined ? body.length : options.contentLength
    if (length !== null && !(length === 0 && (method === 'GET' || method === 'HEAD'))) headers.push(['content-length', String(length)])
    headers.push(...(options.unsigned ?? []))
    if (options.tamper !== undefined) headers = options.tamper(headers)
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    return { head: Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`, 'latin1'), body }
  }

  /** Sends a request on a connection of its own. With `Expect: 100-continue` the body waits for the answer. */
  async send(method: string, target: string, options: RequestOptions = {}): Promise<Answer> {
    const { head, body } = this.compose(method, target, options)
    const wire = this.open()
    try {
      const waits = (options.headers ?? []).some(([name, value]) => name === 'expect' && value === '100-continue')
      wire.write(waits ? head : Buffer.concat([head, body]))
      if (waits && (await wire.sawContinue())) wire.write(body)
      return await wire.answer(method)
    } finally {
      wire.destroy()
    }
  }

  open(): Wire {
    return new Wire(connect(this.port, '127.0.0.1'))
  }
}

/** One connection. */
export class Wire {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #closed = false
  #wake: (() => void) | null = null
  #continued = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake?.()
    })
    const close = (): void => {
      this.#closed = true
      this.#wake?.()
    }
    socket.on('end', close)
    socket.on('close', close)
    socket.on('error', close)
  }

  write(bytes: Uint8Array | string): void {
    this.socket.write(bytes)
  }

  destroy(): void {
    this.socket.destroy()
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Resolves when the server has closed. */
  async closed(): Promise<void> {
    while (!this.#closed) await this.#more()
  }

  /** Waits for the first line of whatever comes; true for 100 Continue, which it takes. */
  async sawContinue(): Promise<boolean> {
    while (!this.#closed && this.#received.indexOf('\r\n\r\n') < 0) await this.#more()
    if (!this.#received.subarray(0, 12).toString().startsWith('HTTP/1.1 100')) return false
    this.#received = this.#received.subarray(this.#received.indexOf('\r\n\r\n') + 4)
    this.#continued = true
    return true
  }

  /** The next answer. Fails where the connection closes before it is whole. */
  async answer(method: string): Promise<Answer> {
    while (await this.sawContinue());
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) throw new Error(`closed after ${JSON.stringify(this.#received.toString('latin1'))}`)
    const head = this.#received.subarray(0, end).toString('latin1')
    const rest = end + 4
    const empty = new Answer(head, Buffer.alloc(0), this.#continued)
    // Without a length there is no body: what node writes for bytes that are no request, and what has none anyway.
    const length = method === 'HEAD' || empty.status === 204 || empty.status === 304 ? 0 : Number(empty.header('content-length') ?? 0)
    while (this.#received.length < rest + length) {
      if (this.#closed) throw new Error(`closed in the middle of the body of ${head}`)
      await this.#more()
    }
    const body = this.#received.subarray(rest, rest + length)
    this.#received = this.#received.subarray(rest + length)
    return new Answer(head, body, this.#continued)
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
