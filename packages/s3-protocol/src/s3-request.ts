import { HttpInputError, optionalHeader, parseTarget, percentDecode } from '@stowage/http'
import type { HttpHeader, HttpRequest, QueryPair } from '@stowage/http'
import { isBelow } from './public-url.ts'
import type { PublicUrl } from './public-url.ts'
import { fromHttpInputError, S3Error } from './s3-error.ts'

/** What an S3 request is about, exactly as it was sent: nothing normalised, nothing merged. */
export interface RawS3Request {
  readonly http: HttpRequest
  readonly method: string
  /** Empty for the service itself. Not yet checked against the rules for names. */
  readonly bucket: string
  /** Of the host that it was sent to; null for the default one. */
  readonly jurisdiction: string | null
  /** Empty for the bucket itself. Dot segments, double and trailing slashes are part of it. */
  readonly key: string
  /** Decoded, in order of arrival, duplicates kept. */
  readonly query: readonly QueryPair[]
  /** What the client sent, without the headers that something on the way adds (`HEADERS_OF_OTHERS`). */
  readonly headers: readonly HttpHeader[]
  /** The path that the client signed, still encoded. With virtual-host addressing the bucket is not in it. */
  readonly signedPath: string
  /** Where else the client may have sent it to, and signed it for, before a proxy rewrote host or path. */
  readonly signedElsewhere: readonly SignedAddress[]
  /** Scheme, host and path of the resource, as the client writes them. */
  readonly url: string
  /**
   * The same, read as if nothing on the way had left a public address's path on it. Null but where Host is none of the public ones:
   * a proxy has rewritten it, or it is ours and the path begins with a bucket's name. The signature says which.
   */
  readonly asReceived: RawS3Request | null
}

/** A host and a path that a signature may be over. */
export interface SignedAddress {
  readonly host: string
  readonly path: string
}

/** How requests name their bucket. */
export interface S3AddressingOptions {
  /** Finds the bucket in a Host header (virtual-host style); null where the host names none and the path does. Default: never. */
  readonly bucketFromHost?: (host: string) => string | null
  /** Finds the jurisdiction of a Host header; null for the default one. Default: always. */
  readonly jurisdictionFromHost?: (host: string) => string | null
  /**
   * Where clients reach the door when something on the way rewrites Host, or takes a path off: a signature over any of these
   * addresses is as good as one over what was received. Default: none.
   */
  readonly publicUrls?: readonly PublicUrl[]
}

/**
 * Headers in the `x-amz-` name space that a CDN adds after the client has signed. They mean nothing here, are not
 * covered by the signature, and are dropped before anybody reads them.
 */
const HEADERS_OF_OTHERS: ReadonlySet<string> = new Set(['x-amz-cf-id'])

/** Reads bucket, key and query off a request. Fails with `InvalidURI` where the target is not valid, before any signature is looked at. */
export function parseS3Request(request: HttpRequest, options: S3AddressingOptions = {}): RawS3Request {
  try {
    const target = parseTarget(request.target)
    const host = (): string => optionalHeader(request.headers, 'host') ?? ''
    const { bucketFromHost, jurisdictionFromHost, publicUrls: allUrls = NO_URLS } = options
    const hostBucket = bucketFromHost?.(host()) ?? null
    const jurisdiction = jurisdictionFromHost?.(host()) ?? null
    // Else a signature over a public address would do for the bucket of the same name in whatever jurisdiction Host is made to say.
    const publicUrls =
      jurisdictionFromHost === undefined ? allUrls : allUrls.filter((one) => jurisdictionFromHost(one.host) === jurisdiction)
    if (request.mount !== '') return readAt(request.mount, { request, target, hostBucket, jurisdiction, publicUrls })
    const { addresses, isCertain } = addressesOf(request, { hostBucket, publicUrls })
    const mount = mountedAt(target.rawPath, addresses)
    const mounted = readAt(mount, { request, target, hostBucket, jurisdiction, publicUrls })
    if (mount === '' || isCertain) return mounted
    return { ...mounted, asReceived: readAt('', { request, target, hostBucket, jurisdiction, publicUrls: NO_URLS }) }
  } catch (error) {
    throw error instanceof HttpInputError ? fromHttpInputError(error) : error
  }
}

const NO_URLS: readonly PublicUrl[] = []

interface Reading {
  readonly request: HttpRequest
  readonly target: ReturnType<typeof parseTarget>
  readonly hostBucket: string | null
  readonly jurisdiction: string | null
  readonly publicUrls: readonly PublicUrl[]
}

