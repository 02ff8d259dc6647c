import { Readable } from 'node:stream'
import type { ByteRange } from '../backend/backend.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Extent } from '../model/extent.ts'
import { backendOf } from './context.ts'
import type { EngineContext } from './context.ts'
import { ExtentsReadable } from './extents-readable.ts'

/** What is read, and how it may be stopped. */
export interface ReadExtentsOptions {
  /** Must lie within the extents' bytes. */
  readonly range: ByteRange
  /** Aborting destroys the stream with its reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * A stream over a stretch of an object's bytes, wherever they lie. Rejects with `BlobNotFound` or `BlobDamaged` before
 * the first byte where the first blob is not there or too short; a later one destroys the stream.
 *
 * A stretch of a single blob is the backend's own stream, untouched, so that its pooled buffers go straight to the
 * socket. Lengths are always held against the extents. Their CRC-32C is not computed here: it would add half again to
 * the cost of a GET; `fsck --deep` does it.
 */
export async function readExtents(engine: EngineContext, extents: readonly Extent[], options: ReadExtentsOptions): Promise<Readable> {
  const { signal } = options
  signal?.throwIfAborted()
  const slices = sliceExtents(extents, options.range)
  const [first] = slices
  if (first === undefined) return Readable.from([], { objectMode: false })
  if (slices.length === 1) return openExtent(engine, first, signal)
  const open = (extent: Extent): Promise<Readable> => openExtent(engine, extent, signal)
  // Opened before the answer begins: a first blob that is missing must not become a broken 200.
  return new ExtentsReadable({ extents: slices, first: await open(first), open })
}

/** The extents, cut to a stretch of their bytes. Runs through all of them: as many steps as decoding them took. */
export function sliceExtents(extents: readonly Extent[], range: ByteRange): readonly Extent[] {
  const slices: Extent[] = []
  let offset = 0
  for (const extent of extents) {
    const start = Math.max(range.start - offset, 0)
    const end = Math.min(range.end - offset, extent.length)
    if (start < end) slices.push(start === 0 && end === extent.length ? extent : cutExtent(extent, start, end))
    offset += extent.length
    if (offset >= range.end) break
  }
  return slices
}

/** A stretch of one extent. Its CRC-32C is not known. */
function cutExtent(extent: Extent, start: number, end: number): Extent {
  checkPlain(extent)
  const facts = { length: end - start, crc32c: null, envelope: null }
  if (extent.kind === 'inline') return { ...facts, kind: 'inline', bytes: extent.bytes.subarray(start, end) }
  const { backendId, blob, storedOffset } = extent
  return { ...facts, kind: 'blob', backendId, blob, storedOffset: storedOffset + start, storedLength: end - start }
}

async function openExtent(engine: EngineContext, extent: Extent, signal: AbortSignal | undefined): Promise<Readable> {
  checkPlain(extent)
  if (extent.kind === 'inline') return Readable.from([extent.bytes], { objectMode: false })
  const range = { start: extent.storedOffset, end: extent.storedOffset + extent.storedLength }
  return backendOf(engine, extent.backendId).get(extent.blob, { range, ...(signal === undefined ? {} : { signal }) })
}

function checkPlain(extent: Extent): void {
  if (extent.envelope !== null) throw new StorageError('NotSupported', { feature: `encryption scheme ${extent.envelope.scheme}` })
}
