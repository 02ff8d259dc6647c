import { types } from 'node:util'
import type { ByteSource } from '../backend/backend.ts'
import { abandonSource, eachChunk } from '../backend/each-chunk.ts'
import { canFlow, flowingChunks } from '../backend/flowing-chunks.ts'
import { checkSizeSoFar, digestBytes } from '../checksums/body-digests.ts'
import type { BodyDigests } from '../checksums/body-digests.ts'
import { HashingSource } from '../checksums/hashing-source.ts'
import { wholeChecksum } from '../checksums/object-checksum.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { BlobRef, Extent } from '../model/extent.ts'
import type { ObjectChecksum } from '../model/object-checksum.ts'
import type { ContentOptions } from './content-options.ts'
import type { EngineContext } from './context.ts'
import { discardBlobs } from './reservation-lost.ts'

/** Bytes that are stored, or at hand to be stored with their row, and what they turned out to be. */
export interface WrittenBytes {
  /** At most one. */
  readonly extents: readonly Extent[]
  /** The blob among them; to be abandoned where the commit fails. */
  readonly fresh: readonly BlobRef[]
  readonly size: number
  readonly md5: Buffer
  readonly checksum: ObjectChecksum | null
}

/** How `writeBlob` writes. */
export interface WriteBlobOptions {
  /** From `contentOptions`: what the bytes must be. */
  readonly content: ContentOptions
  /** Up to this size, in bytes, they stay in memory and go into the row. 0 for bytes that always become a blob. */
  readonly inlineSizeMax: number
  /** Aborting rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Takes a body in, in one pass: hashes it, holds it against what the client said, and stores it as a blob of its own,
 * or keeps it in memory where it is small enough to live in its row.
 *
 * Promises: on any failure nothing of it is left but, at most, a blob that the collector knows; memory is bounded by
 * `inlineSizeMax` and what the backend buffers. A small body in one chunk is not copied: it must not change until the
 * commit has ended.
 */
export async function writeBlob(engine: EngineContext, body: ByteSource | Uint8Array, options: WriteBlobOptions): Promise<WrittenBytes> {
  const { content, inlineSizeMax, signal } = options
  if (signal?.aborted === true && !types.isUint8Array(body)) abandonSource(body)
  signal?.throwIfAborted()
  if (types.isUint8Array(body)) {
    return body.length <= inlineSizeMax ? inline(body, content) : writeSource(engine, oneChunk(body), options)
  }
  if (content.size === undefined) return writeUnsized(engine, body, options)
  return content.size <= inlineSizeMax ? inline(await collect(body, options), content) : writeSource(engine, body, options)
}

/** Throws the reason where nobody wants the bytes any more that have just been written. */
export async function throwIfAborted(engine: EngineContext, { fresh }: WrittenBytes, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted !== true) return
  await discardBlobs(engine, fresh)
  signal.throwIfAborted()
}

/** Bytes that live in their row: a single extent, or none for no bytes. */
function inline(bytes: Uint8Array, content: ContentOptions): WrittenBytes {
  const digests = digestBytes(bytes, content)
  digests.verify(content.late())
  const { size } = digests
  const extents: readonly Extent[] = size === 0 ? [] : [{ kind: 'inline', bytes, length: size, crc32c: crc32cOf(digests), envelope: null }]
  return { extents, fresh: [], size, md5: digests.of('MD5'), checksum: keptChecksum(digests, content) }
}

async function collect(body: ByteSource, { content, signal }: WriteBlobOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  const take = (chunk: Uint8Array): void => {
    size += checkChunk(chunk).length
    checkSizeSoFar(size, content)
    chunks.push(chunk)
  }
  await (canFlow(body) ? flowingChunks(body, signal, take) : eachChunk(body, signal, take))
  return join(chunks)
}

