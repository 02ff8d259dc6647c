import { abandonSource } from '../backend/each-chunk.ts'
import { plainEtag } from '../checksums/etag.ts'
import type { NewObject } from '../metadata/commands.ts'
import type { Conditions } from '../model/conditions.ts'
import type { ObjectInfo } from '../model/object.ts'
import type { BucketInfo } from '../model/bucket.ts'
import { ownerOf } from './authorise.ts'
import { checkAttributes } from './check-attributes.ts'
import { checkProposed } from './check-proposed.ts'
import { contentOptions } from './content-options.ts'
import type { ContentOptions } from './content-options.ts'
import type { SessionContext } from './context.ts'
import type { PutObjectInput } from './inputs.ts'
import { objectQuestion } from './object-question.ts'
import { abandonBlobs } from './reservation-lost.ts'
import { findGrounds, withRequirement } from './with-requirement.ts'
import type { BucketQuestion, Grounds } from './with-requirement.ts'
import { throwIfAborted, writeBlob } from './write-blob.ts'
import type { WrittenBytes } from './write-blob.ts'

const NOTHING = Object.freeze({})
const NO_CONDITIONS: Conditions = NOTHING

interface Prepared {
  readonly question: BucketQuestion
  readonly content: ContentOptions
  readonly grounds: Grounds
}

/** Takes the body in and commits it under its key: whole, durable and visible, or not at all. */
export async function putObject(session: SessionContext, input: PutObjectInput): Promise<ObjectInfo> {
  const { engine } = session
  const { question, content, grounds } = await prepare(session, input)
  const { inlineSizeMax } = engine.limits
  const written = await writeBlob(engine, input.body, { content, inlineSizeMax, signal: input.signal })
  await throwIfAborted(engine, written, input.signal)
  try {
    const { object } = await withRequirement(session, question, {
      grounds,
      commit: ({ bucket, require }) =>
        engine.metadata.commitObject({
          object: newObject(session, input, { bucket, written }),
          conditions: input.conditions ?? NO_CONDITIONS,
          require,
          fresh: written.fresh,
          ...declaredSize(input),
        }),
    })
    return object
  } catch (error) {
    await abandonBlobs(engine, written.fresh, error)
    throw error
  }
}

/** Everything that can be refused before the body is read. */
async function prepare(session: SessionContext, input: PutObjectInput): Promise<Prepared> {
  try {
    const { limits } = session.engine
    const overwrite = mayOverwrite(input.conditions)
    const question = objectQuestion(session, { operation: 'PutObject', action: 'object.write', overwrite }, input)
    checkAttributes(input, limits)
    const content = contentOptions(input, limits.putSizeMax)
    input.signal?.throwIfAborted()
    const grounds = await findGrounds(session, question)
    checkProposed(session, question, { grounds, attributes: input, ...declaredSize(input) })
    return { question, content, grounds }
  } catch (error) {
    if (!(input.body instanceof Uint8Array)) abandonSource(input.body)
    throw error
  }
}

/** What the client has said of the length: held against what came, so that it is no more than another name for it. */
function declaredSize({ body, size }: PutObjectInput): { readonly declaredSize?: number } {
  if (body instanceof Uint8Array) return { declaredSize: body.length }
  return size === undefined ? {} : { declaredSize: size }
}

/** Whether a write under these conditions may replace what is there. */
export function mayOverwrite(conditions: Conditions | undefined): 'never' | 'allowed' {
  return conditions?.ifNoneMatch === '*' ? 'never' : 'allowed'
}

function newObject(
  session: SessionContext,
  input: PutObjectInput,
  { bucket, written }: { readonly bucket: BucketInfo; readonly written: WrittenBytes },
): NewObject {
  const { engine, caller } = session
  return {
    bucketId: bucket.id,
    key: input.key,
    // Always a fresh one: the store knows whether the bucket is versioned now, and writes 'null' where it is not.
    versionId: engine.ids.uuid(),
    size: written.size,
    etag: plainEtag(written.md5),
    partCount: null,
    checksum: written.checksum,
    headers: input.headers ?? NOTHING,
    userMetadata: input.userMetadata ?? NOTHING,
    tags: input.tags ?? NOTHING,
    ownerId: ownerOf(caller),
    retention: input.retention ?? null,
    legalHold: input.legalHold ?? false,
    createdAt: engine.clock(),
    extents: written.extents,
  }
}
