import { setTimeout as delay } from 'node:timers/promises'
import { StorageError } from '../../errors/storage-error.ts'
import { COMMANDS } from '../sql/commands/index.ts'
import type { CommandInput, CommandName, CommandOutcome } from '../sql/commands/index.ts'
import { integerOf, textOrNull } from '../sql/column.ts'
import { POSTGRES_DIALECT } from '../sql/dialects.ts'
import { MIGRATIONS } from '../sql/migrations/index.ts'
import { migrateOnce } from '../sql/migrations/run-migrations.ts'
import type { MigrationPlan } from '../sql/migrations/run-migrations.ts'
import { POSTGRES_WORDS } from '../sql/migrations/schema-words.ts'
import type { HeldRead, OnStatement, ReadOptions, ReadProgram, SqlContext, SqlDialect, SqlDriver, SqlProgram } from '../sql/sql-driver.ts'
import { translatePostgresError } from './postgres-errors.ts'
import type { PostgresPool } from './postgres-pool.ts'
import { PostgresSession, Unanswered, Undone } from './postgres-session.ts'
import type { PostgresTimeouts } from './postgres-session.ts'
import { backOff, connectPatiently, RETRIES_MAX } from './connect-patiently.ts'
import { PostgresReplica, selectPosition, selectReplayed } from './postgres-replica.ts'
import type { PostgresReplicaOptions } from './postgres-replica.ts'
import { SERVER_RUN } from './server-run.ts'
import { PostgresTexts, quoteIdentifier } from './postgres-text.ts'

/** What the driver is made of. */
export interface PostgresDriverOptions {
  /** Whose connections are used. */
  readonly pool: PostgresPool
  /** The schema of the tables; null for the one that connections lead to when it is opened. */
  readonly schema: string | null
  /** The store's time in milliseconds; null asks the database. */
  readonly now: (() => number) | null
  /** Fault injection of tests. */
  readonly onStatement?: OnStatement | undefined
  /** Default true; see `PostgresMetadataOptions`. */
  readonly migrate?: boolean
  /** Whether statements have names. Default true. */
  readonly prepare?: boolean
  /** Milliseconds; null waits as long as the server does. Default null. */
  readonly timeouts?: PostgresTimeouts | null
  /** For reads that may lag. Default null: all are the primary's. */
  readonly replica?: PostgresReplicaOptions | null
  /** For tests of migrations. */
  readonly plan?: MigrationPlan
}

/** Advisory locks live in one table of the server, and a transaction must not fill it. */
const KEYS_PER_TRANSACTION = 100

/** So long the server is asked what became of a transaction: one that does not answer has had its time-outs before. */
const ASKED_FOR_MS = 2000
const MIGRATE = 'migrate'
const TABLE_IS_THERE = 'SELECT 1 WHERE to_regclass(?) IS NOT NULL'
const SCHEMA_IS_THERE = 'SELECT 1 FROM pg_namespace WHERE nspname = ?'
/** Where a connection makes tables: the first schema of its `search_path` that is there. A table that others have further on is none of ours. */
const OWN_SCHEMA = 'SELECT current_schema()'
const MIGRATION_LOCK = 'SELECT CAST(pg_advisory_xact_lock(hashtextextended(?, 0)) AS text)'

/** Postgres through a pool: each command a transaction, retried where others were in its way. */
export class PostgresDriver implements SqlDriver {
  readonly name = 'postgres'
  readonly dialect: SqlDialect = POSTGRES_DIALECT
  readonly keysPerCommand: number = KEYS_PER_TRANSACTION
  readonly #options: PostgresDriverOptions
  /** Null until it is opened where nobody has named it. */
  #schema: string | null
  #texts: PostgresTexts
  readonly #replica: PostgresReplica | null
  readonly #running = new Set<Promise<unknown>>()
  #open = false

  constructor(options: PostgresDriverOptions) {
    const { schema, prepare = true } = options
    this.#options = options
    this.#schema = schema
    this.#texts = new PostgresTexts(schema, { prepare })
    this.#replica = options.replica == null ? null : this.#makeReplica(options.replica)
  }

  get lagMilliseconds(): number {
    return this.#replica?.lagMilliseconds ?? 0
  }

