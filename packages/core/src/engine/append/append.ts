import { types } from 'node:util'
import { abandonSource } from '../../backend/each-chunk.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { SessionContext } from '../context.ts'
import { findUpload, uploadNotFound } from '../find-upload.ts'
import type { FoundUpload } from '../find-upload.ts'
import type { AppendInput, AppendState } from '../inputs.ts'
import { uploadQuestion } from '../upload-question.ts'
import type { BucketQuestion } from '../with-requirement.ts'
import { AppendHashes } from './append-hashes.ts'
import { AppendWriter } from './append-writer.ts'
import { BodyReader } from './body-reader.ts'
import { checkUploadSize } from './create-append-upload.ts'
import { offsetMismatch } from './offset-mismatch.ts'

interface Prepared extends FoundUpload {
  readonly question: BucketQuestion
  /** How long the whole upload will be; null where nobody has said so yet. */
  readonly declaredSize: number | null
}

/**
 * Adds bytes at the end of an append upload, blob by blob, each durable before the next begins. A body that breaks off, is
 * aborted, or is of another length than promised keeps what came of it; then its error is thrown. Only an abort that finds
 * the backend busy for longer than `abortedAppendSeconds` loses the blob at hand.
 *
 * Throws `OffsetMismatch` with the true offset, before a byte is read; `ObjectTooLarge` for more bytes than were declared;
 * `LimitExceeded` where the upload would consist of more than `objectExtentsMax` pieces.
 */
export async function append(session: SessionContext, input: AppendInput): Promise<AppendState> {
  const { question, upload, grounds, declaredSize } = await prepare(session, input)
  if (upload.status === 'completed') return { offset: input.offset, size: input.offset }
  const max = declaredSize ?? session.engine.limits.objectSizeMax
  const reader = new BodyReader(input.body, {
    size: sizeOf(input),
    sizeMax: max - upload.offset,
    tooLong: (size) => new StorageError('ObjectTooLarge', { size: upload.offset + size, max }),
    signal: input.signal,
  })
  try {
    const hashes = await AppendHashes.open(upload.hashState, upload.checksum?.algorithm ?? null)
    const writer = new AppendWriter(session, { question, input, upload, grounds, hashes })
    await writer.writeAll(reader)
    if (reader.failure !== null) throw reader.failure.error
    return { offset: writer.offset, size: declaredSize }
  } finally {
    reader.stop()
  }
}

/** Everything that can be refused before the body is read. */
async function prepare(session: SessionContext, input: AppendInput): Promise<Prepared> {
  try {
    const question = uploadQuestion(session, input, { operation: 'AppendToUpload' })
    const { objectSizeMax } = session.engine.limits
    if (input.uploadSize !== undefined) checkUploadSize('uploadSize', input.uploadSize, objectSizeMax)
    input.signal?.throwIfAborted()
    const found = await findUpload(session, { question, input, kind: 'append' })
    const { upload } = found
    // The answer to the last append may have been lost: asked again for nothing, a finished upload says where it stands.
    if (upload.status === 'completed' && (sizeOf(input) !== 0 || upload.result?.size !== input.offset)) throw uploadNotFound(input)
    if (upload.status === 'open' && upload.offset !== input.offset) throw offsetMismatch(input, upload.offset)
    return { ...found, question, declaredSize: declaredSizeOf(input, upload.declaredSize, upload.offset) }
  } catch (error) {
    if (!types.isUint8Array(input.body)) abandonSource(input.body)
    throw error
  }
}

function sizeOf({ size, body }: AppendInput): number | undefined {
  return size ?? (types.isUint8Array(body) ? body.length : undefined)
}

function declaredSizeOf(input: AppendInput, before: number | null, offset: number): number | null {
  const declared = input.uploadSize ?? before
  if (declared === null) return null
  if (before !== null && declared !== before) throw invalidSize(`${before} bytes were declared before`)
  if (declared < offset) throw invalidSize(`${offset} bytes are there already`)
  const end = offset + (sizeOf(input) ?? 0)
  if (end > declared) throw new StorageError('ObjectTooLarge', { size: end, max: declared })
  return declared
}

function invalidSize(reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument: 'uploadSize', reason })
}
