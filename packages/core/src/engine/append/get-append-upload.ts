import type { UploadInfo } from '../../model/upload.ts'
import type { SessionContext } from '../context.ts'
import { findUpload } from '../find-upload.ts'
import type { AppendState, UploadInput } from '../inputs.ts'
import { uploadInfo } from '../upload-info.ts'
import { uploadQuestion } from '../upload-question.ts'

/** How far an append upload has come. One that is finished stands at its end, as long as the store remembers it. */
export async function getAppendUpload(session: SessionContext, input: UploadInput): Promise<AppendState & { readonly upload: UploadInfo }> {
  const question = uploadQuestion(session, input, { operation: 'GetAppendUpload' })
  input.signal?.throwIfAborted()
  const { upload } = await findUpload(session, { question, input, kind: 'append' })
  const info = uploadInfo(upload)
  const { result } = upload
  if (result === null) return { offset: upload.offset, size: upload.declaredSize, upload: info }
  return { offset: result.size, size: result.size, upload: { ...info, offset: result.size } }
}
