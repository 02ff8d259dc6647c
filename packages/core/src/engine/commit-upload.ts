import type { UploadInfo } from '../model/upload.ts'
import type { SessionContext } from './context.ts'
import type { CreateAppendUploadInput, CreateUploadInput } from './inputs.ts'
import { newUpload } from './new-upload.ts'
import type { UploadBeginning } from './new-upload.ts'
import { withRequirement } from './with-requirement.ts'
import type { BucketQuestion } from './with-requirement.ts'

/** A new upload, checked, before its bucket is known. */
export interface PlannedUpload {
  readonly question: BucketQuestion
  readonly input: CreateUploadInput | CreateAppendUploadInput
  readonly beginning: Omit<UploadBeginning, 'bucketId'>
}

/** Commits a new upload. It is made anew at each attempt: the bucket may be another one. */
export async function commitUpload(session: SessionContext, { question, input, beginning }: PlannedUpload): Promise<UploadInfo> {
  const { upload } = await withRequirement(session, question, {
    commit: async ({ bucket, require }) => {
      const upload = newUpload(session, input, { ...beginning, bucketId: bucket.id })
      const outcome = await session.engine.metadata.createUpload({ upload, require })
      return outcome.outcome === 'created' ? { outcome: outcome.outcome, upload } : outcome
    },
  })
  return upload
}
