import type { ByteRange, ObjectChecksum, ObjectInfo } from '@stowage/core'
import { formatContentRange, formatHttpDate } from '@stowage/http'
import type { HttpHeader } from '@stowage/http'
import { S3Error } from '../../s3-error.ts'
import type { S3Query } from '../../s3-query.ts'
import { CONTENT_HEADERS } from './object-attributes.ts'

/** The `response-*` overrides of GetObject and HeadObject. The handler refuses them on a request that nobody signed. */
const OVERRIDES: readonly (readonly [query: string, header: string])[] = [
  ['response-content-type', 'content-type'],
  ['response-cache-control', 'cache-control'],
  ['response-content-disposition', 'content-disposition'],
  ['response-content-encoding', 'content-encoding'],
  ['response-content-language', 'content-language'],
  ['response-expires', 'expires'],
]

/** What would end a header line. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/

/** What GetObject and HeadObject show. */
export interface ShownObject {
  readonly info: ObjectInfo
  readonly range: ByteRange | null
  readonly length: number
  /** Of the bytes that are shown. */
  readonly checksum: ObjectChecksum | null
}

/** How it is shown. */
export interface ShowOptions {
  /** Whether the client asked for the checksum (`x-amz-checksum-mode: ENABLED`); without, none is shown. */
  readonly checksumMode: boolean
  /** Headers that replace the object's own, from `readOverrides`. */
  readonly overrides: readonly HttpHeader[]
  /** Whether `x-amz-mp-parts-count` is shown: only where one part was asked for. */
  readonly partCount: boolean
}

/** Reads the overrides of a request; an empty one counts as absent. */
export function readOverrides(query: S3Query): readonly HttpHeader[] {
  if (query.names.length === 0) return []
  const overrides: HttpHeader[] = []
  for (const [name, header] of OVERRIDES) {
    const value = query.text(name)
    if (value === undefined) continue
    if (CONTROL.test(value)) {
      throw new S3Error('InvalidArgument', `The value of ${name} has a control character.`, { fields: { ArgumentName: name } })
    }
    overrides.push([header, latin1FromUtf8(value)])
  }
  return overrides
}

/** The headers of a 200 or 206 answer. API_GetObject, API_HeadObject. */
export function objectResponseHeaders(shown: ShownObject, options: ShowOptions): HttpHeader[] {
  const { info, range, length, checksum } = shown
  const headers: HttpHeader[] = [
    ['last-modified', formatHttpDate(info.createdAt)],
    ['etag', `"${info.etag}"`],
    ['accept-ranges', 'bytes'],
    ['content-length', String(length)],
  ]
  const overridden = new Set(options.overrides.map(([name]) => name))
  for (const [header, field] of CONTENT_HEADERS) {
    // AWS shows no storage class for STANDARD.
    const value = field === 'storageClass' && info.headers.storageClass === 'STANDARD' ? undefined : info.headers[field]
    if (value !== undefined && !overridden.has(header)) headers.push([header, value])
  }
  if (info.headers.contentType === undefined && !overridden.has('content-type')) headers.push(['content-type', 'binary/octet-stream'])
  headers.push(...options.overrides)
  for (const name in info.userMetadata) headers.push([`x-amz-meta-${name}`, latin1FromUtf8(info.userMetadata[name] ?? '')])
  const tagCount = Object.keys(info.tags).length
  if (tagCount > 0) headers.push(['x-amz-tagging-count', String(tagCount)])
  if (info.versionId !== 'null') headers.push(['x-amz-version-id', info.versionId])
  if (options.partCount && info.partCount !== null) headers.push(['x-amz-mp-parts-count', String(info.partCount)])
  if (range !== null) headers.push(['content-range', formatContentRange(range, info.size)])
  if (options.checksumMode && checksum !== null) headers.push(...checksumHeaders(checksum))
  return headers
}

/** `x-amz-checksum-*` and its type. */
export function checksumHeaders(checksum: ObjectChecksum): HttpHeader[] {
  return [
    [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`, checksum.value],
    ['x-amz-checksum-type', checksum.type],
  ]
}

/** HTTP header values go out as Latin-1; UTF-8 text travels as its bytes. */
function latin1FromUtf8(value: string): string {
  let ascii = true
  for (let index = 0; index < value.length; index++) {
    if (value.charCodeAt(index) > 0x7e) ascii = false
  }
  if (ascii) return value
  return Array.from(new TextEncoder().encode(value), (byte) => String.fromCharCode(byte)).join('')
}
