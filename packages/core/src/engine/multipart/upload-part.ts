import { types } from 'node:util'
import { abandonSource } from '../../backend/each-chunk.ts'
import { plainEtag } from '../../checksums/etag.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { PartInfo, PartRecord, UploadInfo } from '../../model/upload.ts'
import { contentOptions } from '../content-options.ts'
import type { ContentOptions } from '../content-options.ts'
import type { SessionContext } from '../context.ts'
import { findOpenUpload } from '../find-upload.ts'
import type { UploadPartInput } from '../inputs.ts'
import { abandonBlobs } from '../reservation-lost.ts'
import { uploadQuestion } from '../upload-question.ts'
import type { BucketQuestion, Grounds } from '../with-requirement.ts'
import { throwIfAborted, writeBlob } from '../write-blob.ts'
import { checkPartNumber, commitPart } from './commit-part.ts'

interface Prepared {
  readonly question: BucketQuestion
  readonly grounds: Grounds
  readonly content: ContentOptions
}

/**
 * Stores one part; a part sent again replaces the former one. The bytes are refused before they are read where the
 * upload is not there, the caller may not write its key, or the checksum is of another algorithm than the upload's.
 */
export async function uploadPart(session: SessionContext, input: UploadPartInput): Promise<PartInfo> {
  const { engine } = session
  const { signal, partNumber } = input
  const { question, grounds, content } = await prepare(session, input)
  const written = await writeBlob(engine, input.body, { content, inlineSizeMax: engine.limits.inlineSizeMax, signal })
  const { size, md5, checksum, extents, fresh } = written
  const part: PartRecord = { partNumber, size, etag: plainEtag(md5), checksum, createdAt: engine.clock(), extents }
  await throwIfAborted(engine, written, signal)
  try {
    return await commitPart(session, { question, input, grounds, part: () => part, fresh })
  } catch (error) {
    await abandonBlobs(engine, fresh, error)
    throw error
  }
}

/** Everything that can be refused before the body is read. */
async function prepare(session: SessionContext, input: UploadPartInput): Promise<Prepared> {
  try {
    const { limits } = session.engine
    checkPartNumber(input.partNumber, limits.partNumberMax)
    const question = uploadQuestion(session, input, { operation: 'UploadPart' })
    input.signal?.throwIfAborted()
    const { upload, grounds } = await findOpenUpload(session, { question, input, kind: 'parts' })
    return { question, grounds, content: partContent(input, upload, limits.partSizeMax) }
  } catch (error) {
    if (!types.isUint8Array(input.body)) abandonSource(input.body)
    throw error
  }
}

/** What the part must be. Where the upload has a checksum, its parts have one of the same algorithm, asked for or not. */
function partContent(input: UploadPartInput, { checksum }: Pick<UploadInfo, 'checksum'>, sizeMax: number): ContentOptions {
  if (checksum === null) return contentOptions(input, sizeMax)
  const content = contentOptions({ ...input, checksumAlgorithm: input.checksumAlgorithm ?? checksum.algorithm }, sizeMax)
  if (content.kept === checksum.algorithm) return content
  throw new StorageError('InvalidArgument', {
    argument: 'checksumAlgorithm',
    reason: `the upload was begun with ${checksum.algorithm}, not ${content.kept}`,
  })
}
