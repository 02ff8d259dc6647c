import type { OperationName } from '../policy/operation.ts'
import type { SessionContext } from './context.ts'
import { uploadNotFound } from './find-upload.ts'
import type { KeyInput, UploadInput } from './inputs.ts'
import { objectQuestion } from './object-question.ts'
import type { BucketQuestion } from './with-requirement.ts'

/** What an id may look like at all: no database is asked about anything else. */
const UPLOAD_ID = /^[!-~]{1,200}$/

/**
 * What every call on an upload asks the policy: what a put on the upload's key would ask. Whoever may not write the
 * object may not begin, feed, look at or abort it either. Throws for a key or an upload id that cannot be one.
 */
export function uploadQuestion(
  session: SessionContext,
  input: KeyInput & Partial<UploadInput>,
  { operation, overwrite = 'allowed' }: { readonly operation: OperationName; readonly overwrite?: 'never' | 'allowed' },
): BucketQuestion {
  const { uploadId } = input
  if (uploadId !== undefined && !UPLOAD_ID.test(uploadId)) throw uploadNotFound({ uploadId })
  return objectQuestion(session, { operation, action: 'object.write', overwrite }, { bucket: input.bucket, key: input.key })
}