function readAt(mount: string, { request, target, hostBucket, jurisdiction, publicUrls }: Reading): RawS3Request {
  const { rawPath, query } = target
  const ownPath = mount === '' ? rawPath : rawPath.slice(mount.length) || '/'
  const { bucket, key } = hostBucket === null ? splitPath(ownPath) : { bucket: hostBucket, key: percentDecode(ownPath.slice(1)) }
  return {
    http: request,
    method: request.method,
    bucket,
    jurisdiction,
    key,
    query,
    headers: ownHeaders(request.headers),
    signedPath: rawPath,
    signedElsewhere: publicUrls.map((one) => ({ host: hostAt(one, hostBucket), path: addressed(one, ownPath) })),
    url: publicUrlOf({ request, rawPath, ownPath: hostBucket === null ? ownPath : null }, publicUrls),
    asReceived: null,
  }
}

/** The addresses that a request may have been sent to: those of its Host, or any where something on the way may have rewritten it. */
function addressesOf(
  request: HttpRequest,
  { hostBucket, publicUrls }: { readonly hostBucket: string | null; readonly publicUrls: readonly PublicUrl[] },
): { readonly addresses: readonly PublicUrl[]; readonly isCertain: boolean } {
  const host = hostOf(request).toLowerCase()
  const known = publicUrls.filter((one) => isHostAt(host, one, hostBucket))
  // A Host that names a bucket is the client's own.
  const isCertain = known.length > 0 || hostBucket !== null
  return { addresses: isCertain ? known : publicUrls, isCertain }
}

/** The path of the public address that a proxy left on the target; empty where it took it off, or there is none. */
function mountedAt(rawPath: string, publicUrls: readonly PublicUrl[]): string {
  return publicUrls.find(({ path }) => path !== '' && isBelow(path, rawPath))?.path ?? ''
}

interface Place {
  readonly request: HttpRequest
  readonly rawPath: string
  /** Null where the host names the bucket: then no other host will do. */
  readonly ownPath: string | null
}

function publicUrlOf({ request, rawPath, ownPath }: Place, publicUrls: readonly PublicUrl[]): string {
  const host = hostOf(request)
  const known = publicUrls.find((one) => one.host === host) ?? publicUrls[0]
  if (known !== undefined && ownPath !== null) return `${known.origin}${addressed(known, ownPath)}`
  return `${request.peer.encrypted ? 'https' : 'http'}://${host}${rawPath}`
}

function hostOf({ headers }: HttpRequest): string {
  return headers.find(([name]) => name === 'host')?.[1] ?? ''
}

/**
 * Host at a public address. A bucket that Host names must be in it: else a signature over `/a/b` at the address, which is for bucket `a`,
 * would do for the key `a/b` of any bucket that whoever holds it puts into Host.
 */
function hostAt({ host }: PublicUrl, hostBucket: string | null): string {
  return hostBucket === null ? host : `${hostBucket}.${host}`
}

/** Some clients write the scheme's usual port. */
function isHostAt(host: string, one: PublicUrl, hostBucket: string | null): boolean {
  const expected = hostAt(one, hostBucket)
  return host === expected || host === `${expected}:${one.origin.startsWith('https:') ? 443 : 80}`
}

function addressed({ path }: PublicUrl, ownPath: string): string {
  return `${path}${ownPath}`
}

/** The value of a query name that may come once; null where it did not come, an empty string where it came without a value. */
export function queryValue(request: RawS3Request, name: string): string | null {
  let value: string | null = null
  for (const pair of request.query) {
    if (pair[0] !== name) continue
    if (value !== null)
      throw new S3Error('InvalidArgument', `The query parameter ${name} came more than once.`, { fields: { ArgumentName: name } })
    value = pair[1]
  }
  return value
}

/** True where the query names it, with or without a value. */
export function hasQuery(request: RawS3Request, name: string): boolean {
  return request.query.some((pair) => pair[0] === name)
}

function splitPath(rawPath: string): { readonly bucket: string; readonly key: string } {
  const slash = rawPath.indexOf('/', 1)
  // Split before decoding: an escaped slash belongs to the name it stands in.
  const bucket = percentDecode(slash < 0 ? rawPath.slice(1) : rawPath.slice(1, slash))
  const key = slash < 0 ? '' : percentDecode(rawPath.slice(slash + 1))
  if (bucket === '' && rawPath !== '/') throw new S3Error('InvalidURI', "Couldn't parse the specified URI. The bucket has no name.")
  return { bucket, key }
}

function ownHeaders(headers: readonly HttpHeader[]): readonly HttpHeader[] {
  for (const header of headers) {
    if (HEADERS_OF_OTHERS.has(header[0])) return headers.filter(([name]) => !HEADERS_OF_OTHERS.has(name))
  }
  return headers
}
