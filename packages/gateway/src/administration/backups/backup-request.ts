import { CheckedFields } from '../../stores/checked-fields.ts'
import type { BackupRequest } from './back-up.ts'

/** Reads where another process of this user wants a backup. Throws for anything that is no such wish. */
export function readBackupRequest(value: unknown): BackupRequest {
  const fields = new CheckedFields(value, 'backup')
  const request = { to: fields.text('to'), keys: fields.flag('keys'), concurrency: fields.optionalCount('concurrency') }
  fields.end()
  return request
}
