import { crc32c } from '../../checksums/crc32c.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { AppendPiece, UploadRecord } from '../../metadata/metadata-store.ts'
import type { BlobRef, Extent } from '../../model/extent.ts'
import type { EngineContext, SessionContext } from '../context.ts'
import { uploadNotFound, uploadQuery, uploadTarget } from '../find-upload.ts'
import type { AppendInput } from '../inputs.ts'
import { uploadExpiry } from '../new-upload.ts'
import { abandonBlobs } from '../reservation-lost.ts'
import { tooManyExtents } from '../too-many-extents.ts'
import { withRequirement } from '../with-requirement.ts'
import type { BucketQuestion, Grounds } from '../with-requirement.ts'
import type { AppendHashes } from './append-hashes.ts'
import { BlobBody } from './blob-body.ts'
import type { BodyReader } from './body-reader.ts'
import { LateSignal } from './late-signal.ts'
import { offsetMismatch } from './offset-mismatch.ts'
import { piecesToMerge } from './pieces-to-merge.ts'

/** What an append begins with. */
export interface AppendWriterParts {
  readonly question: BucketQuestion
  readonly input: AppendInput
  readonly upload: UploadRecord
  readonly grounds: Grounds
  readonly hashes: AppendHashes
}

/** Bytes that are stored, or at hand to be stored with their row. */
interface Step {
  readonly extents: readonly Extent[]
  readonly fresh: readonly BlobRef[]
  /** How many of the bytes are new. */
  readonly size: number
  /** Where the tail begins that they replace; the offset where they replace nothing. */
  readonly replaceFrom: number
}

/**
 * Writes the bytes of one append: a small end stays inline, behind or merged with the inline pieces that are there;
 * whatever is larger becomes blobs, the first of which takes the inline pieces in. One commit for each.
 */
export class AppendWriter {
  readonly #session: SessionContext
  readonly #parts: AppendWriterParts
  readonly #blobSizeMax: number
  readonly #tailSizeMax: number
  #offset: number
  #tail: readonly AppendPiece[]
  #extentCount: number

  constructor(session: SessionContext, parts: AppendWriterParts) {
    const { limits, backend } = session.engine
    this.#session = session
    this.#parts = parts
    this.#blobSizeMax = Math.max(1, Math.min(limits.appendBlobSizeMax, backend.limits.blobSizeMax))
    this.#tailSizeMax = Math.min(limits.inlineSizeMax, this.#blobSizeMax - 1)
    this.#offset = parts.upload.offset
    this.#tail = parts.upload.tail
    this.#extentCount = parts.upload.extentCount
  }

  /** Bytes that are durable. */
  get offset(): number {
    return this.#offset
  }

  /** Takes the body in until it ends or breaks off. A length that is declared without a byte is committed too. */
  async writeAll(reader: BodyReader): Promise<void> {
    const { input, upload } = this.#parts
    const start = this.#offset
    while (await this.#writeStep(reader)) {
      // One commit after the other: the bytes of a step are durable before the next one's are read.
    }
    const undeclared = input.uploadSize !== undefined && upload.declaredSize === null
    if (this.#offset === start && undeclared && reader.failure === null) {
      await this.#commit({ extents: [], fresh: [], size: 0, replaceFrom: this.#offset })
    }
  }

  /** Whether there may be more to read. */
  async #writeStep(reader: BodyReader): Promise<boolean> {
    // The tail may have been written under a larger limit.
    const room = Math.max(0, this.#tailSizeMax - (this.#offset - this.#tailStart()))
    const head: Uint8Array[] = []
    let size = 0
    while (size <= room) {
      const bytes = await reader.read(room + 1 - size)
      if (bytes === null) break
      head.push(bytes)
      size += bytes.length
    }
    if (size === 0) return false
    if (size > room) {
      await this.#writeBlob(head, reader)
      return true
    }
    await this.#writeInline(head, size)
    return false
  }

