import { lookup as systemLookup } from 'node:dns'
import { get as getOverHttp, type IncomingMessage, type RequestOptions } from 'node:http'
import { get as getOverHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from './public-address.ts'

/** Where a document is read from, and how far we go for it. */
export interface FetchDocumentOptions {
  /** The address, of `parseDocumentUrl`. */
  readonly url: URL
  /** From the first byte sent to the last one received. */
  readonly timeoutMilliseconds: number
  /** Of the body. */
  readonly bytesMax: number
  /** Whether the host may be this machine or one of its network. */
  readonly allowPrivateAddresses: boolean
}

/** Reads the address of a document. Throws a `TypeError` for what is no address, carries credentials, or is not of https without leave. */
export function parseDocumentUrl(text: string, allowHttp: boolean): URL {
  if (!URL.canParse(text)) throw new TypeError('the address of a JWKS is not valid')
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(allowHttp && url.protocol === 'http:'))
    throw new TypeError('the address of a JWKS must begin with https://')
  if (url.username !== '' || url.password !== '') throw new TypeError('the address of a JWKS must not have a password in it')
  return url
}

/**
 * Reads a small document. Whatever is not plainly it fails with an `Error`: any status but 200, so that no redirect is followed, to
 * wherever it would lead; too many bytes; too slow; an address that is not public. The address is checked where the connection is
 * made, so that a name that resolves anew each time gains nothing.
 */
export function fetchDocument(options: FetchDocumentOptions): Promise<Buffer> {
  const { url, allowPrivateAddresses } = options
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !allowPrivateAddresses && !isPublicAddress(host)) {
    return Promise.reject(new Error(`the address of ${host} is not public`))
  }
  const get = url.protocol === 'https:' ? getOverHttps : getOverHttp
  const requested: RequestOptions = {
    // A connection of its own: one is made every few minutes, and none is left open.
    agent: false,
    headers: { accept: 'application/json', 'accept-encoding': 'identity' },
    signal: AbortSignal.timeout(options.timeoutMilliseconds),
    ...(allowPrivateAddresses ? {} : { lookup: publicLookup }),
  }
  return new Promise((resolve, reject) => {
    const request = get(url, requested, (response) => {
      readBody(response, options.bytesMax).then(resolve, (error: unknown) => {
        request.destroy()
        reject(error instanceof Error ? error : new Error('the body cannot be read', { cause: error }))
      })
    })
    request.on('error', reject)
  })
}

async function readBody(response: IncomingMessage, bytesMax: number): Promise<Buffer> {
  if (response.statusCode !== 200) throw new Error(`the answer has status ${response.statusCode}`)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    size += bytes.length
    if (size > bytesMax) throw new Error(`the answer has more than ${bytesMax} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

/** Resolves a name, and fails where any of its addresses is not public: which of them is taken is not ours to say. */
const publicLookup: LookupFunction = (host, options, done) => {
  systemLookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return done(error, '')
    const [first] = addresses
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      return done(new Error(`an address of ${host} is not public`), '')
    }
    return options.all === true ? done(null, addresses) : done(null, first.address, first.family)
  })
}
