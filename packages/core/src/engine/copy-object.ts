import { isLendingReadable } from '../backend/lending-readable.ts'
import { createRunningChecksum } from '../checksums/running-checksum.ts'
import { wholeChecksum } from '../checksums/object-checksum.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { NewObject } from '../metadata/commands.ts'
import type { BucketInfo } from '../model/bucket.ts'
import type { Conditions } from '../model/conditions.ts'
import type { ObjectChecksum } from '../model/object-checksum.ts'
import type { ObjectHeaders, ObjectRecord } from '../model/object.ts'
import { ownerOf } from './authorise.ts'
import { checkAttributes } from './check-attributes.ts'
import type { SessionContext } from './context.ts'
import { checkSourceConditions, findQuery, foundNothing, presentObject } from './found-object.ts'
import type { CopiedObject, CopyObjectInput } from './inputs.ts'
import { objectQuestion } from './object-question.ts'
import { mayOverwrite } from './put-object.ts'
import { readExtents } from './read-extents.ts'
import { DEFAULT_JURISDICTION } from './resolve-bucket.ts'
import { readUnderRequirement, withRequirement } from './with-requirement.ts'
import type { BucketQuestion } from './with-requirement.ts'

const NO_CONDITIONS: Conditions = Object.freeze({})

/**
 * Makes an object of another one's bytes. No byte moves: blobs are shared, inline bytes go along with the row. Only a
 * checksum that the source does not have makes the bytes be read, once.
 *
 * The source is read again for each attempt to commit: what it was made of may be gone, and the policy may have changed.
 */
export async function copyObject(session: SessionContext, input: CopyObjectInput): Promise<CopiedObject> {
  const { engine } = session
  const overwrite = mayOverwrite(input.conditions)
  const target = objectQuestion(session, { operation: 'CopyObject', action: 'object.write', overwrite }, input)
  const source = objectQuestion(session, { operation: 'CopyObject', action: 'object.read', side: 'source' }, input.source)
  checkAttributes(input, engine.limits)
  checkChangesSomething(input)
  input.signal?.throwIfAborted()
  let sourceVersionId = ''
  let summed: Summed | null = null
  // Before the row is read: from then on no blob that it names is deleted.
  const read = engine.openReads.begin()
  try {
    const { object } = await withRequirement(session, target, {
      commit: async ({ bucket, require }) => {
        const record = await readSource(session, source, input)
        sourceVersionId = record.versionId
        // A retry finds the same bytes most of the time: they are not read again.
        summed = await sumSource(session, { record, input, before: summed })
        const copy = copyOf(session, input, { record, bucket, checksum: summed.checksum })
        input.signal?.throwIfAborted()
        return engine.metadata.commitObject({
          object: copy,
          conditions: input.conditions ?? NO_CONDITIONS,
          require,
          fresh: [],
          declaredSize: copy.size,
        })
      },
    })
    return { info: object, sourceVersionId }
  } finally {
    engine.openReads.end(read)
  }
}

/** The object that a copy reads, under its own question to the policy and its own conditions. */
async function readSource(
  session: SessionContext,
  question: BucketQuestion,
  input: Pick<CopyObjectInput, 'source'>,
): Promise<ObjectRecord> {
  const found = await readUnderRequirement(session, question, {
    read: (grounds) => session.engine.metadata.findRecord(findQuery(grounds, question)),
    isNothing: foundNothing,
  })
  const record = presentObject(found, question)
  checkSourceConditions(input.source.conditions, record)
  return record
}

/** AWS, CopyObject: an object may be copied onto itself only with something that changes. */
function checkChangesSomething(input: CopyObjectInput): void {
  const { source, bucket, key } = input
  const isSame =
    source.versionId === undefined &&
    source.key === key &&
    source.bucket.name === bucket.name &&
    (source.bucket.jurisdiction ?? DEFAULT_JURISDICTION) === (bucket.jurisdiction ?? DEFAULT_JURISDICTION)
  const { storageClass, websiteRedirectLocation } = input.headers ?? {}
  const moves = storageClass !== undefined || websiteRedirectLocation !== undefined
  const changes =
    moves || input.metadataDirective === 'REPLACE' || input.taggingDirective === 'REPLACE' || input.checksumAlgorithm !== undefined
  if (!isSame || changes) return
  throw new StorageError('InvalidArgument', { argument: 'source', reason: 'is the target itself, and nothing would change' })
}

interface Summed {
  readonly manifestId: number
  readonly checksum: ObjectChecksum | null
}

async function sumSource(
  session: SessionContext,
  { record, input, before }: { readonly record: ObjectRecord; readonly input: CopyObjectInput; readonly before: Summed | null },
): Promise<Summed> {
  const { manifestId, checksum } = record
  const algorithm = input.checksumAlgorithm
  if (before?.manifestId === manifestId) return before
  if (algorithm === undefined || (checksum?.algorithm === algorithm && checksum.type === 'FULL_OBJECT')) return { manifestId, checksum }
  const running = createRunningChecksum(algorithm)
  const range = { start: 0, end: record.size }
  const stream = await readExtents(session.engine, record.extents, { range, signal: input.signal })
  for await (const chunk of stream) {
    running.update(chunk)
    if (isLendingReadable(stream)) stream.releaseChunk(chunk)
  }
  return { manifestId, checksum: wholeChecksum(algorithm, running.digest()) }
}

/** The source's, but for what is not copied (AWS, CopyObject): storage class and redirect are the copy's own, or none. */
function copiedHeaders(source: ObjectHeaders, own: ObjectHeaders = {}): ObjectHeaders {
  const { storageClass: _class, websiteRedirectLocation: _location, ...copied } = source
  const { storageClass, websiteRedirectLocation } = own
  return {
    ...copied,
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(websiteRedirectLocation === undefined ? {} : { websiteRedirectLocation }),
  }
}

interface CopyParts {
  readonly record: ObjectRecord
  readonly bucket: BucketInfo
  readonly checksum: ObjectChecksum | null
}

function copyOf({ engine, caller }: SessionContext, input: CopyObjectInput, { record, bucket, checksum }: CopyParts): NewObject {
  const replacesMetadata = input.metadataDirective === 'REPLACE'
  return {
    bucketId: bucket.id,
    key: input.key,
    versionId: engine.ids.uuid(),
    size: record.size,
    // Also that of a multipart object, though the copy has no parts: its bytes are the same, and were never summed as one.
    etag: record.etag,
    partCount: null,
    checksum,
    headers: replacesMetadata ? (input.headers ?? {}) : copiedHeaders(record.headers, input.headers),
    userMetadata: replacesMetadata ? (input.userMetadata ?? {}) : record.userMetadata,
    tags: input.taggingDirective === 'REPLACE' ? (input.tags ?? {}) : record.tags,
    ownerId: ownerOf(caller),
    // Retention is the version's own: a copy has only what the caller gives it.
    retention: input.retention ?? null,
    legalHold: input.legalHold ?? false,
    createdAt: engine.clock(),
    extents: record.extents,
  }
}
