import { isStorageError, StorageError } from '../../errors/storage-error.ts'
import { assert } from '../../util/assert.ts'
import { COMMANDS } from '../sql/commands/index.ts'
import type { CommandInput, CommandName, CommandOutcome } from '../sql/commands/index.ts'
import { integerOf } from '../sql/column.ts'
import { POSTGRES_DIALECT } from '../sql/dialects.ts'
import { MIGRATIONS } from '../sql/migrations/index.ts'
import { migrateOnce } from '../sql/migrations/run-migrations.ts'
import type { MigrationPlan } from '../sql/migrations/run-migrations.ts'
import { POSTGRES_WORDS } from '../sql/migrations/schema-words.ts'
import { runProgramAsync } from '../sql/run-program.ts'
import type { OnStatement, ReadProgram, SqlContext, SqlDriver, SqlProgram, SqlRows, SqlStatement } from '../sql/sql-driver.ts'
import { isConnectionLost, isTransient, relationFault, sqlState, translateCommitError, translatePostgresError } from './postgres-errors.ts'
import type { PostgresClient, PostgresPool, PostgresQuery } from './postgres-pool.ts'
import { backOff, connectPatiently, RETRIES_MAX } from './connect-patiently.ts'
import { PostgresTexts, quoteIdentifier } from './postgres-text.ts'
import { POSTGRES_TYPES } from './postgres-types.ts'
import { StatementPipeline } from './statement-pipeline.ts'

/** The longest that a statement of a command or a query may take, and wait for locks. Milliseconds. */
export interface PostgresTimeouts {
  readonly statement: number
  readonly lock: number
}

/** What the driver is made of. */
export interface PostgresDriverOptions {
  /** Whose connections are used. */
  readonly pool: PostgresPool
  /** The schema of the tables; null for the connection's own. */
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
  /** For tests of migrations. */
  readonly plan?: MigrationPlan
}

/** The server has its own clock, and its answer a way to go. */
const ANSWER_GRACE_MS = 1000
/** Advisory locks live in one table of the server, and a transaction must not fill it. */
const KEYS_PER_TRANSACTION = 100

const BEGIN_WRITE = 'BEGIN ISOLATION LEVEL READ COMMITTED'
const BEGIN_READ = 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY'
const TABLE_IS_THERE = 'SELECT 1 WHERE to_regclass(?) IS NOT NULL'
const SCHEMA_IS_THERE = 'SELECT 1 FROM pg_namespace WHERE nspname = ?'
const MIGRATION_LOCK = 'SELECT CAST(pg_advisory_xact_lock(hashtextextended(?, 0)) AS text)'

/** Postgres through a pool: each command a transaction, retried where others were in its way. */
export class PostgresDriver implements SqlDriver {
  readonly name = 'postgres'
  readonly keysPerCommand: number = KEYS_PER_TRANSACTION
  readonly #options: PostgresDriverOptions
  readonly #texts: PostgresTexts
  readonly #running = new Set<Promise<unknown>>()
  #open = false

  constructor(options: PostgresDriverOptions) {
    const { schema, prepare = true } = options
    this.#options = options
    this.#texts = new PostgresTexts(schema, { prepare })
  }