  #makeReplica(options: PostgresReplicaOptions): PostgresReplica {
    const run = <T>(pool: PostgresPool, program: SqlProgram<T>): Promise<T> =>
      this.#withSession('read', (session) => session.query(program), pool)
    return new PostgresReplica(options, {
      primaryPosition: () => run(this.#options.pool, selectPosition()),
      hasReplayed: (position) => run(options.pool, selectReplayed(position)),
    })
  }

  async open(): Promise<void> {
    if (this.#schema === null) await this.#findSchema()
    const plan = this.#options.plan ?? { migrations: MIGRATIONS, words: POSTGRES_WORDS, store: 'postgres' }
    while (await this.#transact(MIGRATE, () => (this.#options.migrate === false ? this.#look(plan) : this.#migrate(plan))));
    await this.#replica?.open()
    this.#open = true
  }

  /** From here on it is named: whoever names it, and whoever is led there, must wait for the same locks. */
  async #findSchema(): Promise<void> {
    const schema = await this.#withSession('read', (session) => session.query(ownSchema()))
    const reason = 'the search_path of its connections leads to no schema that is there'
    if (schema === null) throw new StorageError('StoreUnavailable', { store: 'postgres', reason })
    this.#schema = schema
    this.#texts = new PostgresTexts(schema, { prepare: this.#options.prepare ?? true })
  }

  *#migrate(plan: MigrationPlan): SqlProgram<boolean> {
    const schema = this.#schema
    yield { sql: MIGRATION_LOCK, values: [`${this.#lockScope} migrations`] }
    if (schema !== null) {
      // Asked before: where it is there, the right to make one is not needed, not even for IF NOT EXISTS.
      const there = yield { sql: SCHEMA_IS_THERE, values: [schema] }
      if (there.length === 0) yield { sql: `CREATE SCHEMA ${quoteIdentifier(schema)}`, values: [] }
    }
    return yield* migrateOnce(this.#context(), plan)
  }

  /** Makes nothing, not even the schema, and waits for nobody who does. */
  #look(plan: MigrationPlan): SqlProgram<boolean> {
    const schema = this.#schema
    const table = schema === null ? 'schema_migrations' : `${quoteIdentifier(schema)}.schema_migrations`
    return migrateOnce(this.#context(), { ...plan, lookOnly: { sql: TABLE_IS_THERE, values: [table] } })
  }

  async close(): Promise<void> {
    this.#open = false
    await Promise.allSettled(this.#running)
    await this.#replica?.idle()
  }

  command<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutcome<N>> {
    return this.#track(() => this.#transact(name, () => COMMANDS[name](this.#context(), input)))
  }

  read<T>(program: ReadProgram<T>, options?: ReadOptions): Promise<T> {
    return this.#readFrom(options, (session) => session.query(program(this.#context())))
  }

  readConsistent<T>(program: ReadProgram<T>, options?: ReadOptions): Promise<T> {
    return this.#readFrom(options, (session) => session.read(program(this.#context())))
  }

  #readFrom<T>(options: ReadOptions | undefined, use: (session: PostgresSession) => Promise<T>): Promise<T> {
    return this.#track(async () => {
      const replica = options?.mayLag === true ? this.#replica : null
      if (replica?.isRecent() !== true) return this.#withSession('read', use)
      try {
        return await replica.answerOf(this.#withSession('read', use, replica.pool))
      } catch {
        // It broke, hangs, was promoted, or needs the row away that we read; or the question is one that fails. The primary knows as much.
        return this.#withSession('read', use)
      }
    })
  }

  readHeld<T>(use: (read: HeldRead) => Promise<T>): Promise<T> {
    return this.#track(() => this.#withSession('read', (session) => session.held((run) => use((program) => run(program(this.#context()))))))
  }

  #track<T>(run: () => Promise<T>): Promise<T> {
    if (!this.#open) return Promise.reject(new StorageError('StoreUnavailable', { store: 'postgres', reason: 'the store is not open' }))
    const running = run().finally(() => this.#running.delete(running))
    this.#running.add(running)
    return running
  }

  get #lockScope(): string {
    return `stowage ${this.#schema ?? ''}`
  }

