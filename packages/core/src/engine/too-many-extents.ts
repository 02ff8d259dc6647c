import { StorageError } from '../errors/storage-error.ts'
import type { Limits } from './limits.ts'

/** The error of an object that would consist of too many extents. Nothing is lost: the upload is as it was. */
export function tooManyExtents({ objectExtentsMax: max }: Pick<Limits, 'objectExtentsMax'>): StorageError<'LimitExceeded'> {
  return new StorageError(
    'LimitExceeded',
    { limit: 'objectExtentsMax', max },
    { message: `The object would consist of more than ${max} stretches of stored bytes. Send its bytes in fewer, larger pieces.` },
  )
}
