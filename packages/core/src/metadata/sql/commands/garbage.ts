import type { ClaimGarbageQuery } from '../../metadata-store.ts'
import type { BlobRef } from '../../../model/extent.ts'
import { integerOrNull } from '../column.ts'
import { garbageLock, lock, storeTime } from '../locks.ts'
import { blobList, readBlobRows } from '../references.ts'
import type { SqlContext, SqlProgram, SqlValue } from '../sql-driver.ts'
import { HELD_UNTIL } from './garbage-holds.ts'

/** Blobs by name, as commands carry them. */
export interface BlobsInput {
  readonly blobs: readonly BlobRef[]
}
/** Blobs that a process is about to write. */
export interface ReserveInput extends BlobsInput {
  readonly processId: string
}

const reserveText = (each: string): string => `INSERT INTO garbage (backend_id, blob, state, process_id, changed_at)
SELECT value ->> 0, value ->> 1, 'reserved', CAST(? AS text), CAST(? AS bigint) FROM ${each} WHERE true`

/** Leaves a trace of blobs before their bytes go out. A blob that is known already is a fault of the caller: names are never reused. */
export function* reserveBlobs(context: SqlContext, { processId, blobs }: ReserveInput): SqlProgram<null> {
  const now = yield* storeTime(context)
  yield { sql: reserveText(context.dialect.each), values: [processId, now, blobList(blobs)] }
  return null
}

const abandonText = (each: string): string => `UPDATE garbage SET state = 'queued', process_id = NULL, changed_at = ?
WHERE state = 'reserved' AND (backend_id, blob) IN (SELECT value ->> 0, value ->> 1 FROM ${each}) RETURNING backend_id, blob`

/**
 * Hands blobs that are still reserved to the collector, and gives those back. A commit in doubt either has the rows locked
 * (then this waits for it, and finds none) or finds them queued afterwards, and refuses.
 */
export function* abandonBlobs(context: SqlContext, { blobs }: BlobsInput): SqlProgram<readonly BlobRef[]> {
  const now = yield* storeTime(context)
  return readBlobRows(yield { sql: abandonText(context.dialect.each), values: [now, blobList(blobs)] })
}

const ALIVE = `SELECT min(heartbeat_at), min(oldest_read_at), ${HELD_UNTIL} FROM processes WHERE heartbeat_at >= ?`
const QUEUED = `SELECT backend_id, blob FROM garbage WHERE state = 'queued' AND changed_at <= ? ORDER BY changed_at LIMIT ?`
const CLAIMED = `SELECT backend_id, blob FROM garbage WHERE state = 'claimed' AND changed_at < ? ORDER BY changed_at LIMIT ?`
// A process that never said a word is as old as what it reserved.
const DEAD = `SELECT g.backend_id, g.blob FROM garbage g
WHERE g.state = 'reserved' AND g.changed_at < ?
AND NOT EXISTS (SELECT 1 FROM processes p WHERE p.id = g.process_id AND p.heartbeat_at >= ?)
ORDER BY g.changed_at LIMIT ?`
const SKIP = { sqlite: '', postgres: ' FOR UPDATE SKIP LOCKED' } as const

const lapseText = (each: string): string => `INSERT INTO processes (id, heartbeat_at, oldest_read_at, lapsed)
SELECT DISTINCT process_id, CAST(? AS bigint), CAST(NULL AS bigint), 1 FROM garbage
WHERE process_id IS NOT NULL AND (backend_id, blob) IN (SELECT value ->> 0, value ->> 1 FROM ${each})
ON CONFLICT (id) DO UPDATE SET lapsed = 1`
const claimText = (each: string): string => `UPDATE garbage SET state = 'claimed', process_id = NULL, changed_at = ?
WHERE (backend_id, blob) IN (SELECT value ->> 0, value ->> 1 FROM ${each})`
const FORGET_DEAD = 'DELETE FROM processes WHERE heartbeat_at < ?'
/** A process that has been silent for so long is forgotten, whether it lapsed or not. */
const SILENCE_MS = 7 * 86_400_000

/**
 * Claims blobs to delete: those queued for longer than the grace, before every live process's last heartbeat, and longer
 * than the grace before any read that is open; those that a dead process reserved; those that a collector claimed and did
 * not delete within the lease. None while somebody holds garbage back.
 */
export function* claimGarbage(context: SqlContext, query: ClaimGarbageQuery): SqlProgram<readonly BlobRef[]> {
  const now = yield* lock(context, [garbageLock(false)])
  const dead = now - query.leaseSeconds * 1000
  const { name, each } = context.dialect
  const [alive] = yield { sql: ALIVE, values: [dead] }
  if ((integerOrNull(alive?.[2] ?? null) ?? 0) > now) return []
  const before = claimableBefore({ now, graceMs: query.graceSeconds * 1000, beat: alive?.[0] ?? null, read: alive?.[1] ?? null })
  const queued = readBlobRows(yield { sql: QUEUED + SKIP[name], values: [before, query.limit] })
  const again = readBlobRows(yield { sql: CLAIMED + SKIP[name], values: [dead, query.limit - queued.length] })
  const room = query.limit - queued.length - again.length
  const lapsed = room > 0 ? readBlobRows(yield { sql: DEAD + SKIP[name], values: [dead, dead, room] }) : []
  if (lapsed.length > 0) yield { sql: lapseText(each), values: [dead - 1, blobList(lapsed)] }
  const claimed = [...queued, ...again, ...lapsed]
  if (claimed.length > 0) yield { sql: claimText(each), values: [now, blobList(claimed)] }
  yield { sql: FORGET_DEAD, values: [Math.min(dead, now - SILENCE_MS)] }
  return claimed
}

interface Ages {
  readonly now: number
  readonly graceMs: number
  /** The oldest last heartbeat of a live process. */
  readonly beat: SqlValue
  /** When the oldest read that is open began. */
  readonly read: SqlValue
}

/** The latest time of queueing that makes a blob claimable. One millisecond is the grain: what is equal may have been later. */
function claimableBefore({ now, graceMs, beat, read }: Ages): number {
  const beatAt = integerOrNull(beat) ?? Infinity
  const readAt = integerOrNull(read) ?? Infinity
  return Math.min(now - graceMs, beatAt - 1, readAt - graceMs - 1)
}

const forgetText = (each: string): string =>
  `DELETE FROM garbage WHERE state = 'claimed' AND (backend_id, blob) IN (SELECT value ->> 0, value ->> 1 FROM ${each})`

/** The claimed blobs are deleted. */
export function* forgetGarbage(context: SqlContext, { blobs }: BlobsInput): SqlProgram<null> {
  yield { sql: forgetText(context.dialect.each), values: [blobList(blobs)] }
  return null
}
