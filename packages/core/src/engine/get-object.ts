import { Readable } from 'node:stream'
import type { ByteRange } from '../backend/backend.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Extent } from '../model/extent.ts'
import type { ObjectChecksum } from '../model/object-checksum.ts'
import type { ObjectInfo, ObjectRecord } from '../model/object.ts'
import { assert } from '../util/assert.ts'
import type { EngineContext, SessionContext } from './context.ts'
import { findRange } from './find-range.ts'
import type { ObjectInRange } from './find-range.ts'
import { infoOf } from './found-object.ts'
import type { DirectUrlOptions, GetObjectInput, OpenedObject } from './inputs.ts'
import { objectQuestion } from './object-question.ts'
import type { OpenRead } from './open-reads.ts'
import { readExtents } from './read-extents.ts'

const NO_BYTES = new Uint8Array(0)
/** As little as clients need to begin: nobody can take such a URL back. */
const DIRECT_SECONDS_MAX = 60

/** Finds an object for reading. Its bytes come with it where they live in its row. */
export async function getObject(session: SessionContext, input: GetObjectInput): Promise<OpenedObject> {
  const question = objectQuestion(session, { operation: 'GetObject', action: 'object.read' }, input)
  input.signal?.throwIfAborted()
  const { metadata, openReads } = session.engine
  // Before the row is read: from then on no blob that it names is deleted.
  const read = openReads.begin()
  try {
    const found = await findRange(session, input, { question, find: (query) => metadata.findRecord(query) })
    return new OpenObject(found, { engine: session.engine, read, signal: input.signal })
  } catch (error) {
    openReads.end(read)
    throw error
  }
}

interface OpenObjectParts {
  readonly engine: EngineContext
  readonly read: OpenRead
  readonly signal: AbortSignal | undefined
}

class OpenObject implements OpenedObject {
  readonly info: ObjectInfo
  readonly range: ByteRange | null
  readonly length: number
  readonly checksum: ObjectChecksum | null
  readonly bytes: Uint8Array | null
  readonly #extents: readonly Extent[]
  readonly #parts: OpenObjectParts
  #used = false

  constructor({ object, range, length, checksum }: ObjectInRange<ObjectRecord>, parts: OpenObjectParts) {
    this.info = infoOf(object)
    this.range = range
    this.length = length
    this.checksum = checksum
    this.bytes = bytesAtHand(object, range)
    this.#extents = object.extents
    this.#parts = parts
    if (this.bytes !== null) this.close()
  }

  async open(): Promise<Readable> {
    assert(!this.#used, 'an object is opened once, and not after it was closed')
    this.#used = true
    if (this.bytes !== null) return Readable.from(this.length === 0 ? [] : [this.bytes], { objectMode: false })
    const { engine, read, signal } = this.#parts
    try {
      const range = this.range ?? { start: 0, end: this.info.size }
      const stream = await readExtents(engine, this.#extents, { range, signal })
      engine.openReads.endWith(read, stream)
      return stream
    } catch (error) {
      engine.openReads.end(read)
      throw error
    }
  }

  async directUrl({ expiresInSeconds, contentType }: DirectUrlOptions): Promise<URL | null> {
    if (!Number.isInteger(expiresInSeconds) || expiresInSeconds < 1 || expiresInSeconds > DIRECT_SECONDS_MAX) {
      throw new StorageError('InvalidArgument', { argument: 'expiresInSeconds', reason: `must be from 1 to ${DIRECT_SECONDS_MAX}` })
    }
    const whole = this.range === null ? await this.#parts.engine.wholeBlobs.find(this.#extents) : null
    const url = whole?.backend.presigning?.presignGet(whole.extent.blob, {
      expiresInSeconds,
      ...(contentType === undefined ? {} : { contentType }),
    })
    return url ?? null
  }

  /** A stream that is open goes on, and holds garbage back until it is closed. */
  close(): void {
    const { engine, read } = this.#parts
    if (this.bytes === null) this.#used = true
    if (read.stream === null) engine.openReads.end(read)
  }
}

/** What was asked for, where it needs no reading: no bytes, or a stretch of one plain inline extent. */
function bytesAtHand({ size, extents }: ObjectRecord, range: ByteRange | null): Uint8Array | null {
  if (size === 0) return NO_BYTES
  const [only] = extents
  if (only === undefined || extents.length !== 1 || only.kind !== 'inline' || only.envelope !== null) return null
  return range === null ? only.bytes : only.bytes.subarray(range.start, range.end)
}
