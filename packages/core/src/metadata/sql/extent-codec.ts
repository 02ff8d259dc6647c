import type { BlobKey } from '../../backend/blob-key.ts'
import type { BlobRef, Envelope, ExtentFacts } from '../../model/extent.ts'
import { assert } from '../../util/assert.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'

/** An extent as its column keeps it: inline bytes lie in `inline_bytes`, under this id. */
export type StoredExtent = ExtentFacts &
  (
    | { readonly kind: 'inline'; readonly inlineId: number }
    | ({ readonly kind: 'blob'; readonly storedOffset: number; readonly storedLength: number } & BlobRef)
  )

/** What the first two bytes say, so that a statement can read them alone: `substr(extents, 1, 2)`. */
export interface ExtentsHeader {
  /** At least one extent is a blob's: there are rows in `blob_refs`. */
  readonly blobs: boolean
  /** Exactly one extent, and its bytes lie in `inline_bytes` under the manifest's id. */
  readonly single: boolean
  /** Inline bytes lie under ids that only the packed list names. */
  readonly scattered: boolean
}

const VERSION = 1
const HAS_BLOBS = 1
const IS_SINGLE = 2
const IS_SCATTERED = 4

const INLINE = 1
const HAS_CRC = 2
const HAS_ENVELOPE = 4
const HAS_OFFSET = 8
const HAS_STORED_LENGTH = 16
const SAME_BLOB = 32

/**
 * Packs a list of extents into one column: a version, flags, a dictionary of backend ids and envelope words, then each
 * extent in as few bytes as it needs (blob keys as what differs from the one before). 10,000 take about 300 KB.
 */
export function encodeExtents(manifestId: number, extents: readonly StoredExtent[]): Uint8Array {
  const writer = new ByteWriter(16 + extents.length * 64)
  const single = extents.length === 1 && isInlineAt(extents[0], manifestId)
  const blobs = extents.some((extent) => extent.kind === 'blob')
  const scattered = !single && extents.some((extent) => extent.kind === 'inline')
  writer.byte(VERSION)
  writer.byte((blobs ? HAS_BLOBS : 0) | (single ? IS_SINGLE : 0) | (scattered ? IS_SCATTERED : 0))
  writer.varint(extents.length)
  const words = dictionary(extents)
  writer.varint(words.size)
  for (const word of words.keys()) writer.text(word)
  let previous = ''
  for (const extent of extents) previous = encodeExtent(writer, { extent, words, previous, single })
  return writer.finish()
}

function isInlineAt(extent: StoredExtent | undefined, id: number): boolean {
  return extent?.kind === 'inline' && extent.inlineId === id
}

function dictionary(extents: readonly StoredExtent[]): ReadonlyMap<string, number> {
  const words = new Map<string, number>()
  const add = (word: string): void => void (words.has(word) || words.set(word, words.size))
  for (const extent of extents) {
    if (extent.kind === 'blob') add(extent.backendId)
    if (extent.envelope !== null) {
      add(extent.envelope.scheme)
      add(extent.envelope.dataKeyId)
    }
  }
  return words
}

interface EncodeStep {
  readonly extent: StoredExtent
  readonly words: ReadonlyMap<string, number>
  /** The blob key of the extent before, '' where there was none. */
  readonly previous: string
  readonly single: boolean
}

/** Gives back the blob key that the next one may lean on. */
function encodeExtent(writer: ByteWriter, { extent, words, previous, single }: EncodeStep): string {
  const common = (extent.crc32c === null ? 0 : HAS_CRC) | (extent.envelope === null ? 0 : HAS_ENVELOPE)
  if (extent.kind === 'inline') {
    writer.byte(common | INLINE)
    encodeFacts(writer, extent, words)
    if (!single) writer.varint(extent.inlineId)
    return previous
  }
  const same = extent.blob === previous
  const hasOffset = extent.storedOffset !== 0
  const hasLength = extent.storedLength !== extent.length
  writer.byte(common | (hasOffset ? HAS_OFFSET : 0) | (hasLength ? HAS_STORED_LENGTH : 0) | (same ? SAME_BLOB : 0))
  encodeFacts(writer, extent, words)
  writer.varint(words.get(extent.backendId) ?? 0)
  if (!same) {
    const shared = sharedLength(previous, extent.blob)
    writer.varint(shared)
    writer.ascii(extent.blob, shared)
  }
  if (hasOffset) writer.varint(extent.storedOffset)
  if (hasLength) writer.varint(extent.storedLength)
  return extent.blob
}

