import { assert } from '../../util/assert.ts'
import type { PartRecord } from '../../model/upload.ts'
import type { SessionContext } from '../context.ts'
import { findOpenUpload } from '../find-upload.ts'
import type { CopiedPart, UploadPartCopyInput } from '../inputs.ts'
import { uploadQuestion } from '../upload-question.ts'
import { checkPartNumber, commitPart } from './commit-part.ts'
import { findStretch, hashStretch } from './source-stretch.ts'
import type { SourceStretch, StretchDigests } from './source-stretch.ts'

/**
 * Makes a part of a stretch of an object: it shares the stored bytes. They are read once, to be hashed, unless the source
 * is taken whole and its own sums say all that is needed.
 *
 * The source is found again, under the policy's answer of then, at each attempt to commit. Throws as a read of the source
 * does, `InvalidRange` for a range that is not in it, and as `uploadPart`.
 */
export async function uploadPartCopy(session: SessionContext, input: UploadPartCopyInput): Promise<CopiedPart> {
  const { engine } = session
  const { partNumber, signal } = input
  checkPartNumber(partNumber, engine.limits.partNumberMax)
  const question = uploadQuestion(session, input, { operation: 'UploadPartCopy' })
  signal?.throwIfAborted()
  const { upload, grounds } = await findOpenUpload(session, { question, input, kind: 'parts' })
  const algorithm = upload.checksum?.algorithm ?? null
  // Before the row is read: from then on no blob that it names is deleted.
  const read = engine.openReads.begin()
  const attempts: (SourceStretch & StretchDigests)[] = []
  const makePart = async (): Promise<PartRecord> => {
    const stretch = await findStretch(session, input)
    const before = attempts.at(-1)
    // Where only the policy, or a blob's last reference, changed in between, the bytes are those that were hashed.
    const same = before?.manifestId === stretch.manifestId ? before : null
    const { etag, checksum } = same ?? (await hashStretch(engine, stretch, { algorithm, signal }))
    attempts.push({ ...stretch, etag, checksum })
    return { partNumber, size: stretch.size, etag, checksum, createdAt: engine.clock(), extents: stretch.extents }
  }
  try {
    const part = await commitPart(session, { question, input, grounds, part: makePart, fresh: [] })
    const committed = attempts.at(-1)
    assert(committed !== undefined, 'a part was committed without its source')
    return { part, sourceVersionId: committed.versionId }
  } finally {
    engine.openReads.end(read)
  }
}
