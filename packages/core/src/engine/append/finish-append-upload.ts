import { StorageError } from '../../errors/storage-error.ts'
import type { CompleteUploadCommand } from '../../metadata/commands.ts'
import type { UploadRecord } from '../../metadata/metadata-store.ts'
import type { ObjectInfo } from '../../model/object.ts'
import { completionError } from '../completion-error.ts'
import type { SessionContext } from '../context.ts'
import { findUpload, uploadTarget } from '../find-upload.ts'
import type { FinishAppendInput } from '../inputs.ts'
import { mayOverwrite } from '../put-object.ts'
import { uploadQuestion } from '../upload-question.ts'
import { withRequirement } from '../with-requirement.ts'
import { AppendHashes } from './append-hashes.ts'

/**
 * Makes the object from what was appended: one commit, no byte moved. The same call again gives the same answer. Throws
 * `IncompleteBody` while fewer bytes are there than were declared.
 */
export async function finishAppendUpload(session: SessionContext, input: FinishAppendInput): Promise<ObjectInfo> {
  const { metadata, limits, clock, ids } = session.engine
  const question = uploadQuestion(session, input, { operation: 'FinishAppendUpload', overwrite: mayOverwrite(input.conditions) })
  input.signal?.throwIfAborted()
  const { upload, grounds } = await findUpload(session, { question, input, kind: 'append' })
  const appended = await whatWasAppended(upload)
  const outcome = await withRequirement(session, question, {
    grounds,
    commit: (grounds) =>
      metadata.completeUpload({
        ...uploadTarget(session, input, grounds),
        parts: null,
        partSizeMin: 0,
        objectSizeMax: limits.objectSizeMax,
        objectExtentsMax: limits.objectExtentsMax,
        versionId: ids.uuid(),
        createdAt: clock(),
        conditions: input.conditions ?? {},
        expected: {},
        appended,
      }),
  })
  if (outcome.outcome === 'completed') {
    if (!outcome.replayed) session.engine.joins.consider(session.engine, outcome.object)
    return outcome.object
  }
  throw completionError(outcome, input, limits)
}

/** A finished upload is asked for again with what it became: the store gives the first answer. */
async function whatWasAppended(upload: UploadRecord): Promise<NonNullable<CompleteUploadCommand['appended']>> {
  const { result, offset, declaredSize, hashState, checksum } = upload
  if (result !== null) return { offset: result.size, etag: result.etag, checksum: result.checksum }
  if (declaredSize !== null && offset < declaredSize) {
    throw new StorageError('IncompleteBody', { expected: declaredSize, actual: offset })
  }
  const hashes = await AppendHashes.open(hashState, checksum?.algorithm ?? null)
  return { offset, ...hashes.finish() }
}
