import { StorageError } from '../../errors/storage-error.ts'
import type { BlobRef } from '../../model/extent.ts'
import type { PartInfo, PartRecord } from '../../model/upload.ts'
import type { SessionContext } from '../context.ts'
import { uploadNotFound, uploadTarget } from '../find-upload.ts'
import type { UploadInput } from '../inputs.ts'
import { tooManyExtents } from '../too-many-extents.ts'
import { withRequirement } from '../with-requirement.ts'
import type { BucketQuestion, Grounds } from '../with-requirement.ts'

/** A part whose bytes are stored, or shared, and what to do where another attempt is needed. */
export interface PlannedPart {
  readonly question: BucketQuestion
  readonly input: UploadInput
  readonly grounds: Grounds
  /** Called for each attempt: a part that shares blobs reads its source again. */
  readonly part: (attempt: number) => Promise<PartRecord> | PartRecord
  readonly fresh: readonly BlobRef[]
}

/** Commits a part in the place of a former one with its number. Throws `UploadNotFound` where the upload is over by now, `LimitExceeded` where the parts have too many extents. */
export async function commitPart(session: SessionContext, planned: PlannedPart): Promise<PartInfo> {
  const { question, input, grounds, fresh } = planned
  const { metadata, limits } = session.engine
  const { objectExtentsMax } = limits
  let attempt = 0
  const outcome = await withRequirement(session, question, {
    grounds,
    commit: async (grounds) => {
      const part = await planned.part(attempt)
      attempt += 1
      const outcome = await metadata.commitPart({ ...uploadTarget(session, input, grounds), part, fresh, objectExtentsMax })
      return outcome.outcome === 'committed' ? { outcome: outcome.outcome, part } : outcome
    },
  })
  if (outcome.outcome === 'upload-gone') throw uploadNotFound(input)
  if (outcome.outcome === 'too-many-extents') throw tooManyExtents(limits)
  const { extents: _, ...info } = outcome.part
  return info
}

/** Throws `InvalidArgument` unless it is a part number: 1 to `max`. */
export function checkPartNumber(partNumber: number, max: number): void {
  if (Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= max) return
  throw new StorageError('InvalidArgument', { argument: 'partNumber', reason: `is a whole number from 1 to ${max}` })
}
