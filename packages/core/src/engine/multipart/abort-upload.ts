import { abortOpenUpload } from '../abort-open-upload.ts'
import type { SessionContext } from '../context.ts'
import type { UploadInput } from '../inputs.ts'

/** Forgets an upload and its parts; their blobs become garbage. Throws `UploadNotFound`, also for one that is completed. */
export async function abortUpload(session: SessionContext, input: UploadInput): Promise<void> {
  await abortOpenUpload(session, input, { operation: 'AbortMultipartUpload', kind: 'parts' })
}
