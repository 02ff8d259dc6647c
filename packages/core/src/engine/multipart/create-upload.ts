import { multipartChecksumType } from '../../checksums/checksum-algorithm.ts'
import type { UploadInfo } from '../../model/upload.ts'
import { checkAttributes } from '../check-attributes.ts'
import { commitUpload } from '../commit-upload.ts'
import type { SessionContext } from '../context.ts'
import type { CreateUploadInput } from '../inputs.ts'
import { uploadQuestion } from '../upload-question.ts'

/** Begins an upload in parts. Throws `InvalidArgument` for a checksum type that the algorithm does not have. */
export async function createUpload(session: SessionContext, input: CreateUploadInput): Promise<UploadInfo> {
  const question = uploadQuestion(session, input, { operation: 'CreateMultipartUpload' })
  checkAttributes(input, session.engine.limits)
  input.signal?.throwIfAborted()
  const { checksum: wanted } = input
  const checksum = wanted === undefined ? null : { algorithm: wanted.algorithm, type: multipartChecksumType(wanted.algorithm, wanted.type) }
  return commitUpload(session, { question, input, beginning: { kind: 'parts', checksum, declaredSize: null } })
}