/** A body whose length nobody said: held back until it has ended or grown too large for its row. */
async function writeUnsized(engine: EngineContext, body: ByteSource, options: WriteBlobOptions): Promise<WrittenBytes> {
  const { content, inlineSizeMax, signal } = options
  const iterator = body[Symbol.asyncIterator]()
  const head: Uint8Array[] = []
  let size = 0
  // Only the head is read here: the rest follows from the same iterator.
  const rest: ByteSource = { [Symbol.asyncIterator]: () => iterator }
  const headOnly = takeWhile(iterator, () => size <= inlineSizeMax)
  await eachChunk(headOnly, signal, (chunk) => {
    size += checkChunk(chunk).length
    checkSizeSoFar(size, content)
    head.push(chunk)
  })
  if (size <= inlineSizeMax) return inline(join(head), content)
  return writeSource(engine, chain(head, rest, body), options)
}

async function writeSource(engine: EngineContext, body: ByteSource, options: WriteBlobOptions): Promise<WrittenBytes> {
  const { content, signal } = options
  const ref = await reserve(engine, body)
  const source = new HashingSource(body, { ...content, workers: engine.hashWorkers })
  try {
    const { size } = content
    await engine.backend.put(ref.blob, source, { ...(size === undefined ? {} : { size }), ...(signal === undefined ? {} : { signal }) })
    const digests = await source.finish(content.late())
    if (digests.size === 0) {
      await discardBlobs(engine, [ref])
      return { extents: [], fresh: [], size: 0, md5: digests.of('MD5'), checksum: keptChecksum(digests, content) }
    }
    return blobOf(ref, digests, content)
  } catch (error) {
    source.abandon()
    await discardBlobs(engine, [ref])
    throw error
  }
}

async function reserve(engine: EngineContext, body: ByteSource): Promise<BlobRef> {
  try {
    return await engine.reservations.take()
  } catch (error) {
    abandonSource(body)
    throw error
  }
}

function blobOf(ref: BlobRef, digests: BodyDigests, content: ContentOptions): WrittenBytes {
  const { size } = digests
  const { backendId, blob } = ref
  const extent: Extent = {
    kind: 'blob',
    backendId,
    blob,
    storedOffset: 0,
    storedLength: size,
    length: size,
    crc32c: crc32cOf(digests),
    envelope: null,
  }
  return { extents: [extent], fresh: [ref], size, md5: digests.of('MD5'), checksum: keptChecksum(digests, content) }
}

function crc32cOf(digests: BodyDigests): number {
  return digests.of('CRC32C').readUInt32BE()
}

function keptChecksum(digests: BodyDigests, { kept }: ContentOptions): ObjectChecksum | null {
  return kept === null ? null : wholeChecksum(kept, digests.of(kept))
}

function checkChunk(chunk: unknown): Uint8Array {
  if (types.isUint8Array(chunk)) return chunk
  throw new StorageError('InvalidArgument', { argument: 'body', reason: 'its chunks are Uint8Arrays' })
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks)
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** The first chunks of a source that can be read on afterwards; it is only told to stop when reading these fails. */
function takeWhile(iterator: AsyncIterator<Uint8Array>, more: () => boolean): ByteSource {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => (more() ? iterator.next() : Promise.resolve({ done: true, value: undefined })),
      return: async () => {
        await iterator.return?.()
        return { done: true, value: undefined }
      },
    }),
  }
}

/** Not a generator: one that was never started would not tell the rest to stop. */
function chain(head: readonly Uint8Array[], rest: ByteSource, source: ByteSource): ByteSource {
  return {
    releaseChunk: (chunk) => source.releaseChunk?.(chunk),
    [Symbol.asyncIterator]: () => {
      const iterator = rest[Symbol.asyncIterator]()
      let at = 0
      return {
        next: () => {
          const value = head[at]
          at += 1
          return value === undefined ? iterator.next() : Promise.resolve({ done: false, value })
        },
        return: async () => {
          await iterator.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
