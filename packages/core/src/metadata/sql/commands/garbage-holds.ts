import type { HoldGarbageCommand, HoldGarbageOutcome, ReleaseGarbageOutcome } from '../../leases.ts'
import { integerOrNull } from '../column.ts'
import { garbageLock, lock } from '../locks.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'

/*
 * Each holder has a row in `jobs`, which is where leases are. Its id begins with a word of ours: what belongs to holds is a
 * stretch of the primary key, however many jobs there are.
 */

const KIND = 'hold-garbage'
/** All ids that begin with the kind and a space. */
const HOLDS = `id >= 'hold-garbage ' AND id < 'hold-garbage!'`

/** When the last hold ends, or NULL: a piece of SELECT. */
export const HELD_UNTIL: string = `(SELECT max(lease_until) FROM jobs WHERE ${HOLDS})`

const FORGET_LAPSED = `DELETE FROM jobs WHERE ${HOLDS} AND lease_until <= ?`
const FIND = 'SELECT lease_until FROM jobs WHERE id = ?'
const PUT = `INSERT INTO jobs (id, kind, body, run_at, lease_owner, lease_until, attempts) VALUES (?, ?, NULL, ?, ?, ?, 0)
ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until`
const RELEASE = 'DELETE FROM jobs WHERE id = ? RETURNING lease_until'

const idOf = (holder: string): string => `${KIND} ${holder}`

/** Waits for the claims under way: what is claimed was claimed before this answers. */
export function* holdGarbage(context: SqlContext, { holder, seconds }: HoldGarbageCommand): SqlProgram<HoldGarbageOutcome> {
  const now = yield* lock(context, [garbageLock(true)])
  const id = idOf(holder)
  const [before] = yield { sql: FIND, values: [id] }
  const until = before === undefined ? null : integerOrNull(before[0])
  yield { sql: FORGET_LAPSED, values: [now] }
  yield { sql: PUT, values: [id, KIND, now, holder, now + Math.ceil(seconds * 1000)] }
  return { outcome: until !== null && until > now ? 'renewed' : 'begun' }
}

/** Says whether it was held until now. */
export function* releaseGarbage(context: SqlContext, { holder }: { readonly holder: string }): SqlProgram<ReleaseGarbageOutcome> {
  const now = yield* lock(context, [garbageLock(true)])
  const [held] = yield { sql: RELEASE, values: [idOf(holder)] }
  const until = held === undefined ? null : integerOrNull(held[0])
  return { outcome: until !== null && until > now ? 'released' : 'lapsed' }
}
