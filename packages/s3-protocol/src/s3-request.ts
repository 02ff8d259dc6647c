import { HttpInputError, optionalHeader, parseTarget, percentDecode } from '@stowage/http'
import type { HttpHeader, HttpRequest, QueryPair } from '@stowage/http'
import { fromHttpInputError, S3Error } from './s3-error.ts'

/** What an S3 request is about, exactly as it was sent: nothing normalised, nothing merged. */
export interface RawS3Request {
  readonly http: HttpRequest
  readonly method: string
  /** Empty for the service itself. Not yet checked against the rules for names. */
  readonly bucket: string
  /** Empty for the bucket itself. Dot segments, double and trailing slashes are part of it. */
  readonly key: string
  /** Decoded, in order of arrival, duplicates kept. */
  readonly query: readonly QueryPair[]
  /** What the client sent, without the headers that something on the way adds (`HEADERS_OF_OTHERS`). */
  readonly headers: readonly HttpHeader[]
  /** The path that the client signed, still encoded. With virtual-host addressing the bucket is not in it. */
  readonly signedPath: string
}

/** How requests name their bucket. */
export interface S3AddressingOptions {
  /** Finds the bucket in a Host header (virtual-host style); null where the host names none and the path does. Default: never. */
  readonly bucketFromHost?: (host: string) => string | null
}

/**
 * Headers in the `x-amz-` name space that a CDN adds after the client has signed. They mean nothing here, are not
 * covered by the signature, and are dropped before anybody reads them.
 */
const HEADERS_OF_OTHERS: ReadonlySet<string> = new Set(['x-amz-cf-id'])

/** Reads bucket, key and query off a request. Fails with `InvalidURI` where the target is not valid, before any signature is looked at. */
export function parseS3Request(request: HttpRequest, options: S3AddressingOptions = {}): RawS3Request {
  try {
    const { rawPath, query } = parseTarget(request.target)
    const hostBucket = options.bucketFromHost?.(optionalHeader(request.headers, 'host') ?? '') ?? null
    const { bucket, key } = hostBucket === null ? splitPath(rawPath) : { bucket: hostBucket, key: percentDecode(rawPath.slice(1)) }
    return { http: request, method: request.method, bucket, key, query, headers: ownHeaders(request.headers), signedPath: rawPath }
  } catch (error) {
    throw error instanceof HttpInputError ? fromHttpInputError(error) : error
  }
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
