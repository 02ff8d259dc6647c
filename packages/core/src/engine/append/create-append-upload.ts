import { StorageError } from '../../errors/storage-error.ts'
import type { UploadInfo } from '../../model/upload.ts'
import { checkAttributes } from '../check-attributes.ts'
import { commitUpload } from '../commit-upload.ts'
import type { SessionContext } from '../context.ts'
import type { CreateAppendUploadInput } from '../inputs.ts'
import { uploadQuestion } from '../upload-question.ts'

/** Begins an upload that grows by appends. Throws `ObjectTooLarge` for a length that no object may have. */
export async function createAppendUpload(session: SessionContext, input: CreateAppendUploadInput): Promise<UploadInfo> {
  const { limits } = session.engine
  const question = uploadQuestion(session, input, { operation: 'CreateAppendUpload' })
  checkAttributes(input, limits)
  if (input.size !== undefined) checkUploadSize('size', input.size, limits.objectSizeMax)
  input.signal?.throwIfAborted()
  const { checksumAlgorithm: algorithm } = input
  // Its bytes are summed up one after the other, so every algorithm has a sum of the whole.
  const checksum = algorithm === undefined ? null : ({ algorithm, type: 'FULL_OBJECT' } as const)
  return commitUpload(session, { question, input, beginning: { kind: 'append', checksum, declaredSize: input.size ?? null } })
}

/** Throws unless an object may be that long: `InvalidArgument` or `ObjectTooLarge`. */
export function checkUploadSize(argument: string, size: number, max: number): void {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new StorageError('InvalidArgument', { argument, reason: 'is a whole number of bytes, 0 or more' })
  }
  if (size > max) throw new StorageError('ObjectTooLarge', { size, max })
}
