import type { CommitAppendCommand, CommitAppendOutcome } from '../../commands.ts'
import type { UploadInfo } from '../../../model/upload.ts'
import { assert } from '../../../util/assert.ts'
import { claimBlobs } from '../claim-blobs.ts'
import { bytesOf } from '../column.ts'
import { decodeExtents } from '../extent-codec.ts'
import { bucketLock, lock, policyLock, uploadLock } from '../locks.ts'
import { blobsWithout, distinctBlobs, NO_PART, addReferences, dropReferencesTo } from '../references.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'
import { readUploadToChange } from '../upload-state.ts'
import { deleteInline, inlineIds, storeExtents } from '../version-store.ts'

const REPLACED = 'SELECT piece_offset, extents FROM append_pieces WHERE manifest_id = ? AND piece_offset >= ? ORDER BY piece_offset'
const DROP = 'DELETE FROM append_pieces WHERE manifest_id = ? AND piece_offset >= ?'
const ADD = 'INSERT INTO append_pieces (manifest_id, piece_offset, length, extents) VALUES (?, ?, ?, ?)'
const MOVE_ON = 'UPDATE uploads SET received = ?, extent_count = ?, declared_size = ?, hash_state = ?, expires_at = ? WHERE id = ?'

/** Adds bytes to an append upload. Each extent is a piece of its own, so that a later append may merge from any of them. */
export function* commitAppend(context: SqlContext, command: CommitAppendCommand): SqlProgram<CommitAppendOutcome> {
  const { uploadId, bucketId, replaceFrom, expectedOffset, size } = command
  const now = yield* lock(context, [policyLock(false), bucketLock(bucketId, false), uploadLock(uploadId, true)])
  const found = yield* readUploadToChange(context, command, 'append')
  if (found.refused !== null) return found.refused
  const { info, manifestId } = found.upload
  if (info.offset !== expectedOffset) return { outcome: 'offset', offset: info.offset }
  const wrong = wrongSize(info, command)
  if (wrong !== null) return wrong
  const replaced = replaceFrom === expectedOffset ? [] : yield { sql: REPLACED, values: [manifestId, replaceFrom] }
  const extentCount = found.upload.extentCount - replaced.length + command.extents.length
  if (extentCount > command.objectExtentsMax) return { outcome: 'too-many-extents' }
  const blobs = yield* claimBlobs(context, command.extents, command.fresh)
  if (blobs.refused !== null) return blobs.refused

  assert(replaceFrom === expectedOffset || replaced[0]?.[0] === replaceFrom, 'an append replaces from the middle of a piece')
  const former = replaced.flatMap((row) => decodeExtents(manifestId, bytesOf(row[1])))
  yield* addReferences(context, { manifestId, partNumber: NO_PART, blobs: blobs.all, fresh: blobs.fresh })
  if (former.length > 0) {
    yield* deleteInline(context, inlineIds(former))
    yield* dropReferencesTo(context, { manifestId, partNumber: NO_PART, blobs: blobsWithout(distinctBlobs(former), blobs.all), now })
    yield { sql: DROP, values: [manifestId, replaceFrom] }
  }
  let at = replaceFrom
  for (const extent of command.extents) {
    const packed = yield* storeExtents(context, [extent], { manifestId, firstInlineId: null })
    yield { sql: ADD, values: [manifestId, at, extent.length, packed] }
    at += extent.length
  }
  const offset = expectedOffset + size
  assert(at === offset, `an append of ${size} bytes brings extents up to ${at}, not ${offset}`)
  const declared = command.declaredSize ?? info.declaredSize
  yield { sql: MOVE_ON, values: [offset, extentCount, declared, command.hashState, command.expiresAt.getTime(), uploadId] }
  return { outcome: 'committed', offset }
}

function wrongSize(info: UploadInfo, { declaredSize, expectedOffset, size }: CommitAppendCommand): CommitAppendOutcome | null {
  if (declaredSize !== null && info.declaredSize !== null && declaredSize !== info.declaredSize) {
    return { outcome: 'size', expected: info.declaredSize, actual: declaredSize }
  }
  const declared = declaredSize ?? info.declaredSize
  const actual = expectedOffset + size
  return declared !== null && actual > declared ? { outcome: 'size', expected: declared, actual } : null
}
