import { Buffer } from 'node:buffer'
import { HttpInputError } from './http-input-error.ts'

/** A name and a value of the query, both decoded. */
export type QueryPair = readonly [name: string, value: string]

/** A request target taken apart. Nothing is normalised: dot segments, empty segments and repeated names are data. */
export interface HttpTarget {
  /** The path as it came, from the leading `/` up to the first `?`. */
  readonly rawPath: string
  /** The query as it came, without its `?`; null where there was no `?`. */
  readonly rawQuery: string | null
  /** In order of arrival, duplicates kept. A name without `=` has an empty value. */
  readonly query: readonly QueryPair[]
}

const NO_QUERY: readonly QueryPair[] = []
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Takes the raw target of a request apart.
 *
 * Promises: only the origin form (`/path?query`, RFC 9112 §3.2.1) is accepted; every percent escape is valid and every
 * decoded string is UTF-8. Fails with `TargetInvalid` otherwise. `#` is data, as no client may send a fragment.
 */
export function parseTarget(target: string): HttpTarget {
  if (target.charCodeAt(0) !== 0x2f) throw invalid('must begin with "/"')
  const mark = target.indexOf('?')
  if (mark < 0) return { rawPath: target, rawQuery: null, query: NO_QUERY }
  const rawQuery = target.slice(mark + 1)
  return { rawPath: target.slice(0, mark), rawQuery, query: parseQuery(rawQuery) }
}

/**
 * Splits a raw query at `&` and at the first `=` of each piece, and decodes each side once; `+` is a space.
 *
 * Empty pieces are dropped. `;` is data. Fails with `TargetInvalid`.
 */
export function parseQuery(rawQuery: string): readonly QueryPair[] {
  if (rawQuery === '') return NO_QUERY
  const pairs: QueryPair[] = []
  for (const piece of rawQuery.split('&')) {
    if (piece === '') continue
    const equals = piece.indexOf('=')
    if (equals < 0) pairs.push([decodeQueryPart(piece), ''])
    else pairs.push([decodeQueryPart(piece.slice(0, equals)), decodeQueryPart(piece.slice(equals + 1))])
  }
  return pairs
}

/** The segments of a raw path, each decoded: an escaped slash stays inside its segment. `/` has one empty segment. */
export function pathSegments(rawPath: string): string[] {
  return rawPath.slice(1).split('/').map(percentDecode)
}

/**
 * Decodes `%XX` once; `+` is a plus. The input is what node:http hands out: one character for one byte.
 *
 * Fails with `TargetInvalid` for a broken escape and for bytes that are not UTF-8.
 */
export function percentDecode(raw: string): string {
  if (!/[^\x21-\x24\x26-\x7e]/.test(raw)) return raw
  return decodeBytes(raw)
}

function decodeQueryPart(raw: string): string {
  return percentDecode(raw.includes('+') ? raw.replaceAll('+', '%20') : raw)
}

function decodeBytes(raw: string): string {
  const bytes = Buffer.allocUnsafe(raw.length)
  let length = 0
  for (let index = 0; index < raw.length; index++) {
    const code = raw.charCodeAt(index)
    if (code === 0x25) {
      const high = hexDigit(raw.charCodeAt(index + 1))
      const low = hexDigit(raw.charCodeAt(index + 2))
      if (high < 0 || low < 0) throw invalid('has a broken percent escape')
      bytes[length++] = high * 16 + low
      index += 2
    } else {
      if (code > 0xff) throw invalid('has a character that no byte stands for')
      bytes[length++] = code
    }
  }
  try {
    return UTF8.decode(bytes.subarray(0, length))
  } catch {
    throw invalid('is not UTF-8 after decoding')
  }
}

/** The value of a hexadecimal digit, or -1; NaN (past the end) is -1 too. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  if (code >= 0x41 && code <= 0x46) return code - 0x37
  if (code >= 0x61 && code <= 0x66) return code - 0x57
  return -1
}

function invalid(reason: string): HttpInputError {
  return new HttpInputError('TargetInvalid', 'target', `The request target ${reason}.`)
}