  #context(): SqlContext {
    return { dialect: POSTGRES_DIALECT, now: this.#options.now?.() ?? null, lockScope: this.#lockScope, sequence: integerOf }
  }

  /** Runs a program as one transaction; again, where it was undone for a reason that passes. */
  async #transact<T>(command: string, program: () => SqlProgram<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#withSession(command, (session) => session.write(program()))
      } catch (error) {
        if (error instanceof Unanswered) {
          const became = await this.#whatBecame(error)
          // The type parameter is that of this call's own program.
          if (became === 'committed') return error.result as T
          if (became === null) throw error.unknown
          if (attempt > RETRIES_MAX) throw connectionLost(error)
        } else {
          if (!(error instanceof Undone)) throw error
          if (attempt > RETRIES_MAX) throw translatePostgresError(error.cause)
        }
        await backOff(attempt)
      }
    }
  }

  /**
   * Asks the server what became of a transaction whose COMMIT was not answered; null where it cannot be asked, or does not know (yet). One that
   * was not on the disk when the server crashed is lost, and its id is given out again, also by a standby that was promoted without it: after
   * that 'committed' may speak of another one. 'aborted' is right all the same: what was committed keeps its id.
   */
  async #whatBecame({ transactionId, serverRun }: Unanswered): Promise<'committed' | 'aborted' | null> {
    const over = new AbortController()
    const asking = this.#ask(transactionId, over.signal)
    try {
      const told = await Promise.race([asking, delay(ASKED_FOR_MS, null, { signal: over.signal })])
      if (told === null || told.status === 'aborted') return told?.status ?? null
      return serverRun !== null && told.serverRun === serverRun ? 'committed' : null
    } finally {
      over.abort()
    }
  }

  /** Asks until the server knows, or nobody wants to know any more. */
  async #ask(transactionId: string, over: AbortSignal): Promise<ToldOutcome | null> {
    for (let attempt = 1; !over.aborted; attempt += 1) {
      const told = await this.#withSession('read', (session) => session.query(transactionStatus(transactionId))).catch(() => null)
      if (told !== null) return told
      // Still in progress: the server may be about to do it, or has not noticed yet that nobody listens.
      await backOff(attempt)
    }
    return null
  }

  /** Lends a connection. One that failed is rolled back; one that is lost is thrown away. */
  async #withSession<T>(
    command: string,
    use: (session: PostgresSession) => Promise<T>,
    pool: PostgresPool = this.#options.pool,
  ): Promise<T> {
    const { timeouts = null, onStatement } = this.#options
    const client = await connectPatiently(pool)
    // What migrates a schema takes as long as it does.
    const session = new PostgresSession(client, {
      command,
      texts: this.#texts,
      timeouts: command === MIGRATE ? null : timeouts,
      onStatement,
    })
    let broken = false
    // Without a listener a connection that breaks ends the process. The query that was under way gets the error too.
    const onError = (): void => void (broken = true)
    client.on('error', onError)
    try {
      return await use(session)
    } catch (error) {
      broken ||= !(await session.rolledBack(error))
      if (error instanceof Undone || error instanceof Unanswered) throw error
      throw translatePostgresError(error)
    } finally {
      client.removeListener('error', onError)
      client.release(broken)
    }
  }
}

function* ownSchema(): SqlProgram<string | null> {
  const [row] = yield { sql: OWN_SCHEMA, values: [] }
  return textOrNull(row?.[0] ?? null)
}

/** What a server knows of a transaction, and which run of it says so. */
interface ToldOutcome {
  readonly status: 'committed' | 'aborted'
  readonly serverRun: string | null
}

/** Null where it has not ended. */
function* transactionStatus(transactionId: string): SqlProgram<ToldOutcome | null> {
  const [row] = yield { sql: `SELECT pg_xact_status(CAST(? AS xid8)), ${SERVER_RUN}`, values: [transactionId] }
  const status = textOrNull(row?.[0] ?? null)
  return status === 'committed' || status === 'aborted' ? { status, serverRun: textOrNull(row?.[1] ?? null) } : null
}

/** Nothing was changed: that much is known. */
function connectionLost(cause: Unanswered): StorageError {
  return new StorageError('StoreUnavailable', { store: 'postgres', reason: 'the connection is lost' }, { cause, retryable: true })
}
