/** The bytes from `start` to the end, or up to and including `end`. */
export interface FromRange {
  readonly start: number
  readonly end?: number
}

/** The last `suffix` bytes. Zero is well-formed and satisfied by nothing. */
export interface SuffixRange {
  readonly suffix: number
}

/** One byte range as a client asked for it, not yet held against a size. */
export type HttpRange = FromRange | SuffixRange

/** The bytes from `start` up to but not including `end`. */
export interface ResolvedRange {
  readonly start: number
  readonly end: number
}

/**
 * Reads a Range header (RFC 9110 §14.2). Null means that the header is to be ignored: another unit, a malformed set,
 * several ranges.
 *
 * A position above 2^53 - 1 counts as 2^53 - 1: it is past the end of anything, and must answer 416 or be cut, not be ignored.
 */
export function parseRange(header: string): HttpRange | null {
  const set = /^bytes=(.*)$/is.exec(header)?.[1]
  if (set === undefined) return null
  // A list may hold empty elements (RFC 9110 §5.6.1.2).
  const specs = set
    .split(',')
    .map((spec) => spec.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((spec) => spec !== '')
  const match = specs.length === 1 ? /^(?:([0-9]+)-([0-9]*)|-([0-9]+))$/.exec(specs[0] ?? '') : null
  if (match === null) return null
  const [, start, end, suffix] = match
  if (suffix !== undefined) return { suffix: position(suffix) }
  const from = position(start ?? '')
  if (end === undefined || end === '') return { start: from }
  // Longer digits are compared before they are cut down: 2^60-2^54 is as malformed as 5-4.
  return isLess(end, start ?? '') ? null : { start: from, end: position(end) }
}

/** The range held against a size, cut at the end; null where nothing of it exists (416). */
export function resolveRange(range: HttpRange, size: number): ResolvedRange | null {
  if ('suffix' in range) return range.suffix === 0 || size === 0 ? null : { start: Math.max(0, size - range.suffix), end: size }
  if (range.start >= size) return null
  return { start: range.start, end: range.end === undefined ? size : Math.min(range.end + 1, size) }
}

/** The Content-Range of a 206 answer. */
export function formatContentRange(range: ResolvedRange, size: number): string {
  return `bytes ${range.start}-${range.end - 1}/${size}`
}

/** The Content-Range of a 416 answer. */
export function formatUnsatisfiedRange(size: number): string {
  return `bytes */${size}`
}

function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
}

function isLess(left: string, right: string): boolean {
  const a = left.replace(/^0+/, '')
  const b = right.replace(/^0+/, '')
  return a.length === b.length ? a < b : a.length < b.length
}