  async open(): Promise<void> {
    const plan = this.#options.plan ?? { migrations: MIGRATIONS, words: POSTGRES_WORDS, store: 'postgres' }
    while (await this.#transact('migrate', () => (this.#options.migrate === false ? this.#look(plan) : this.#migrate(plan))));
    this.#open = true
  }

  *#migrate(plan: MigrationPlan): SqlProgram<boolean> {
    const { schema } = this.#options
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
    const { schema } = this.#options
    const table = schema === null ? 'schema_migrations' : `${quoteIdentifier(schema)}.schema_migrations`
    return migrateOnce(this.#context(), { ...plan, lookOnly: { sql: TABLE_IS_THERE, values: [table] } })
  }

  async close(): Promise<void> {
    this.#open = false
    await Promise.allSettled(this.#running)
  }

  command<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutcome<N>> {
    return this.#track(() => this.#transact(name, () => COMMANDS[name](this.#context(), input)))
  }

  read<T>(program: ReadProgram<T>): Promise<T> {
    return this.#track(() => this.#withClient((client) => this.#run(client, 'read', { program: program(this.#context()) })))
  }

  readConsistent<T>(program: ReadProgram<T>): Promise<T> {
    return this.#track(() =>
      this.#withClient(async (client) => {
        await this.#control(client, `${BEGIN_READ}${this.#limits}`)
        const result = await this.#run(client, 'read', { program: program(this.#context()) })
        await this.#control(client, 'COMMIT')
        return result
      }),
    )
  }

  #track<T>(run: () => Promise<T>): Promise<T> {
    if (!this.#open) return Promise.reject(new StorageError('StoreUnavailable', { store: 'postgres', reason: 'the store is not open' }))
    const running = run().finally(() => this.#running.delete(running))
    this.#running.add(running)
    return running
  }

  /** Of commands and queries: what migrates a schema takes as long as it does. */
  get #timeouts(): PostgresTimeouts | null {
    return this.#open ? (this.#options.timeouts ?? null) : null
  }

  /** Of one transaction, in the same round trip as its beginning: the next one on this connection may be somebody else's. */
  get #limits(): string {
    const timeouts = this.#timeouts
    return timeouts === null ? '' : `; SET LOCAL statement_timeout = ${timeouts.statement}; SET LOCAL lock_timeout = ${timeouts.lock}`
  }

  /** For a query outside of a transaction, and a server or network that answers nothing. */
  get #answerWithin(): Pick<PostgresQuery, 'query_timeout'> {
    const timeouts = this.#timeouts
    return timeouts === null ? {} : { query_timeout: timeouts.statement + ANSWER_GRACE_MS }
  }

  get #lockScope(): string {
    return `stowage ${this.#options.schema ?? ''}`
  }

  #context(): SqlContext {
    return { dialect: POSTGRES_DIALECT, now: this.#options.now?.() ?? null, lockScope: this.#lockScope, sequence: integerOf }
  }

  /** Runs a program as one transaction; again, where it was undone for a reason that passes. */
  async #transact<T>(command: string, program: () => SqlProgram<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#withClient((client) => this.#transaction(client, command, program()))
      } catch (error) {
        if (!(error instanceof Undone)) throw error
        if (attempt > RETRIES_MAX) throw translatePostgresError(error.cause)
        await backOff(attempt)
      }
    }
  }

  async #transaction<T>(client: PostgresClient, command: string, program: SqlProgram<T>): Promise<T> {
    const pipeline = new StatementPipeline(client.pipeline === true)
    await pipeline.send(this.#control(client, `${BEGIN_WRITE}${this.#limits}`))
    let result: T
    try {
      result = await this.#run(client, command, { program, pipeline })
    } catch (error) {
      if (isTransient(error)) {
        await this.#control(client, 'ROLLBACK')
        throw new Undone('the transaction was undone, and may be run again', { cause: error })
      }
      throw error
    }
    try {
      this.#options.onStatement?.({ command, index: -1, text: 'COMMIT' })
    } catch (error) {
      throw translatePostgresError(error)
    }
    try {
      await this.#control(client, 'COMMIT')
    } catch (error) {
      throw await this.#uncommitted(pipeline, error, command)
    }
    await pipeline.settled()
    // Nothing that the server has not seen is in front of a COMMIT that it took; if it were, nobody may be told that all is there.
    if (pipeline.failure !== null) throw new StorageError('OutcomeUnknown', { command }, { cause: pipeline.failure.error })
    return result
  }

  /** What a failed COMMIT is. Where a statement before it had failed, and the server said so, that is the reason. */
  async #uncommitted(pipeline: StatementPipeline, error: unknown, command: string): Promise<Error> {
    await pipeline.settled()
    const { error: earlier } = pipeline.failure ?? { error: null }
    const reason = isStorageError(earlier) || (sqlState(earlier) !== null && !isConnectionLost(earlier)) ? earlier : error
    if (isTransient(reason)) return new Undone('the transaction was undone, and may be run again', { cause: reason })
    return reason === error ? translateCommitError(error, command) : translatePostgresError(reason)
  }

  /** Lends a connection. One that failed is rolled back; one that is lost is thrown away. */
  async #withClient<T>(use: (client: PostgresClient) => Promise<T>): Promise<T> {
    const client = await connectPatiently(this.#options.pool)
    let broken = false
    // Without a listener a connection that breaks ends the process. The query that was under way gets the error too.
    const onError = (): void => void (broken = true)
    client.on('error', onError)
    try {
      return await use(client)
    } catch (error) {
      broken ||= !(await this.#rolledBack(client, error))
      if (error instanceof Undone) throw error
      throw translatePostgresError(error)
    } finally {
      client.removeListener('error', onError)
      client.release(broken)
    }
  }

  async #rolledBack(client: PostgresClient, error: unknown): Promise<boolean> {
    if (isConnectionLost(error)) return false
    try {
      await this.#control(client, 'ROLLBACK')
      return true
    } catch {
      // The server forgets the transaction with the connection.
      return false
    }
  }

  #run<T>(client: PostgresClient, command: string, { program, pipeline = new StatementPipeline(false) }: Run<T>): Promise<T> {
    let index = 0
    return runProgramAsync(program, async (statement) => {
      this.#options.onStatement?.({ command, index: index++, text: statement.sql })
      checkValues(statement.values)
      const answer = this.#execute(client, statement)
      if (statement.unanswered !== true && !this.#texts.get(statement.sql).silent) return pipeline.wait(answer)
      await pipeline.send(answer)
      return []
    })
  }

  async #execute(client: PostgresClient, { sql, values }: SqlStatement): Promise<SqlRows> {
    const { text, name } = this.#texts.get(sql)
    const query: PostgresQuery = { text, values: [...values], rowMode: 'array', types: POSTGRES_TYPES, ...this.#answerWithin }
    try {
      const { rows } = await client.query(name === null ? query : { ...query, name })
      // Positional rows of a statement that this store wrote: the codecs check each column they read.
      return rows as unknown as SqlRows
    } catch (error) {
      throw relationFault(error, sql)
    }
  }

  async #control(client: PostgresClient, text: string): Promise<void> {
    const { command } = await client.query({ text, rowMode: 'array', types: POSTGRES_TYPES, ...this.#answerWithin })
    // What Postgres answers to the COMMIT of a transaction in which a statement failed.
    if (text === 'COMMIT' && command === 'ROLLBACK') {
      throw new StorageError('StoreUnavailable', { store: 'postgres', reason: 'the transaction had failed' }, { retryable: true })
    }
  }
}

class Undone extends Error {}

/** A program, and what it sends its statements through. Default: each is waited for. */
interface Run<T> {
  readonly program: SqlProgram<T>
  readonly pipeline?: StatementPipeline
}

/** Of other values the driver of the user may fail to make a message, and what is sent ahead must reach the server. */
function checkValues(values: readonly unknown[]): void {
  for (const value of values) {
    const known = value === null || typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array
    assert(known, `a value of a statement is ${typeof value}`)
  }
}
