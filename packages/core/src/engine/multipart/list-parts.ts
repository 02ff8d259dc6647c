import type { SessionContext } from '../context.ts'
import { findOpenUpload, uploadQuery } from '../find-upload.ts'
import type { ListedParts, ListPartsInput } from '../inputs.ts'
import { parsePartNumberMarker } from '../list-object-parts.ts'
import { parseLimit } from '../parse-limit.ts'
import { uploadInfo } from '../upload-info.ts'
import { uploadQuestion } from '../upload-question.ts'

/** The parts of an unfinished upload, by number. */
export async function listParts(session: SessionContext, input: ListPartsInput): Promise<ListedParts> {
  const { metadata, limits } = session.engine
  const question = uploadQuestion(session, input, { operation: 'ListParts' })
  const after = parsePartNumberMarker(input.partNumberMarker)
  const limit = parseLimit(input.limit, limits.listLimitMax)
  input.signal?.throwIfAborted()
  const { upload, grounds } = await findOpenUpload(session, { question, input, kind: 'parts' })
  if (limit === 0) return { upload: uploadInfo(upload), parts: [], truncated: false, nextPartNumberMarker: null }
  const page = await metadata.listParts({ ...uploadQuery(session, input, grounds), after, limit })
  return { upload: uploadInfo(upload), parts: page.parts, truncated: page.next !== null, nextPartNumberMarker: page.next }
}
