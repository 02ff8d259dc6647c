import type { AbortUploadOutcome, CreateUploadCommand, CreateUploadOutcome, UploadTarget } from '../../commands.ts'
import { forgetUploads } from '../forget-uploads.ts'
import { integerOf, textOf } from '../column.ts'
import { refuse, refuseAtDoor } from '../guard.ts'
import { readKeyState } from '../key-state.ts'
import { bucketLock, hold, lock, policyLock, uploadLock } from '../locks.ts'
import { RELEASED_EXTENTS_MAX, releaseUpload } from '../release-upload.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'
import { UPLOAD_COLUMN_NAMES, uploadValues } from '../upload-row.ts'
import { guardedUpload, readUploadToChange, uploadFacts } from '../upload-state.ts'

const NAMES = [...UPLOAD_COLUMN_NAMES, 'bucket_id', 'manifest_id']
const INSERT = `INSERT INTO uploads (${NAMES.join(', ')}, status) VALUES (${NAMES.map(() => '?').join(', ')}, 'open')`

/** Begins an upload. */
export function* createUpload(context: SqlContext, { upload, require }: CreateUploadCommand): SqlProgram<CreateUploadOutcome> {
  yield* hold(context, [policyLock(false), bucketLock(upload.bucketId, false)])
  const state = yield* readKeyState(context, upload.bucketId, upload.key)
  const atDoor = refuseAtDoor(state, require)
  if (atDoor !== null || state.bucket === null) return atDoor ?? { outcome: 'bucket-gone' }
  const refused = yield* refuse(context, guardedUpload({ bucket: state.bucket, state, facts: uploadFacts(upload), require }))
  if (refused !== null) return refused
  yield { sql: INSERT, values: [...uploadValues({ ...upload, offset: 0 }), upload.bucketId, context.sequence(state.sequence)] }
  return { outcome: 'created' }
}

/** Ends an upload without an object. */
export function* abortUpload(context: SqlContext, target: UploadTarget): SqlProgram<AbortUploadOutcome> {
  const locks = [policyLock(false), bucketLock(target.bucketId, false), uploadLock(target.uploadId, true)]
  const now = yield* lock(context, locks)
  const found = yield* readUploadToChange(context, target, null)
  if (found.refused !== null) return found.refused
  yield* releaseUpload(context, { uploadId: target.uploadId, manifestId: found.upload.manifestId, now })
  return { outcome: 'aborted' }
}

const EXPIRED = `SELECT id FROM uploads WHERE status = 'open' AND expires_at <= ? ORDER BY expires_at LIMIT ?`
const STILL_EXPIRED = `SELECT id, manifest_id FROM uploads WHERE id = ? AND status = 'open' AND expires_at <= ?`
const ANSWERED = `SELECT id FROM uploads WHERE status = 'completed' AND completed_at < ? ORDER BY completed_at LIMIT ?`

/** What to expire: see `MetadataStore.expireUploads`. */
export interface ExpireInput {
  readonly answersKeptSeconds: number
  readonly limit: number
}

/** Ends uploads past their time, and forgets old answers. May end fewer than there are: 0 says that none is left. */
export function* expireUploads(context: SqlContext, { answersKeptSeconds, limit }: ExpireInput): SqlProgram<number> {
  const before = yield* lock(context, [])
  const ids = (yield { sql: EXPIRED, values: [before, limit] }).map((row) => textOf(row[0]))
  const now = yield* lock(
    context,
    ids.toSorted().map((id) => uploadLock(id, true)),
  )
  let [count, released] = [0, 0]
  for (const id of ids) {
    if (released >= RELEASED_EXTENTS_MAX) return count
    // An append may have moved the expiry on while we waited for the lock.
    const [row] = yield { sql: STILL_EXPIRED, values: [id, now] }
    if (row === undefined) continue
    released += yield* releaseUpload(context, { uploadId: id, manifestId: integerOf(row[1]), now })
    count += 1
  }
  const answered = { sql: ANSWERED, values: [now - answersKeptSeconds * 1000, limit - count] }
  return count + (yield* forgetUploads(context, answered)).forgotten
}