  async #writeInline(head: readonly Uint8Array[], size: number): Promise<void> {
    const lengths = this.#tail.map((piece) => piece.length)
    const merged = piecesToMerge(lengths, size)
    const replaceFrom = this.#tail.at(this.#tail.length - merged)?.offset ?? this.#offset
    for (const bytes of head) this.#parts.hashes.update(bytes)
    const bytes = Buffer.concat([await this.#readTail(replaceFrom), ...head])
    const extent: Extent = { kind: 'inline', bytes, length: bytes.length, crc32c: crc32c(bytes), envelope: null }
    await this.#commit({ extents: [extent], fresh: [], size, replaceFrom })
    this.#extentCount += 1 - merged
    const kept = this.#tail.slice(0, this.#tail.length - merged)
    this.#tail = [...kept, { offset: replaceFrom, length: bytes.length }]
  }

  async #writeBlob(head: readonly Uint8Array[], reader: BodyReader): Promise<void> {
    const { reservations, limits } = this.#session.engine
    const replaceFrom = this.#tailStart()
    // The commit counts too, but by then the bytes have been written for nothing.
    if (this.#extentCount - this.#tail.length >= limits.objectExtentsMax) throw tooManyExtents(limits)
    const tail = await this.#readTail(replaceFrom)
    const ref = await reservations.take()
    const body = new BlobBody({ tail, head, reader, sizeMax: this.#blobSizeMax, hashes: this.#parts.hashes })
    try {
      await this.#put(ref, body)
      const { size: length, crc } = body
      const extent: Extent = { kind: 'blob', ...ref, storedOffset: 0, storedLength: length, length, crc32c: crc, envelope: null }
      await this.#commit({ extents: [extent], fresh: [ref], size: length - tail.length, replaceFrom })
    } catch (error) {
      await abandonBlobs(this.#session.engine, [ref], error)
      throw error
    }
    this.#extentCount += 1 - this.#tail.length
    this.#tail = []
  }

  /** An abort ends the body, and what came until then is kept: only a backend that does not come to its end is aborted itself. */
  async #put({ blob }: BlobRef, body: BlobBody): Promise<void> {
    const { backend, limits } = this.#session.engine
    const { signal } = this.#parts.input
    if (signal === undefined) return void (await backend.put(blob, body.bytes(), {}))
    const late = new LateSignal(signal, limits.abortedAppendSeconds)
    try {
      await backend.put(blob, body.bytes(), { signal: late.signal })
    } finally {
      late.stop()
    }
  }

  #tailStart(): number {
    return this.#tail[0]?.offset ?? this.#offset
  }

  async #readTail(from: number): Promise<Uint8Array> {
    if (from === this.#offset) return new Uint8Array(0)
    const { input, grounds } = this.#parts
    const { metadata } = this.#session.engine
    const query = uploadQuery(this.#session, input, grounds)
    const bytes = await metadata.readAppendTail({ ...query, from })
    if (bytes.length === this.#offset - from) return bytes
    // Another append, or a finish, was faster.
    const now = await metadata.findUpload(query)
    if (now === null || now.status !== 'open') throw uploadNotFound(input)
    throw offsetMismatch({ offset: this.#offset }, now.offset)
  }

  async #commit({ extents, fresh, size, replaceFrom }: Step): Promise<void> {
    const { question, input, grounds, hashes } = this.#parts
    const engine: EngineContext = this.#session.engine
    const at = engine.clock()
    const step = {
      extents,
      fresh,
      size,
      replaceFrom,
      expectedOffset: this.#offset,
      hashState: hashes.save(),
      declaredSize: input.uploadSize ?? null,
      objectExtentsMax: engine.limits.objectExtentsMax,
      at,
      expiresAt: uploadExpiry(at, engine.limits),
    }
    const outcome = await withRequirement(this.#session, question, {
      grounds,
      commit: (grounds) => engine.metadata.commitAppend({ ...uploadTarget(this.#session, input, grounds), ...step }),
    })
    if (outcome.outcome === 'upload-gone') throw uploadNotFound(input)
    if (outcome.outcome === 'too-many-extents') throw tooManyExtents(engine.limits)
    if (outcome.outcome === 'offset') throw offsetMismatch({ offset: this.#offset }, outcome.offset)
    if (outcome.outcome === 'size') throw new StorageError('ObjectTooLarge', { size: outcome.actual, max: outcome.expected })
    this.#offset = outcome.offset
  }
}
