import { crc32c } from '../checksums/crc32c.ts'
import { StorageError } from '../errors/storage-error.ts'
import { compareBytes } from '../model/byte-order.ts'

/** Which listing a token belongs to: another listing's is refused. */
export type ListTokenKind = 'buckets' | 'objects' | 'versions'

/** Where a page goes on: a name or key, what else its kind needs as a number, and whether everything below it is skipped. */
export interface ListTokenContent {
  readonly after: string
  readonly skipPrefix: boolean
  readonly sequence: number | null
}

const VERSION = 1
const KINDS: Readonly<Record<ListTokenKind, number>> = { buckets: 1, objects: 2, versions: 3 }
/** Version, kind, flags, sequence (8 bytes); the text follows, and 4 bytes of checksum. */
const HEADER_SIZE = 11
const CHECKSUM_SIZE = 4
const FLAG_SKIP_PREFIX = 1
const FLAG_SEQUENCE = 2

/**
 * A position as clients see it: opaque, to be given back as it is. The checksum finds accidents and guesses. Anybody can read what is in
 * it: only for places that the page itself shows. Any other is sealed, see `ListingPositions`.
 */
export function formatListToken(kind: ListTokenKind, content: ListTokenContent): string {
  const text = Buffer.from(content.after)
  const bytes = Buffer.alloc(HEADER_SIZE + text.length + CHECKSUM_SIZE)
  bytes[0] = VERSION
  bytes[1] = KINDS[kind]
  bytes[2] = (content.skipPrefix ? FLAG_SKIP_PREFIX : 0) | (content.sequence === null ? 0 : FLAG_SEQUENCE)
  bytes.writeDoubleBE(content.sequence ?? 0, 3)
  text.copy(bytes, HEADER_SIZE)
  const end = HEADER_SIZE + text.length
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, end)), end)
  return bytes.toString('base64url')
}

/** Reads a token back. Throws `InvalidArgument` for one that we did not make, for this kind of listing, in this release's format. */
export function parseListToken(kind: ListTokenKind, token: string): ListTokenContent {
  const content = readToken(kind, token)
  if (content !== null) return content
  throw new StorageError('InvalidArgument', { argument: 'continuationToken', reason: 'is not one that a page of this listing gave' })
}

/** The same, with null for what is no token: where a client may also say something plain. */
export function readToken(kind: ListTokenKind, token: string): ListTokenContent | null {
  const bytes = Buffer.from(token, 'base64url')
  const end = bytes.length - CHECKSUM_SIZE
  // Node.js skips what is not base64: only a text that comes out again was one.
  if (end < HEADER_SIZE || bytes.toString('base64url') !== token) return null
  if (bytes[0] !== VERSION || bytes[1] !== KINDS[kind] || bytes.readUInt32BE(end) !== crc32c(bytes.subarray(0, end))) return null
  const flags = bytes[2] ?? 0
  const sequence = (flags & FLAG_SEQUENCE) === 0 ? null : bytes.readDoubleBE(3)
  // Whoever reckons the checksum can put in anything: no database need be asked about it.
  if (sequence !== null && !Number.isSafeInteger(sequence)) return null
  const after = bytes.toString('utf8', HEADER_SIZE, end)
  if (after.includes('\0')) return null
  return { after, skipPrefix: (flags & FLAG_SKIP_PREFIX) !== 0, sequence }
}

/** Whether a key, given as a marker, names a common prefix of the listing: then everything below it is skipped. */
export function namesCommonPrefix(marker: string, prefix: string, delimiter: string | null): boolean {
  if (delimiter === null || !marker.startsWith(prefix)) return false
  const at = marker.indexOf(delimiter, prefix.length)
  return at !== -1 && at + delimiter.length === marker.length
}

/** The later of two names in the order of listings. */
export function laterOf(a: string | undefined, b: string | undefined): string | null {
  if (a === undefined || b === undefined) return a ?? b ?? null
  return compareBytes(a, b) > 0 ? a : b
}
