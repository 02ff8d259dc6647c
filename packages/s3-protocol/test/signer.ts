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

export interface ToPresign extends ToSign {
  /** X-Amz-Date. */
  readonly date: string
  readonly expires?: string
  readonly sessionToken?: string
  /** What stands for the body. Default: UNSIGNED-PAYLOAD. */
  readonly payloadHash?: string
}

/** The target with the query parameters of a presigned URL. */
export function presign(request: ToPresign, pair: KeyPair): string {
  const { target, date, region = 'us-east-1', expires = '60', sessionToken } = request
  const names = request.headers.map(([name]) => name).sort()
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`
  const query: [string, string][] = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${pair.accessKeyId}/${scope}`],
    ['X-Amz-Date', date],
    ['X-Amz-Expires', expires],
    ['X-Amz-SignedHeaders', names.join(';')],
  ]
  if (sessionToken !== undefined) query.push(['X-Amz-Security-Token', sessionToken])
  const mark = target.includes('?') ? '&' : '?'
  const unsigned = `${target}${mark}${query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`
  return `${unsigned}&X-Amz-Signature=${signatureOf({ ...request, target: unsigned }, pair).signature}`
}

function signatureOf(request: ToPresign, pair: KeyPair): Seed {
  const headers = [...request.headers, ['x-amz-date', request.date] as const]
  return sign({ ...request, headers }, pair, { payloadHash: request.payloadHash ?? 'UNSIGNED-PAYLOAD', unsigned: 'x-amz-date' })
}

export function signRequest(request: ToSign, pair: KeyPair): { readonly authorization: string; readonly seed: Seed } {
  const names = [...new Set(request.headers.map(([name]) => name))].sort()
  const seed = sign(request, pair, { payloadHash: request.headers.find(([name]) => name === 'x-amz-content-sha256')?.[1] ?? '' })
  const authorization = `AWS4-HMAC-SHA256 Credential=${pair.accessKeyId}/${seed.scope}, SignedHeaders=${names.join(';')}, Signature=${seed.signature}`
  return { authorization, seed }
}

/** `unsigned` names a header that gives the date and is not signed itself: in a URL the date is in the query. */
function sign(
  request: ToSign,
  pair: KeyPair,
  { payloadHash, unsigned }: { readonly payloadHash: string; readonly unsigned?: string },
): Seed {
  const headers = new Map<string, string>()
  for (const [name, value] of request.headers) {
    const former = headers.get(name)
    headers.set(name, former === undefined ? value.trim() : `${former},${value.trim()}`)
  }
  const names = [...headers.keys()].filter((name) => name !== unsigned).sort()
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
    payloadHash,
  ].join('\n')
  const stringToSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(Buffer.from(canonical, 'latin1'))}`
  let key = Buffer.from(`AWS4${pair.secretAccessKey}`)
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
  const signature = createHmac('sha256', key).update(stringToSign).digest('hex')
  return { key, date, scope, signature }
}

/** Targets of tests are encoded already; a name without a value gets its equals sign. In the order of names, then of values. */
function canonicalQuery(query: string): string {
  if (query === '') return ''
  const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)
  return query
    .split('&')
    .map((pair) => [pair.split('=', 1)[0] ?? '', pair.includes('=') ? pair : `${pair}=`] as const)
    .sort(([name, pair], [other, otherPair]) => compare(name, other) || compare(pair, otherPair))
    .map(([, pair]) => pair)
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
