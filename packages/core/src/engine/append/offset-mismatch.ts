import { StorageError } from '../../errors/storage-error.ts'
import type { AppendInput } from '../inputs.ts'

/** The error of an append that does not begin where the upload stands. */
export function offsetMismatch(input: Pick<AppendInput, 'offset'>, offset: number): StorageError<'OffsetMismatch'> {
  return new StorageError('OffsetMismatch', { expected: input.offset, actual: offset })
}
