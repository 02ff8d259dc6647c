import { integerOf } from './column.ts'
import { POSTGRES_DIALECT } from './dialects.ts'
import type { SqlContext, SqlProgram, SqlStatement } from './sql-driver.ts'

/** A name that others wait for. Names and not rows: a key that holds nothing has no row to lock. */
export interface Lock {
  readonly name: string
  readonly exclusive: boolean
}

/** Whoever writes without the policy lock holds it shared; marking the store takes it alone, and then the policy. Before all others. */
export function markLock(exclusive: boolean): Lock {
  return { name: 'mark', exclusive }
}
/** Commits hold the policy version shared; raising it, or marking the store, takes it alone. */
export function policyLock(exclusive: boolean): Lock {
  return { name: 'policy', exclusive }
}
/** Commits hold their bucket shared; deleting it, or setting its versioning or its policy, takes it alone. */
export function bucketLock(bucketId: string, exclusive: boolean): Lock {
  return { name: `bucket ${bucketId}`, exclusive }
}
/** Whoever changes what a key holds takes it alone. */
export function keyLock(bucketId: string, key: string): Lock {
  return { name: `key ${bucketId} ${key}`, exclusive: true }
}
/** Parts hold their upload shared; complete, abort and append take it alone. */
export function uploadLock(uploadId: string, exclusive: boolean): Lock {
  return { name: `upload ${uploadId}`, exclusive }
}
/** The same part sent twice at once. */
export function partLock(uploadId: string, partNumber: number): Lock {
  return { name: `part ${uploadId} ${partNumber}`, exclusive: true }
}

/** Collectors hold it shared while they claim; holding garbage back, and letting it go, takes it alone. */
export function garbageLock(exclusive: boolean): Lock {
  return { name: 'garbage', exclusive }
}

/** Whoever writes documents of a kind takes it alone. */
export function documentsLock(kind: string): Lock {
  return { name: `documents ${kind}`, exclusive: true }
}
/** Whoever needs a document of a kind to stay as it is holds the kind shared. */
export function documentsSharedLock(kind: string): Lock {
  return { name: `documents ${kind}`, exclusive: false }
}
/** Whoever writes several rows of a relation takes it alone: two of them in different orders would wait for each other. */
export function relationRowsLock(relation: string): Lock {
  return { name: `rows ${relation}`, exclusive: true }
}

const { storeTime: NOW } = POSTGRES_DIALECT
const STORE_TIME = `SELECT ${NOW}`
// Taken in the order of the list: FROM ... WITH ORDINALITY is read one by one, and nothing sorts it.
const TAKE = `SELECT CASE WHEN value ->> 1 = 'x' THEN CAST(pg_advisory_xact_lock(hashtextextended(value ->> 0, 0)) AS text)
  ELSE CAST(pg_advisory_xact_lock_shared(hashtextextended(value ->> 0, 0)) AS text) END, ${NOW}
FROM jsonb_array_elements(?::jsonb) AS each(value)`

/**
 * Takes the locks in the order given, until the transaction ends, and gives back the store's time (milliseconds)
 * afterwards. What the command reads must be read by a later statement: it then sees what the holders before it committed.
 * Every command takes them in the order mark, policy, bucket, keys (sorted), upload, part; or mark, policy, bucket, kinds of documents (sorted), rows of a relation.
 */
export function* lock(context: SqlContext, locks: readonly Lock[]): SqlProgram<number> {
  if (context.dialect.locks && locks.length > 0) {
    const rows = yield taking(context, locks)
    return context.now ?? integerOf(rows.at(-1)?.[1])
  }
  return yield* storeTime(context)
}

/** The same for those who read the store's time with the next statement: nobody waits for this one. */
export function* hold(context: SqlContext, locks: readonly Lock[]): SqlProgram<void> {
  if (context.dialect.locks && locks.length > 0) yield { ...taking(context, locks), unanswered: true }
}

function taking({ lockScope }: SqlContext, locks: readonly Lock[]): SqlStatement {
  const list = locks.map(({ name, exclusive }) => [`${lockScope} ${name}`, exclusive ? 'x' : 's'])
  return { sql: TAKE, values: [JSON.stringify(list)] }
}

/** The store's time in milliseconds. */
export function* storeTime(context: SqlContext): SqlProgram<number> {
  if (context.now !== null) return context.now
  const rows = yield { sql: STORE_TIME, values: [] }
  return integerOf(rows[0]?.[0])
}
