import { abortOpenUpload } from '../abort-open-upload.ts'
import type { SessionContext } from '../context.ts'
import type { UploadInput } from '../inputs.ts'

/** Forgets an append upload and its bytes. Throws `UploadNotFound`, also for one that is finished. */
export async function abortAppendUpload(session: SessionContext, input: UploadInput): Promise<void> {
  await abortOpenUpload(session, input, { operation: 'AbortAppendUpload', kind: 'append' })
}
