import { Buffer } from 'node:buffer'
import { createHash, createHmac } from 'node:crypto'

/** Signature Version 4 written once more, from AWS's pages alone, so that tests do not sign with what they test. */

export interface KeyPair {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface ToSign {
  readonly method: string
  readonly target: string
  /** All that are signed; host, x-amz-date and x-amz-content-sha256 among them. Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly region?: string
}

/** What chunk signatures go on from. */
export interface Seed {
  readonly key: Buffer
  readonly date: string
  readonly scope: string
  readonly signature: string
}

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

export function amzDate(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

export function signRequest(request: ToSign, pair: KeyPair): { readonly authorization: string; readonly seed: Seed } {
  const headers = new Map<string, string>()
  for (const [name, value] of request.headers) {
    const former = headers.get(name)
    headers.set(name, former === undefined ? value.trim() : `${former},${value.trim()}`)
  }
  const names = [...headers.keys()].sort()
  const date = headers.get('x-amz-date') ?? ''
  const scope = `${date.slice(0, 8)}/${request.region ?? 'us-east-1'}/s3/aws4_request`
  const mark = request.target.indexOf('?')
  const path = mark < 0 ? request.target : request.target.slice(0, mark)
  const canonical = [
    request.method,
    path,
    canonicalQuery(mark < 0 ? '' : request.target.slice(mark + 1)),
    ...names.map((name) => `${name}:${headers.get(name)}`),
    '',
    names.join(';'),
    headers.get('x-amz-content-sha256') ?? '',
  ].join('\n')
  const stringToSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(Buffer.from(canonical, 'latin1'))}`
  let key = Buffer.from(`AWS4${pair.secretAccessKey}`)
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
  const signature = createHmac('sha256', key).update(stringToSign).digest('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${pair.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { authorization, seed: { key, date, scope, signature } }
}

/** Targets of tests are encoded already; a name without a value gets its equals sign. */
function canonicalQuery(query: string): string {
  if (query === '') return ''
  return query
    .split('&')
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
    .join('&')
}

export interface ChunkedOptions {
  readonly chunkSize?: number
  /** Null for unsigned chunks. */
  readonly seed: Seed | null
  /** Behind the last chunk; undefined for a body without trailers. */
  readonly trailers?: readonly (readonly [name: string, value: string])[]
  /** Changes a signature before it is written: chunks count from 0, the last is the empty one; then 'trailer'. */
  readonly forge?: (signature: string, at: number | 'trailer') => string
}

/** A body in aws-chunked framing. */
export function chunkedBody(data: Uint8Array, options: ChunkedOptions): Buffer {
  const { chunkSize = 64, seed, trailers, forge = (signature) => signature } = options
  const pieces: Buffer[] = []
  let previous = seed?.signature ?? ''
  const chunks: Uint8Array[] = []
  for (let at = 0; at < data.length; at += chunkSize) chunks.push(data.subarray(at, at + chunkSize))
  for (const [index, chunk] of [...chunks, new Uint8Array(0)].entries()) {
    let line = chunk.length.toString(16)
    if (seed !== null) {
      previous = chain(seed, `AWS4-HMAC-SHA256-PAYLOAD\n${seed.date}\n${seed.scope}\n${previous}\n${sha256('')}\n${sha256(chunk)}`)
      line += `;chunk-signature=${forge(previous, index)}`
    }
    pieces.push(Buffer.from(`${line}\r\n`), Buffer.from(chunk))
    if (chunk.length > 0) pieces.push(Buffer.from('\r\n'))
  }
  for (const [name, value] of trailers ?? []) pieces.push(Buffer.from(`${name}:${value}\r\n`))
  if (trailers !== undefined && seed !== null) {
    const canonical = trailers.map(([name, value]) => `${name}:${value}\n`).join('')
    const signature = chain(seed, `AWS4-HMAC-SHA256-TRAILER\n${seed.date}\n${seed.scope}\n${previous}\n${sha256(canonical)}`)
    pieces.push(Buffer.from(`x-amz-trailer-signature:${forge(signature, 'trailer')}\r\n`))
  }
  pieces.push(Buffer.from('\r\n'))
  return Buffer.concat(pieces)
}

function chain(seed: Seed, stringToSign: string): string {
  return createHmac('sha256', seed.key).update(stringToSign).digest('hex')
}
