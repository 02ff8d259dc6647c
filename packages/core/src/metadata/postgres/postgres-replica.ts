import { setTimeout as delay } from 'node:timers/promises'
import { isStorageError, StorageError } from '../../errors/storage-error.ts'
import { textOf } from '../sql/column.ts'
import type { SqlProgram } from '../sql/sql-driver.ts'
import type { PostgresPool } from './postgres-pool.ts'

/** A standby of the same database, for reads that may lag. */
export interface PostgresReplicaOptions {
  /** A `pg` Pool, or what looks like one, of connections to a streaming replica. It stays the caller's. */
  readonly pool: PostgresPool
  /** What it answers is at most so old. Milliseconds, 100 to 10,000. Default 1,000. */
  readonly lagMilliseconds?: number
}

/** Where a server's log ends. Positions of two systems, or of two timelines, say nothing of each other. */
export interface LogPosition {
  readonly system: string
  readonly timeline: string
  readonly position: string
}

/** What servers say of their logs: see `PostgresReplica`. */
export interface ReplicaProbe {
  /** Where the primary's log ends: everything that it has acknowledged lies before. */
  readonly primaryPosition: () => Promise<LogPosition>
  /** Whether the replica has replayed the same log up to there. Null where it is no replica of that system. */
  readonly hasReplayed: (position: LogPosition) => Promise<boolean | null>
}

/** Where the log of a primary ends that has been written for good. */
export function* selectPosition(): SqlProgram<LogPosition> {
  const [row] = yield { sql: POSITION, values: [] }
  return { system: textOf(row?.[0]), timeline: textOf(row?.[1]), position: textOf(row?.[2]) }
}

/** Whether this server replays the same log, and has come that far; null where it is no replica of that system. */
export function* selectReplayed({ system, timeline, position }: LogPosition): SqlProgram<boolean | null> {
  const [row] = yield { sql: REPLAYED, values: [position, timeline, system] }
  return row?.[0] === 1 ? row[1] === 1 : null
}

const POSITION = `SELECT CAST(system_identifier AS text), substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8),
  CAST(pg_current_wal_flush_lsn() AS text)
FROM pg_control_system()`
// The timeline of its last restart point, which may be a former one for some minutes after a failover: then it is not read.
const REPLAYED = `SELECT CAST(pg_is_in_recovery() AND CAST(s.system_identifier AS text) = r.system AS int), CAST(pg_last_wal_replay_lsn() >= CAST(r.position AS pg_lsn)
    AND lpad(upper(to_hex(c.timeline_id)), 8, '0') = r.timeline AS int)
FROM pg_control_system() s, pg_control_checkpoint() c, (SELECT CAST(? AS text) AS position, CAST(? AS text) AS timeline, CAST(? AS text) AS system) r`

/** So long a read on a replica may take, above the lag that is let. Milliseconds. */
const ANSWER_MS = 1000
/** How often it is looked again whether the replica has come so far, of the lag that is let. */
const LOOKS_PER_LAG = 20

/**
 * Knows whether a replica is recent enough to be read. It has replayed the log up to where the primary's ended at some moment: then what it
 * answers is no older than that moment, whatever became of the connection between the two since. There is no timer: the next moment is
 * asked for by reads, and while nothing is known of a recent one, reads are the primary's.
 */
export class PostgresReplica {
  readonly pool: PostgresPool
  readonly lagMilliseconds: number
  readonly #probe: ReplicaProbe
  #asOf = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | null = null

  constructor({ pool, lagMilliseconds = 1000 }: PostgresReplicaOptions, probe: ReplicaProbe) {
    this.pool = pool
    this.lagMilliseconds = lagMilliseconds
    this.#probe = probe
  }

  /** Whether a read that begins now may be the replica's. Looks behind the read for the next one, where half of the lag is over. */
  isRecent(): boolean {
    const age = performance.now() - this.#asOf
    if (age > this.lagMilliseconds / 2) this.#looking ??= this.#look().finally(() => (this.#looking = null))
    return age < this.lagMilliseconds
  }

  /**
   * What a read on it answers, if that is before long: who waits can have it from the primary. Where it breaks or hangs, nothing is its any more
   * until it has been looked at again.
   */
  async answerOf<T>(read: Promise<T>): Promise<T> {
    const answered = new AbortController()
    // Whatever comes after the time is over.
    read.catch(() => undefined)
    const late = delay(this.lagMilliseconds + ANSWER_MS, null, { signal: answered.signal }).then(() => {
      throw new StorageError('StoreUnavailable', { store: 'postgres', reason: 'the replica does not answer' }, { retryable: true })
    })
    try {
      return await Promise.race([read, late])
    } catch (error) {
      if (isStorageError(error) && error.code === 'StoreUnavailable') this.#asOf = Number.NEGATIVE_INFINITY
      throw error
    } finally {
      answered.abort()
    }
  }

  /** Rejects with `InvalidArgument` where it is no replica. One that cannot be asked is left alone until it can. */
  async open(): Promise<void> {
    const position = await this.#probe.primaryPosition()
    const replayed = await this.#probe.hasReplayed(position).catch(() => false)
    if (replayed !== null) return
    throw new StorageError('InvalidArgument', { argument: 'replica', reason: 'is no streaming replica of this database' })
  }

  /** Resolves when nothing is asked any more. */
  async idle(): Promise<void> {
    await this.#looking
  }

  /** Never rejects: what cannot be asked is not recent. */
  async #look(): Promise<void> {
    const since = performance.now()
    try {
      const position = await this.#probe.primaryPosition()
      while (performance.now() - since < this.lagMilliseconds) {
        const replayed = await this.#probe.hasReplayed(position)
        if (replayed === null) return
        if (replayed) return void (this.#asOf = since)
        await delay(this.lagMilliseconds / LOOKS_PER_LAG)
      }
    } catch {
      // The primary is asked instead, and the replica again behind the next read.
    }
  }
}
