import { CheckedFields } from '../stores/checked-fields.ts'
import type { CopyBackendRequest } from './copy-backend.ts'

/** Reads where another process of this user wants the bytes copied. Throws for anything that is no such wish. */
export function readCopyBackendRequest(value: unknown): CopyBackendRequest {
  const fields = new CheckedFields(value, 'copy-backend')
  const request = { to: fields.text('to'), from: fields.optionalText('from'), concurrency: fields.optionalCount('concurrency') }
  fields.end()
  return request
}
