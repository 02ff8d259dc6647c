import type { UploadKind } from '../model/upload.ts'
import type { OperationName } from '../policy/operation.ts'
import type { SessionContext } from './context.ts'
import { findOpenUpload, uploadNotFound, uploadTarget } from './find-upload.ts'
import type { UploadInput } from './inputs.ts'
import { uploadQuestion } from './upload-question.ts'
import { withRequirement } from './with-requirement.ts'

/** Aborts an upload of one kind. Bytes that are on their way to it find it gone when they want to commit. */
export async function abortOpenUpload(
  session: SessionContext,
  input: UploadInput,
  { operation, kind }: { readonly operation: OperationName; readonly kind: UploadKind },
): Promise<void> {
  const question = uploadQuestion(session, input, { operation })
  input.signal?.throwIfAborted()
  const { grounds } = await findOpenUpload(session, { question, input, kind })
  const outcome = await withRequirement(session, question, {
    grounds,
    commit: (grounds) => session.engine.metadata.abortUpload(uploadTarget(session, input, grounds)),
  })
  if (outcome.outcome === 'upload-gone') throw uploadNotFound(input)
}
