import { isStorageError, StorageError } from '../../errors/storage-error.ts'
import { assert } from '../../util/assert.ts'
import { runProgramAsync } from '../sql/run-program.ts'
import type { OnStatement, SqlProgram, SqlRows, SqlStatement } from '../sql/sql-driver.ts'
import { isConnectionLost, isTransient, relationFault, sqlState, translateCommitError, translatePostgresError } from './postgres-errors.ts'
import type { PostgresClient, PostgresQuery } from './postgres-pool.ts'
import type { PostgresTexts } from './postgres-text.ts'
import { POSTGRES_TYPES } from './postgres-types.ts'
import { serverRunOf } from './server-run.ts'
import { StatementPipeline } from './statement-pipeline.ts'

/** The longest that a statement of a command or a query may take, and wait for locks. Milliseconds; null as long as it does. */
export interface PostgresTimeouts {
  readonly statement: number
  readonly lock: number
}

/** What statements are run with. */
export interface PostgresSessionOptions {
  /** Turns statements into Postgres's. */
  readonly texts: PostgresTexts
  /** Of the command, for `onStatement` and errors. */
  readonly command: string
  /** Null: none. */
  readonly timeouts: PostgresTimeouts | null
  /** Fault injection of tests. */
  readonly onStatement?: OnStatement | undefined
}

/** A transaction was undone for a reason that passes: it may be run again. */
export class Undone extends Error {}

/** The answer of a COMMIT was lost: what it was, what the program gave, and what to ask the server about. */
export class Unanswered<T = unknown> extends Error {
  readonly unknown: Error
  readonly result: T
  readonly transactionId: string
  /** Of the server that gave the transaction its id: another run of it may give the same one again. */
  readonly serverRun: string | null

  constructor(facts: Pick<Unanswered<T>, 'unknown' | 'result' | 'transactionId' | 'serverRun'>) {
    super('the answer of a COMMIT was lost')
    this.unknown = facts.unknown
    this.result = facts.result
    this.transactionId = facts.transactionId
    this.serverRun = facts.serverRun
  }
}

/** The server has its own clock, and its answer a way to go. */
const ANSWER_GRACE_MS = 1000
/** Postgres 13 and later know what became of a transaction by this (`pg_xact_status`). */
const TRANSACTION_ID = 'SELECT CAST(pg_current_xact_id() AS text)'
const BEGINNINGS = {
  write: 'BEGIN ISOLATION LEVEL READ COMMITTED',
  read: 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY',
} as const

/** One use of a connection: a transaction, or a query without one. */
export class PostgresSession {
  readonly #client: PostgresClient
  readonly #options: PostgresSessionOptions
  readonly #pipeline: StatementPipeline
  /** Of the transaction that writes, as the server calls it. */
  #transactionId: string | null = null
  #serverRun: Promise<string | null> | null = null
  /** No limit any more: one may take as long as it does. */
  #patient: boolean
  #index = 0

  constructor(client: PostgresClient, options: PostgresSessionOptions) {
    this.#client = client
    this.#options = options
    this.#pipeline = new StatementPipeline(client.pipeline === true)
    this.#patient = options.timeouts === null
  }

  /** Runs a program of one statement without a transaction. */
  query<T>(program: SqlProgram<T>): Promise<T> {
    return this.#run(program)
  }

  /** Runs a program that only reads, in one transaction. */
  async read<T>(program: SqlProgram<T>): Promise<T> {
    await this.#begin('read')
    const result = await this.#run(program)
    await this.#control('COMMIT')
    return result
  }

  /** Lets programs that only read run in one transaction, one after the other. */
  async held<T>(use: (run: <R>(program: SqlProgram<R>) => Promise<R>) => Promise<T>): Promise<T> {
    await this.#begin('read')
    // What is seen is the state of the first statement, not of BEGIN.
    await this.#run(anyRow())
    const result = await use((program) => this.#run(program))
    await this.#control('COMMIT')
    return result
  }

  /** Runs a program as one transaction. Rejects with `Undone` where it may be run again, with `Unanswered` where the server may know more. */
  async write<T>(program: SqlProgram<T>): Promise<T> {
    await this.#begin('write')
    let result: T
    try {
      result = await this.#run(program)
    } catch (error) {
      if (!isTransient(error)) throw error
      await this.#control('ROLLBACK')
      throw undone(error)
    }
    try {
      this.#options.onStatement?.({ command: this.#options.command, index: -1, text: 'COMMIT' })
    } catch (error) {
      throw translatePostgresError(error)
    }
    await this.#commit(result)
    return result
  }

  /** Ends what a failure has left open; says whether the connection can be used again. */
  async rolledBack(failure: unknown): Promise<boolean> {
    if (failure instanceof Unanswered || isUnknown(failure) || isConnectionLost(failure)) return false
    try {
      await this.#control('ROLLBACK')
      return true
    } catch {
      // The server forgets the transaction with the connection.
      return false
    }
  }

  /** The limits are of this transaction, in the same round trip: the next one on this connection may be somebody else's. */
  async #begin(kind: keyof typeof BEGINNINGS): Promise<void> {
    const { statement, lock } = this.#options.timeouts ?? { statement: 0, lock: 0 }
    const limits = `SET LOCAL statement_timeout = ${statement}; SET LOCAL lock_timeout = ${lock}`
    const text = `${BEGINNINGS[kind]}; ${limits}`
    if (kind === 'read') return this.#pipeline.send(this.#control(text))
    this.#serverRun = serverRunOf(this.#client)
    // A process that stands still, or is cut off, has locks that others wait for.
    const idle = `SET LOCAL idle_in_transaction_session_timeout = ${statement}`
    const begun = this.#control(`${text}; ${idle}; ${TRANSACTION_ID}`).then((answers) => (this.#transactionId = readTransactionId(answers)))
    await this.#pipeline.send(begun)
  }

