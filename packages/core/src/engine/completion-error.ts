import { StorageError } from '../errors/storage-error.ts'
import type { CompleteUploadOutcome, Refusal } from '../metadata/commands.ts'
import { uploadNotFound } from './find-upload.ts'
import type { UploadInput } from './inputs.ts'
import type { Limits } from './limits.ts'
import { tooManyExtents } from './too-many-extents.ts'

/** Why an upload could not be completed, where the upload itself is the reason. */
export type IncompleteUpload = Exclude<CompleteUploadOutcome, Refusal | { readonly outcome: 'completed' }>

/** The error of an upload that could not be completed. It changed nothing: the upload is as it was. */
export function completionError(outcome: IncompleteUpload, input: UploadInput, limits: Limits): StorageError {
  switch (outcome.outcome) {
    case 'upload-gone':
      return uploadNotFound(input)
    case 'invalid-part':
      return new StorageError('InvalidPart', { partNumber: outcome.partNumber, reason: outcome.reason })
    case 'part-too-small':
      return new StorageError('PartTooSmall', { partNumber: outcome.partNumber, size: outcome.size, min: limits.partSizeMin })
    case 'too-large':
      return new StorageError('ObjectTooLarge', { size: outcome.size, max: limits.objectSizeMax })
    case 'too-many-extents':
      return tooManyExtents(limits)
    case 'checksum':
      return new StorageError('ChecksumMismatch', {
        algorithm: outcome.algorithm,
        expected: outcome.expected,
        actual: outcome.actual,
      })
  }
  return new StorageError('IncompleteBody', { expected: outcome.expected, actual: outcome.actual })
}
