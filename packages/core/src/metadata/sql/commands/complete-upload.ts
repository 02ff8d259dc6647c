import type { CompleteUploadCommand, CompleteUploadOutcome } from '../../commands.ts'
import { NULL_VERSION } from '../../../model/object.ts'
import type { ObjectInfo } from '../../../model/object.ts'
import { bytesOf } from '../column.ts'
import { digestOfParts, encodeAnswer } from '../completed-answer.ts'
import { decodeExtents, encodeExtents } from '../extent-codec.ts'
import { refuse, refuseFinal } from '../guard.ts'
import type { Guarded } from '../guard.ts'
import { bucketLock, keyLock, lock, policyLock, uploadLock } from '../locks.ts'
import { clear, makeRoom } from '../make-room.ts'
import { partColumns } from '../part-row.ts'
import { dropReferencesOfParts } from '../references.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'
import { readKeyAndUpload, uploadFacts } from '../upload-state.ts'
import type { HeldUpload } from '../upload-state.ts'
import { refuseExpected, verifyParts } from '../verify-parts.ts'
import type { CompletedContent, VerifiedContent } from '../verify-parts.ts'
import { deleteInline, writeCurrent } from '../version-store.ts'

/** Makes the object of an upload: the manifest of the upload becomes the object's, so neither parts nor references move. */
export function* completeUpload(context: SqlContext, command: CompleteUploadCommand): SqlProgram<CompleteUploadOutcome> {
  const { uploadId, bucketId, key, require, conditions } = command
  const now = yield* lock(context, [policyLock(false), bucketLock(bucketId, false), keyLock(bucketId, key), uploadLock(uploadId, true)])
  const found = yield* readKeyAndUpload(context, command)
  if (found.refused !== null) return found.refused
  const { state, upload, bucket } = found
  if ((command.parts === null) !== (upload.info.kind === 'append')) return { outcome: 'upload-gone' }
  if (upload.answer !== null) return replay(upload.answer, command)

  const room = yield* makeRoom(state, { bucketId, key, now })
  const existing = state.current?.info ?? null
  const destroyed = room.leaving.map(({ info }) => info)
  const proposed = uploadFacts(upload.info)
  const guarded: Guarded = { bucket, require, conditions, existing, destroyed, proposed, touched: room.touched, bypass: null, now }
  const refused = yield* refuse(context, guarded)
  if (refused !== null) return refused
  const verified = yield* contentOf(command, upload)
  if (verified.refused !== null) return verified.refused
  const { content } = verified
  const versionId = state.versioning === 'enabled' ? command.versionId : NULL_VERSION
  const object = objectOf(upload, content, { versionId, createdAt: command.createdAt, sequence: context.sequence(state.sequence) })
  const denied = yield* refuseFinal(context, guarded, object)
  if (denied !== null) return denied

  yield* clear(context, room, { bucketId, key, now })
  const { manifestId } = upload
  yield* writeCurrent({ object, manifestId, extents: encodeExtents(manifestId, content.extents) }, existing !== null)
  yield* dropLeftovers(context, { manifestId, content, now })
  yield { sql: CLOSE, values: [now, encodeAnswer({ digest: digestOfParts(command.parts), object }), uploadId] }
  return { outcome: 'completed', object, replayed: false }
}

const CLOSE = `UPDATE uploads SET status = 'completed', completed_at = ?, hash_state = NULL, result = ? WHERE id = ?`
const PARTS = `SELECT ${partColumns('p')}, p.extents FROM parts p WHERE p.manifest_id = ? ORDER BY p.part_number`
const PIECES = 'SELECT extents FROM append_pieces WHERE manifest_id = ? ORDER BY piece_offset'
const DROP_PIECES = 'DELETE FROM append_pieces WHERE manifest_id = ?'
const dropParts = (each: string): string =>
  `DELETE FROM parts WHERE manifest_id = ? AND part_number IN (SELECT CAST(value AS bigint) FROM ${each})`

function replay(answer: NonNullable<HeldUpload['answer']>, { parts }: CompleteUploadCommand): CompleteUploadOutcome {
  if (answer.digest !== digestOfParts(parts)) return { outcome: 'upload-gone' }
  return { outcome: 'completed', object: answer.object, replayed: true }
}

function* contentOf(command: CompleteUploadCommand, upload: HeldUpload): SqlProgram<VerifiedContent> {
  const { parts } = command
  if (parts === null) return yield* appendedContent(command, upload)
  const rows = yield { sql: PARTS, values: [upload.manifestId] }
  return verifyParts({ ...command, parts }, upload, rows)
}

function* appendedContent(command: CompleteUploadCommand, { info, manifestId, extentCount }: HeldUpload): SqlProgram<VerifiedContent> {
  const { appended } = command
  const actual = info.offset
  // Somebody appended since the hashes were read, or the client promised more.
  const expected = [appended?.offset, info.declaredSize].find((size) => typeof size === 'number' && size !== actual)
  if (appended === null || typeof expected === 'number') return { refused: { outcome: 'size', expected: expected ?? 0, actual } }
  if (actual > command.objectSizeMax) return { refused: { outcome: 'too-large', size: actual } }
  if (extentCount > command.objectExtentsMax) return { refused: { outcome: 'too-many-extents' } }
  const { etag, checksum } = appended
  const wrong = refuseExpected(command, { size: actual, checksum })
  if (wrong !== null) return { refused: wrong }
  const rows = yield { sql: PIECES, values: [manifestId] }
  const extents = rows.flatMap((row) => decodeExtents(manifestId, bytesOf(row[0])))
  return { refused: null, content: { size: actual, etag, checksum, partCount: null, extents, unlisted: [], unlistedInline: [] } }
}

type NewVersion = Pick<ObjectInfo, 'versionId' | 'createdAt' | 'sequence'>

function objectOf({ info }: HeldUpload, content: CompletedContent, version: NewVersion): ObjectInfo {
  const { bucketId, key, headers, userMetadata, tags, ownerId, retention, legalHold } = info
  const { size, etag, checksum, partCount } = content
  const said = { bucketId, key, headers, userMetadata, tags, ownerId, retention, legalHold }
  return { ...said, size, etag, checksum, partCount, ...version, latest: true, deleteMarker: false }
}

interface Leftovers {
  readonly manifestId: number
  readonly content: CompletedContent
  readonly now: number
}

function* dropLeftovers(context: SqlContext, { manifestId, content, now }: Leftovers): SqlProgram<void> {
  if (content.partCount === null) yield { sql: DROP_PIECES, values: [manifestId] }
  if (content.unlisted.length === 0) return
  yield* deleteInline(context, content.unlistedInline)
  yield* dropReferencesOfParts(context, { manifestId, partNumbers: content.unlisted, now })
  yield { sql: dropParts(context.dialect.each), values: [manifestId, JSON.stringify(content.unlisted)] }
}
