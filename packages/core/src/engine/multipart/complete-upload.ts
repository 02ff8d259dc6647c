import { StorageError } from '../../errors/storage-error.ts'
import type { CompletedPart } from '../../metadata/commands.ts'
import type { ObjectInfo } from '../../model/object.ts'
import { completionError } from '../completion-error.ts'
import type { SessionContext } from '../context.ts'
import { uploadTarget } from '../find-upload.ts'
import type { CompleteUploadInput } from '../inputs.ts'
import { mayOverwrite } from '../put-object.ts'
import { uploadQuestion } from '../upload-question.ts'
import { withRequirement } from '../with-requirement.ts'

/**
 * Makes the object from its parts: one commit, no byte moved. The same call again gives the same answer, also at the same
 * time, as long as the store remembers it; another list of parts for a completed upload is `UploadNotFound`.
 */
export async function completeUpload(session: SessionContext, input: CompleteUploadInput): Promise<ObjectInfo> {
  const { metadata, limits, clock, ids } = session.engine
  const overwrite = mayOverwrite(input.conditions)
  const question = uploadQuestion(session, input, { operation: 'CompleteMultipartUpload', overwrite })
  checkParts(input.parts)
  input.signal?.throwIfAborted()
  const outcome = await withRequirement(session, question, {
    commit: (grounds) =>
      metadata.completeUpload({
        ...uploadTarget(session, input, grounds),
        parts: input.parts,
        partSizeMin: limits.partSizeMin,
        objectSizeMax: limits.objectSizeMax,
        objectExtentsMax: limits.objectExtentsMax,
        versionId: ids.uuid(),
        createdAt: clock(),
        conditions: input.conditions ?? {},
        expected: expectedWhole(input),
        appended: null,
      }),
  })
  if (outcome.outcome === 'completed') {
    if (!outcome.replayed) session.engine.joins.consider(session.engine, outcome.object)
    return outcome.object
  }
  throw completionError(outcome, input, limits)
}

function expectedWhole({ size, checksum }: CompleteUploadInput): Pick<CompleteUploadInput, 'size' | 'checksum'> {
  return { ...(size === undefined ? {} : { size }), ...(checksum === undefined ? {} : { checksum }) }
}

/** Throws `InvalidArgument` for no parts, `InvalidPartOrder` unless their numbers ascend. */
function checkParts(parts: readonly CompletedPart[]): void {
  if (parts.length === 0) throw new StorageError('InvalidArgument', { argument: 'parts', reason: 'there are none' })
  let last = 0
  for (const { partNumber } of parts) {
    if (!Number.isInteger(partNumber) || partNumber < 1) throw new StorageError('InvalidPart', { partNumber, reason: 'is no part number' })
    if (partNumber <= last) throw new StorageError('InvalidPartOrder', { partNumber })
    last = partNumber
  }
}
