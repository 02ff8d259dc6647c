import { createHash, createHmac } from 'node:crypto'
import type { S3Target } from './load-plan.ts'

/** What is to be asked. */
export interface RequestFields {
  readonly method: string
  /** The bucket and the key, not yet encoded, e.g. `/bucket/a key`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Length of the body in bytes; absent where there is none. */
  readonly bodyLength?: number
  /** SHA-256 of the body in hex; absent: the payload is not signed. */
  readonly bodyHash?: string
}

const EMPTY_HASH = createHash('sha256').digest('hex')
const SIGNED_HEADERS = 'host;x-amz-content-sha256;x-amz-date'

/** Signs requests for one target (SigV4, header). Made once a run: the date is that of its making. */
export class RequestSigner {
  readonly #target: S3Target
  readonly #host: string
  readonly #timestamp: string
  readonly #scope: string
  readonly #key: Buffer

  constructor(target: S3Target, now: Date = new Date()) {
    this.#target = target
    this.#host = target.endpoint.replace('http://', '')
    this.#timestamp = `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
    const steps = [this.#timestamp.slice(0, 8), target.region, 's3', 'aws4_request']
    this.#scope = steps.join('/')
    this.#key = steps.reduce<Buffer>((key, step) => hmac(key, step), Buffer.from(`AWS4${target.secretAccessKey}`))
  }

  /** The head of the request, ready for the wire. */
  sign({ method, path, query = {}, bodyLength, bodyHash }: RequestFields): Buffer {
    const encodedPath = path.split('/').map(encode).join('/')
    const encodedQuery = Object.entries(query)
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&')
    const payload = bodyHash ?? (bodyLength === undefined || bodyLength === 0 ? EMPTY_HASH : 'UNSIGNED-PAYLOAD')
    const headers = `host:${this.#host}\nx-amz-content-sha256:${payload}\nx-amz-date:${this.#timestamp}\n`
    const canonical = [method, encodedPath, encodedQuery, headers, SIGNED_HEADERS, payload].join('\n')
    const toSign = ['AWS4-HMAC-SHA256', this.#timestamp, this.#scope, createHash('sha256').update(canonical).digest('hex')].join('\n')
    const authorization =
      `AWS4-HMAC-SHA256 Credential=${this.#target.accessKeyId}/${this.#scope}, ` +
      `SignedHeaders=${SIGNED_HEADERS}, Signature=${hmac(this.#key, toSign).toString('hex')}`
    const lines = [
      `${method} ${encodedPath}${encodedQuery === '' ? '' : `?${encodedQuery}`} HTTP/1.1`,
      `Host: ${this.#host}`,
      `X-Amz-Date: ${this.#timestamp}`,
      `X-Amz-Content-Sha256: ${payload}`,
      `Authorization: ${authorization}`,
      ...(bodyLength === undefined ? [] : [`Content-Length: ${bodyLength}`]),
    ]
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** As SigV4 wants it: everything but the unreserved characters of RFC 3986 §2.3. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
