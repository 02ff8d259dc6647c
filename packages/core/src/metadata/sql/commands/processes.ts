import type { Heartbeat } from '../../metadata-store.ts'
import { storeTime } from '../locks.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'

const LAPSED = 'SELECT lapsed FROM processes WHERE id = ?'
const BEAT = `INSERT INTO processes (id, heartbeat_at, oldest_read_at, lapsed) VALUES (?, ?, ?, 0)
ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, oldest_read_at = excluded.oldest_read_at, lapsed = 0`

/**
 * States that the process lives. Ages and not times: clocks of processes differ, the store's does not. `lapsed`: a
 * collector has claimed reservations of this process since its last heartbeat.
 */
export function* heartbeat(context: SqlContext, { processId, oldestReadAgeMs }: Heartbeat): SqlProgram<{ readonly lapsed: boolean }> {
  const now = yield* storeTime(context)
  const [before] = yield { sql: LAPSED + context.dialect.forUpdate, values: [processId] }
  yield { sql: BEAT, values: [processId, now, oldestReadAgeMs === null ? null : now - Math.ceil(oldestReadAgeMs)] }
  return { lapsed: before?.[0] === 1 }
}

const QUEUE = `UPDATE garbage SET state = 'queued', process_id = NULL, changed_at = ? WHERE state = 'reserved' AND process_id = ?`
const FORGET = 'DELETE FROM processes WHERE id = ?'

/** The process has ended: what it reserved and never committed is garbage. */
export function* endProcess(context: SqlContext, { processId }: { readonly processId: string }): SqlProgram<null> {
  const now = yield* storeTime(context)
  yield { sql: QUEUE, values: [now, processId] }
  yield { sql: FORGET, values: [processId] }
  return null
}