  #run<T>(program: SqlProgram<T>): Promise<T> {
    return runProgramAsync(program, async (statement) => {
      const { command, onStatement, texts } = this.#options
      onStatement?.({ command, index: this.#index++, text: statement.sql })
      checkValues(statement.values)
      if (statement.patient === true) await this.#bePatient()
      if (statement.unanswered === true) return this.#sendAhead(statement)
      if (!texts.get(statement.sql).silent) return this.#pipeline.wait(this.#execute(statement))
      // Behind a BEGIN that is refused a write would be carried out by itself.
      if (!this.#pipeline.answered) await this.#pipeline.wait(Promise.resolve())
      return this.#sendAhead(statement)
    })
  }

  async #sendAhead(statement: SqlStatement): Promise<SqlRows> {
    await this.#pipeline.send(this.#execute(statement))
    return []
  }

  async #bePatient(): Promise<void> {
    if (this.#patient) return
    this.#patient = true
    await this.#pipeline.send(this.#control('SET LOCAL statement_timeout = 0'))
  }

  async #commit(result: unknown): Promise<void> {
    const { command } = this.#options
    // Whatever is lost before a COMMIT is sent is undone, and that much is certain.
    const { failure: before } = this.#pipeline
    if (before !== null) throw isTransient(before.error) ? undone(before.error) : before.error
    try {
      await this.#control('COMMIT')
    } catch (error) {
      await this.#pipeline.settled()
      // It was asked before BEGIN: where that has been answered, so has this.
      throw this.#uncommitted(error, result, this.#transactionId === null ? null : await this.#serverRun)
    }
    await this.#pipeline.settled()
    // Nothing that the server has not seen is in front of a COMMIT that it took; if it were, nobody may be told that all is there.
    if (this.#pipeline.failure !== null) throw new StorageError('OutcomeUnknown', { command }, { cause: this.#pipeline.failure.error })
  }

  /** What a failed COMMIT is. Where a statement before it had failed, and the server said so, that is the reason. */
  #uncommitted(error: unknown, result: unknown, serverRun: string | null): Error {
    const { failure } = this.#pipeline
    const earlier = failure?.error ?? null
    const told = isStorageError(earlier) || (sqlState(earlier) !== null && !isConnectionLost(earlier))
    const reason = told ? earlier : error
    if (isTransient(reason)) return undone(reason)
    if (told) return translatePostgresError(reason)
    const unknown = translateCommitError(error, this.#options.command)
    const transactionId = this.#transactionId
    // Where a statement was lost and its connection was not, a COMMIT that went through did so without it.
    const whole = failure === null || (isConnectionLost(earlier) && isConnectionLost(error))
    if (!isUnknown(unknown) || transactionId === null || !whole) return unknown
    return new Unanswered({ unknown, result, transactionId, serverRun })
  }

  async #execute({ sql, values }: SqlStatement): Promise<SqlRows> {
    const { text, name } = this.#options.texts.get(sql)
    const query: PostgresQuery = { text, values: [...values], rowMode: 'array', types: POSTGRES_TYPES, ...this.#answerWithin }
    try {
      const { rows } = await this.#client.query(name === null ? query : { ...query, name })
      // Positional rows of a statement that this store wrote: the codecs check each column they read.
      return rows as unknown as SqlRows
    } catch (error) {
      throw relationFault(error, sql)
    }
  }

  /** The answer; of several statements those of all of them. */
  async #control(text: string): Promise<unknown> {
    const answer = await this.#client.query({ text, rowMode: 'array', types: POSTGRES_TYPES, ...this.#answerWithin })
    const { command } = answer
    // What Postgres answers to the COMMIT of a transaction in which a statement failed.
    if (text === 'COMMIT' && command === 'ROLLBACK') {
      throw new StorageError('StoreUnavailable', { store: 'postgres', reason: 'the transaction had failed' }, { retryable: true })
    }
    return answer
  }

  /** For a query without a transaction, and a server or network that answers nothing: those in front may each take their time. */
  get #answerWithin(): Pick<PostgresQuery, 'query_timeout'> {
    const { timeouts } = this.#options
    if (this.#patient || timeouts === null) return {}
    return { query_timeout: Math.min(timeouts.statement * (this.#pipeline.ahead + 1) + ANSWER_GRACE_MS, TIMER_MAX) }
  }
}

function* anyRow(): SqlProgram<void> {
  yield { sql: 'SELECT version FROM policy_state', values: [] }
}

/** The longest that a timer of Node waits. Milliseconds. */
const TIMER_MAX = 2 ** 31 - 1

function isUnknown(error: unknown): error is StorageError {
  return isStorageError(error) && error.code === 'OutcomeUnknown'
}

/** Null where a pool gives only one answer for several statements: then nobody can be asked afterwards. */
function readTransactionId(answers: unknown): string | null {
  const last: unknown = Array.isArray(answers) ? answers.at(-1) : null
  const id = typeof last === 'object' && last !== null && 'rows' in last && Array.isArray(last.rows) ? last.rows[0]?.[0] : null
  return typeof id === 'string' ? id : null
}

function undone(cause: unknown): Undone {
  return new Undone('the transaction was undone, and may be run again', { cause })
}

/** Of other values the driver of the user may fail to make a message, and what is sent ahead must reach the server. */
function checkValues(values: readonly unknown[]): void {
  for (const value of values) {
    const known = value === null || typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array
    assert(known, `a value of a statement is ${typeof value}`)
  }
}
