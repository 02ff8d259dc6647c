import type { Clock } from '../../util/clock.ts'
import type { MetadataStore } from '../metadata-store.ts'
import type { OnStatement } from '../sql/sql-driver.ts'
import { SqlMetadataStore } from '../sql/sql-metadata-store.ts'
import { PostgresDriver } from './postgres-driver.ts'
import type { PostgresPool } from './postgres-pool.ts'
import type { PostgresReplicaOptions } from './postgres-replica.ts'

/** Which Postgres keeps the metadata. */
export interface PostgresMetadataOptions {
  /**
   * A `pg` Pool, or what looks like one. It stays the caller's: `close()` does not end it. Made with `pipeline: true` (seen with pg 8.23), a small put
   * is two round trips to the database instead of six.
   */
  readonly pool: PostgresPool
  /** The schema that holds the tables, one a namespace; made where it is not there. Default: the first of its connections' `search_path` that is there when it is opened. */
  readonly schema?: string
  /**
   * False looks and changes nothing of the schema: where it is not up to date, `open()` rejects with `SchemaTooOld`. For those who
   * administer what others serve. Default true.
   */
  readonly migrate?: boolean
  /** Opens a store that has a `StoreMark` as well: one that is not to be served. Default false. */
  readonly openMarked?: boolean
  /**
   * Whether statements are kept parsed on their connection, by name. False behind a pooler that lends connections for a transaction at a
   * time (PgBouncer before 1.21, or without `max_prepared_statements`). Default true.
   */
  readonly prepare?: boolean
  /**
   * The longest that a statement may take, its waiting for locks included; what takes longer is undone, and rejects with
   * `StoreUnavailable`. A server that does not answer at all is given a second more, and its connection up. Migrations and what
   * works over whole tables may take as long as they do. A query that is given up goes on in the server, unless the pool has a
   * `statement_timeout`. Milliseconds, 1 to 2,147,482,647. Default 30,000.
   */
  readonly statementTimeoutMilliseconds?: number
  /** The longest that a statement waits for the locks of others. Milliseconds, as above. Default 10,000. */
  readonly lockTimeoutMilliseconds?: number
  /**
   * A streaming replica for GET, HEAD and listings of objects. What it answers is no older than its lag allows, by positions in the log; where it is
   * further behind, or does not answer, the primary is asked. A client may then not see at once what it has written. `open()` rejects with
   * `InvalidArgument` for a server that is no replica of this one. Default: none, and every read sees all writes.
   */
  readonly replica?: PostgresReplicaOptions
  /** The store's time, for tests. Default: the database's. */
  readonly clock?: Clock
  /** For tests: called before each statement; what it throws counts as a fault of the database. */
  readonly onStatement?: OnStatement
}

const FIELDS: ReadonlySet<string> = new Set([
  'pool',
  'schema',
  'migrate',
  'openMarked',
  'prepare',
  'statementTimeoutMilliseconds',
  'lockTimeoutMilliseconds',
  'replica',
  'clock',
  'onStatement',
])

/** The metadata store in Postgres 14 or later, for several processes at once. Nothing happens before `open()`. */
export function postgresMetadata(options: PostgresMetadataOptions): MetadataStore {
  for (const field of Object.keys(options)) if (!FIELDS.has(field)) throw new TypeError(`postgresMetadata: unknown option '${field}'`)
  const { pool, schema = null, migrate = true, openMarked = false, prepare = true, replica = null, clock, onStatement } = options
  const { statementTimeoutMilliseconds: statement = 30_000, lockTimeoutMilliseconds: lock = 10_000 } = options
  if (schema !== null) checkSchema(schema)
  checkTimeout('statementTimeoutMilliseconds', statement)
  checkTimeout('lockTimeoutMilliseconds', lock)
  if (replica !== null) checkReplica(replica)
  const now = clock === undefined ? null : (): number => clock().getTime()
  const driver = new PostgresDriver({ pool, schema, migrate, prepare, timeouts: { statement, lock }, replica, now, onStatement })
  return new SqlMetadataStore(driver, { openMarked })
}

const LAG_MIN = 100
const LAG_MAX = 10_000

function checkReplica({ lagMilliseconds = LAG_MIN, ...rest }: PostgresReplicaOptions): void {
  for (const field of Object.keys(rest)) if (field !== 'pool') throw new TypeError(`postgresMetadata: unknown option 'replica.${field}'`)
  if (Number.isInteger(lagMilliseconds) && lagMilliseconds >= LAG_MIN && lagMilliseconds <= LAG_MAX) return
  throw new TypeError(`postgresMetadata: replica.lagMilliseconds is an integer from ${LAG_MIN} to ${LAG_MAX}`)
}

/** What Postgres can count, and a timer that waits a second longer. */
const TIMEOUT_MAX = 2_147_482_647

function checkTimeout(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= TIMEOUT_MAX) return
  throw new TypeError(`postgresMetadata: ${name} is an integer from 1 to ${TIMEOUT_MAX}`)
}

/** Postgres cuts longer names off, and two namespaces would be one. */
const NAME_BYTES_MAX = 63

function checkSchema(schema: string): void {
  const length = Buffer.byteLength(schema)
  if (length > 0 && length <= NAME_BYTES_MAX && !/[\0?]/.test(schema)) return
  throw new TypeError(`postgresMetadata: schema is a name of 1 to ${NAME_BYTES_MAX} bytes, without NUL and '?'`)
}