function encodeFacts(writer: ByteWriter, { length, crc32c, envelope }: ExtentFacts, words: ReadonlyMap<string, number>): void {
  writer.varint(length)
  if (crc32c !== null) writer.uint32(crc32c)
  if (envelope === null) return
  writer.varint(words.get(envelope.scheme) ?? 0)
  writer.varint(words.get(envelope.dataKeyId) ?? 0)
  writer.bytes(envelope.salt)
  writer.varint(envelope.frameSize)
  writer.varint(envelope.firstFrame)
  writer.varint(envelope.skip)
}

function sharedLength(a: string, b: string): number {
  const end = Math.min(a.length, b.length)
  let at = 0
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at += 1
  return at
}

/** Reads the two bytes; a delete marker has none. */
export function readExtentsHeader(bytes: Uint8Array | null): ExtentsHeader {
  if (bytes === null) return { blobs: false, single: false, scattered: false }
  checkVersion(bytes[0])
  const flags = bytes[1] ?? 0
  return { blobs: (flags & HAS_BLOBS) !== 0, single: (flags & IS_SINGLE) !== 0, scattered: (flags & IS_SCATTERED) !== 0 }
}

/** How many bytes of a packed list `countExtents` looks at: version, flags, and a varint far above any limit. */
export const COUNT_HEADER_SIZE = 8

/** How many extents a packed list has, from its first `COUNT_HEADER_SIZE` bytes. */
export function countExtents(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes)
  checkVersion(reader.byte())
  reader.byte()
  return reader.varint()
}

function checkVersion(version: number | undefined): void {
  assert(version === VERSION, `the packed extents are of version ${version}, not ${VERSION}`)
}

/** Unpacks what `encodeExtents` packed; an `AssertionError` where the bytes are damaged. Salts are copies. */
export function decodeExtents(manifestId: number, bytes: Uint8Array): StoredExtent[] {
  const reader = new ByteReader(bytes)
  checkVersion(reader.byte())
  const single = (reader.byte() & IS_SINGLE) !== 0
  const count = reader.varint()
  const words = Array.from({ length: reader.varint() }, () => reader.text())
  const extents: StoredExtent[] = []
  let previous = ''
  for (let i = 0; i < count; i += 1) {
    const extent = decodeExtent(reader, { words, previous, singleId: single ? manifestId : null })
    if (extent.kind === 'blob') previous = extent.blob
    extents.push(extent)
  }
  assert(reader.atEnd, 'the packed extents go on behind their end')
  return extents
}

interface DecodeStep {
  readonly words: readonly string[]
  readonly previous: string
  readonly singleId: number | null
}

function decodeExtent(reader: ByteReader, { words, previous, singleId }: DecodeStep): StoredExtent {
  const tag = reader.byte()
  const length = reader.varint()
  const crc32c = (tag & HAS_CRC) === 0 ? null : reader.uint32()
  const envelope = (tag & HAS_ENVELOPE) === 0 ? null : decodeEnvelope(reader, words)
  if ((tag & INLINE) !== 0) return { kind: 'inline', length, crc32c, envelope, inlineId: singleId ?? reader.varint() }
  const backendId = wordAt(words, reader.varint())
  const blob = (tag & SAME_BLOB) === 0 ? previous.slice(0, reader.varint()) + reader.ascii() : previous
  const storedOffset = (tag & HAS_OFFSET) === 0 ? 0 : reader.varint()
  const storedLength = (tag & HAS_STORED_LENGTH) === 0 ? length : reader.varint()
  // What the store wrote was checked when it came in.
  return { kind: 'blob', length, crc32c, envelope, backendId, blob: blob as BlobKey, storedOffset, storedLength }
}

function decodeEnvelope(reader: ByteReader, words: readonly string[]): Envelope {
  return {
    scheme: wordAt(words, reader.varint()),
    dataKeyId: wordAt(words, reader.varint()),
    salt: Uint8Array.from(reader.bytes()),
    frameSize: reader.varint(),
    firstFrame: reader.varint(),
    skip: reader.varint(),
  }
}

function wordAt(words: readonly string[], index: number): string {
  const word = words[index]
  assert(word !== undefined, `the packed extents name word ${index} of ${words.length}`)
  return word
}
