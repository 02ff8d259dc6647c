import type { CommitPartCommand, CommitPartOutcome } from '../../commands.ts'
import { claimBlobs } from '../claim-blobs.ts'
import { bytesOf } from '../column.ts'
import { COUNT_HEADER_SIZE, countExtents, decodeExtents } from '../extent-codec.ts'
import { bucketLock, hold, partLock, policyLock, uploadLock } from '../locks.ts'
import { PART_COLUMN_NAMES, partValues } from '../part-row.ts'
import { blobsWithout, distinctBlobs, addReferences, dropReferencesTo } from '../references.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'
import { readUploadToChange } from '../upload-state.ts'
import { deleteInline, inlineIds, storeExtents } from '../version-store.ts'

const OTHERS = `SELECT substr(extents, 1, ${COUNT_HEADER_SIZE}) FROM parts WHERE manifest_id = ? AND part_number <> ?`
const FORMER = 'SELECT extents FROM parts WHERE manifest_id = ? AND part_number = ?'
const NAMES = [...PART_COLUMN_NAMES, 'manifest_id', 'extents']
const WRITE = `INSERT INTO parts (${NAMES.join(', ')}) VALUES (${NAMES.map(() => '?').join(', ')})
ON CONFLICT (manifest_id, part_number) DO UPDATE SET ${NAMES.filter((name) => name !== 'manifest_id' && name !== 'part_number')
  .map((name) => `${name} = excluded.${name}`)
  .join(', ')}`

/** Keeps a part. Other parts of the upload may be committed at the same time. */
export function* commitPart(context: SqlContext, command: CommitPartCommand): SqlProgram<CommitPartOutcome> {
  const { uploadId, bucketId, part } = command
  const { partNumber } = part
  // Parts of several extents count those that are there, and must not count at the same time.
  const counts = part.extents.length > 1
  const locks = [policyLock(false), bucketLock(bucketId, false), uploadLock(uploadId, counts), partLock(uploadId, partNumber)]
  yield* hold(context, locks)
  const found = yield* readUploadToChange(context, command, 'parts')
  if (found.refused !== null) return found.refused
  const { manifestId } = found.upload
  const { now } = found.state
  if (counts && (yield* extentsOfOthers(manifestId, partNumber)) + part.extents.length > command.objectExtentsMax) {
    return { outcome: 'too-many-extents' }
  }
  const blobs = yield* claimBlobs(context, part.extents, command.fresh)
  if (blobs.refused !== null) return blobs.refused

  const [row] = yield { sql: FORMER, values: [manifestId, partNumber] }
  const former = row === undefined ? [] : decodeExtents(manifestId, bytesOf(row[0]))
  yield* addReferences(context, { manifestId, partNumber, blobs: blobs.all, fresh: blobs.fresh })
  const extents = yield* storeExtents(context, part.extents, { manifestId, firstInlineId: null })
  yield* deleteInline(context, inlineIds(former))
  yield* dropReferencesTo(context, { manifestId, partNumber, blobs: blobsWithout(distinctBlobs(former), blobs.all), now })
  yield { sql: WRITE, values: [...partValues(part), manifestId, extents] }
  return { outcome: 'committed' }
}

function* extentsOfOthers(manifestId: number, partNumber: number): SqlProgram<number> {
  const rows = yield { sql: OTHERS, values: [manifestId, partNumber] }
  return rows.reduce((sum, row) => sum + countExtents(bytesOf(row[0])), 0)
}
