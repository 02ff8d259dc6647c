import type { FinishJobCommand, FinishJobOutcome, RenewJobCommand, RenewJobOutcome, TakeJobCommand, TakeJobOutcome } from '../../jobs.ts'
import { integerOf, integerOrNull, textOrNull } from '../column.ts'
import { storeTime } from '../locks.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'

/** Beside the rows of whoever holds garbage back. */
const idOf = (id: string): string => `job ${id}`
/** What somebody else has locked is being taken at this moment: nobody waits for it. */
const SKIP = { sqlite: '', postgres: ' FOR UPDATE SKIP LOCKED' } as const

const FIND_DUE = 'SELECT lease_owner FROM jobs WHERE id = ? AND run_at <= ? AND (lease_until IS NULL OR lease_until <= ?)'
const FIND = 'SELECT run_at, lease_until FROM jobs WHERE id = ?'
const MAKE = `INSERT INTO jobs (id, kind, body, run_at, lease_owner, lease_until, attempts) VALUES (?, ?, NULL, ?, NULL, NULL, 0)
ON CONFLICT DO NOTHING`
const TAKE = 'UPDATE jobs SET lease_owner = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ? RETURNING attempts'
const RENEW = 'UPDATE jobs SET lease_until = ? WHERE id = ? AND lease_owner = ? RETURNING id'
const PUT_BACK = `UPDATE jobs SET run_at = ?, lease_owner = NULL, lease_until = NULL WHERE id = ? AND lease_owner = ? RETURNING id`
const FINISH = `UPDATE jobs SET run_at = ?, lease_owner = NULL, lease_until = NULL, attempts = 0 WHERE id = ? AND lease_owner = ? RETURNING id`

/** Takes the job, or says when to come again. */
export function* takeJob(context: SqlContext, command: TakeJobCommand): SqlProgram<TakeJobOutcome> {
  const now = yield* storeTime(context)
  const taken = yield* takeDue(context, { ...command, now })
  if (taken !== null) return taken
  const [row] = yield { sql: FIND, values: [idOf(command.id)] }
  if (row !== undefined) {
    const leaseUntil = integerOrNull(row[1])
    if (leaseUntil !== null) return { outcome: 'busy', waitMs: Math.max(0, leaseUntil - now) }
    const waitMs = Math.max(0, integerOf(row[0]) - now)
    return waitMs > 0 ? { outcome: 'early', waitMs } : { outcome: 'busy', waitMs }
  }
  yield { sql: MAKE, values: [idOf(command.id), command.kind, now] }
  // Where two make it at once, one of them has waited for the other, and finds its row.
  return (yield* takeDue(context, { ...command, now })) ?? { outcome: 'busy', waitMs: 0 }
}

type TakeNow = TakeJobCommand & { readonly now: number }

function* takeDue(context: SqlContext, { id, owner, leaseSeconds, now }: TakeNow): SqlProgram<TakeJobOutcome | null> {
  const [due] = yield { sql: FIND_DUE + SKIP[context.dialect.name], values: [idOf(id), now, now] }
  if (due === undefined) return null
  const [taken] = yield { sql: TAKE, values: [owner, later(now, leaseSeconds), idOf(id)] }
  return { outcome: 'taken', attempt: integerOf(taken?.[0]), takenFrom: textOrNull(due[0] ?? null) }
}

/** Moves the end of the lease on. */
export function* renewJob(context: SqlContext, { id, owner, leaseSeconds }: RenewJobCommand): SqlProgram<RenewJobOutcome> {
  const now = yield* storeTime(context)
  const renewed = yield { sql: RENEW, values: [later(now, leaseSeconds), idOf(id), owner] }
  return { outcome: renewed.length > 0 ? 'renewed' : 'lost' }
}

/** Gives the job back, to be due again later. */
export function* finishJob(context: SqlContext, { id, owner, againInSeconds, done }: FinishJobCommand): SqlProgram<FinishJobOutcome> {
  const now = yield* storeTime(context)
  const finished = yield { sql: done ? FINISH : PUT_BACK, values: [later(now, againInSeconds), idOf(id), owner] }
  return { outcome: finished.length > 0 ? 'finished' : 'lost' }
}

function later(now: number, seconds: number): number {
  return now + Math.ceil(seconds * 1000)
}
