import type { HttpHeader, QueryPair } from '@stowage/http'
import { percentDecode } from '@stowage/http'

/** What goes into a canonical request (AWS: "Create a signed AWS API request", step 1). */
export interface CanonicalParts {
  readonly method: string
  /** Already canonical; see `canonicalPath`. */
  readonly path: string
  readonly query: readonly QueryPair[]
  readonly headers: readonly HttpHeader[]
  readonly signedHeaders: readonly string[]
  readonly payloadHash: string
}

/**
 * The canonical request as text, one character for one byte of what was received.
 *
 * Every signed header must be among the headers; the caller has checked that.
 */
export function canonicalRequest(parts: CanonicalParts): string {
  let headers = ''
  for (const name of parts.signedHeaders) headers += `${name}:${canonicalHeaderValue(parts.headers, name)}\n`
  return `${parts.method}\n${parts.path}\n${canonicalQuery(parts.query)}\n${headers}\n${parts.signedHeaders.join(';')}\n${parts.payloadHash}`
}

/**
 * The path as S3 signs it: decoded once and encoded once, slashes kept, nothing normalised.
 *
 * Other services of AWS encode twice and remove dot segments; S3 does not, as both may be part of a key.
 */
export function canonicalPath(rawPath: string): string {
  if (!/[^A-Za-z0-9\-._~/]/.test(rawPath)) return rawPath
  return percentDecode(rawPath).split('/').map(percentEncode).join('/')
}

/** Pairs encoded, then sorted by name and by value, bytewise. Only `X-Amz-Signature` is left out. */
export function canonicalQuery(query: readonly QueryPair[]): string {
  if (query.length === 0) return ''
  const pairs: [string, string][] = []
  for (const [name, value] of query) if (name !== 'X-Amz-Signature') pairs.push([percentEncode(name), percentEncode(value)])
  // Encoded text is ASCII, where the order of code units is the order of bytes.
  pairs.sort((left, right) => compare(left[0], right[0]) || compare(left[1], right[1]))
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

/** Encodes all but the unreserved characters of RFC 3986, in upper-case hexadecimal. */
export function percentEncode(text: string): string {
  if (!/[^A-Za-z0-9\-._~]/.test(text)) return text
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

/**
 * Every value that came under the name, in order, joined by commas; each trimmed, runs of blanks made one.
 *
 * Blanks are spaces and tabs. `String.trim` would take byte A0 for one.
 */
function canonicalHeaderValue(headers: readonly HttpHeader[], name: string): string {
  let joined: string | null = null
  for (const header of headers) {
    if (header[0] !== name) continue
    const value = collapse(header[1])
    joined = joined === null ? value : `${joined},${value}`
  }
  return joined ?? ''
}

function collapse(value: string): string {
  if (!/^[ \t]|[\t\r\n]| {2}|[ \t]$/.test(value)) return value
  // A line that was folded (RFC 9112 §5.2) counts as one blank.
  return value.replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '')
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
