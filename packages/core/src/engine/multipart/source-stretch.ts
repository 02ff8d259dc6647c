import type { ByteRange } from '../../backend/backend.ts'
import type { DigestAlgorithm } from '../../checksums/checksum-algorithm.ts'
import { plainEtag } from '../../checksums/etag.ts'
import { HashingSource } from '../../checksums/hashing-source.ts'
import { wholeChecksum } from '../../checksums/object-checksum.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Extent } from '../../model/extent.ts'
import type { ChecksumAlgorithm, ObjectChecksum } from '../../model/object-checksum.ts'
import type { ObjectRecord } from '../../model/object.ts'
import type { PartInfo } from '../../model/upload.ts'
import type { EngineContext, SessionContext } from '../context.ts'
import { checkSourceConditions, findQuery, foundNothing, presentObject } from '../found-object.ts'
import type { UploadPartCopyInput } from '../inputs.ts'
import { objectQuestion } from '../object-question.ts'
import { readExtents, sliceExtents } from '../read-extents.ts'
import { readUnderRequirement } from '../with-requirement.ts'

/** A stretch of an object that a part is to be made of. */
export interface SourceStretch {
  /** Of the object: the same content has the same one. */
  readonly manifestId: number
  readonly versionId: string
  /** In bytes. */
  readonly size: number
  readonly extents: readonly Extent[]
  /** What the object's row says of these bytes; null where it says nothing of just these. */
  readonly known: { readonly md5: string | null; readonly checksum: ObjectChecksum | null }
}

/** What a part's row says of its bytes. */
export type StretchDigests = Pick<PartInfo, 'etag' | 'checksum'>

const PLAIN_MD5 = /^[0-9a-f]{32}$/

/** Finds the source of a part and cuts the stretch out of it. To be called with an open read. */
export async function findStretch(session: SessionContext, { source, signal }: UploadPartCopyInput): Promise<SourceStretch> {
  const { metadata, limits } = session.engine
  signal?.throwIfAborted()
  const question = objectQuestion(session, { operation: 'UploadPartCopy', action: 'object.read', side: 'source' }, source)
  const found = await readUnderRequirement(session, question, {
    read: (grounds) => metadata.findRecord(findQuery(grounds, question)),
    isNothing: foundNothing,
  })
  const record = presentObject(found, question)
  checkSourceConditions(source.conditions, record)
  const range = checkRange(source.range ?? { start: 0, end: record.size }, record.size)
  const size = range.end - range.start
  if (size > limits.partSizeMax) throw new StorageError('ObjectTooLarge', { size, max: limits.partSizeMax })
  return {
    manifestId: record.manifestId,
    versionId: record.versionId,
    size,
    extents: sliceExtents(record.extents, range),
    known: size === record.size ? sumsOf(record) : { md5: null, checksum: null },
  }
}

/** Unlike a GET's, a range that goes on behind the source's end is refused: the part would not be what was asked for. */
function checkRange(range: ByteRange, size: number): ByteRange {
  const { start, end } = range
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start) {
    throw new StorageError('InvalidArgument', { argument: 'source.range', reason: 'is from a whole number, 0 or more, to one behind it' })
  }
  if (end > size) throw new StorageError('InvalidRange', { size })
  return range
}

/** The ETag of an object that was completed from parts, or copied from such a one, is no MD5 of its bytes. */
function sumsOf({ etag, checksum }: ObjectRecord): SourceStretch['known'] {
  return { md5: PLAIN_MD5.test(etag) ? etag : null, checksum: checksum?.type === 'FULL_OBJECT' ? checksum : null }
}

/** What a part needs of its bytes. */
export interface HashStretchOptions {
  /** The upload's; null where it has no checksum. */
  readonly algorithm: ChecksumAlgorithm | null
  /** Aborting ends the reading through, and rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined
}

/** The sums of a stretch: what the source's row says, where it says enough; otherwise its bytes are read through. */
export async function hashStretch(engine: EngineContext, stretch: SourceStretch, options: HashStretchOptions): Promise<StretchDigests> {
  const { size, extents, known } = stretch
  const { algorithm, signal } = options
  const checksum = known.checksum?.algorithm === algorithm ? known.checksum : null
  if (known.md5 !== null && (algorithm === null || checksum !== null)) return { etag: known.md5, checksum }
  const digests: readonly DigestAlgorithm[] = algorithm === null ? ['MD5'] : ['MD5', algorithm]
  const stream = await readExtents(engine, extents, { range: { start: 0, end: size }, signal })
  const source = new HashingSource(stream, { digests, size, workers: engine.hashWorkers })
  // Hashed on their way; what lends its memory gets it back.
  for await (const chunk of source) source.releaseChunk(chunk)
  const body = await source.finish()
  return { etag: plainEtag(body.of('MD5')), checksum: algorithm === null ? null : wholeChecksum(algorithm, body.of(algorithm)) }
}
