import { integerOf } from './column.ts'
import { MARK_ID, MARK_KIND, markedError, readMark } from './copying/store-mark.ts'
import { hold, markLock } from './locks.ts'
import type { SqlContext, SqlProgram, SqlValue } from './sql-driver.ts'

/*
 * A store may be marked by another process at any moment, whatever it knows of those that have it open: one may have been cut off for hours.
 * So every command looks for the mark itself, behind a lock that is taken alone to set it: it has ended before the mark is there, or is refused.
 * Who restores a backup writes to it; that is a file with one owner.
 */

/** A piece of SELECT from `policy_state p`: the policy's version; NULL where the store has a mark that keeps everybody from writing. */
export const SERVED_VERSION: string = `CASE WHEN EXISTS (SELECT 1 FROM documents
WHERE kind = '${MARK_KIND}' AND id = '${MARK_ID}' AND body ->> 'state' <> 'backup') THEN NULL ELSE p.version END`

const READ = `SELECT ${SERVED_VERSION} FROM policy_state p WHERE p.id = 1`

/** What `SERVED_VERSION` gave. Throws `StoreNotUsable` where it is NULL. */
export function* servedVersion(value: SqlValue | undefined): SqlProgram<number> {
  if (value === null) {
    const mark = yield* readMark()
    if (mark !== null) throw markedError(mark)
  }
  return integerOf(value)
}

/** The version of the policy set that commits are held against. Throws `StoreNotUsable` where the store is marked. */
export function* policyVersion(): SqlProgram<number> {
  const [row] = yield { sql: READ, values: [] }
  return yield* servedVersion(row?.[0])
}

/**
 * The same program in a store that is not marked, nor will be before it ends. For commands that do not read `SERVED_VERSION` behind the
 * policy lock: that one may be held alone for as long as an index takes, which no heartbeat must wait for.
 */
export function whileServed<I, O>(
  program: (context: SqlContext, input: I) => SqlProgram<O>,
): (context: SqlContext, input: I) => SqlProgram<O> {
  return function* served(context: SqlContext, input: I): SqlProgram<O> {
    yield* hold(context, [markLock(false)])
    yield* policyVersion()
    return yield* program(context, input)
  }
}
