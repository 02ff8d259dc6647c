/** An address under which clients reach the door, as they write it. */
export interface PublicUrl {
  /** Scheme and host, such as `https://s3.example.com`. */
  readonly origin: string
  /** As clients send it in Host: without the scheme's usual port. */
  readonly host: string
  /** What stands before the bucket, such as `/storage/v1/s3`; empty at the root. */
  readonly path: string
}

/** Reads a public address. Throws a `TypeError` for what is none: it has a scheme and a host, perhaps a port and a path, and nothing else. */
export function readPublicUrl(text: string): PublicUrl {
  const url = URL.canParse(text) ? new URL(text) : null
  const path = url?.pathname.replace(/\/+$/, '') ?? ''
  const isPlain =
    url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (!isPlain || !/^(?:\/[A-Za-z0-9\-._~]+)*$/.test(path)) {
    throw new TypeError(`'${text}' is no public address: it is like https://s3.example.com or https://example.com/storage/v1/s3.`)
  }
  return { origin: url.origin, host: url.host, path }
}

/** True where a path lies at that address, or below it. */
export function isBelow(path: string, rawPath: string): boolean {
  return rawPath === path || rawPath.startsWith(`${path}/`)
}
