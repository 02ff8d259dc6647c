import { basename } from 'node:path'
import { StorageError } from '../../errors/storage-error.ts'
import { COMMANDS } from '../sql/commands/index.ts'
import type { CommandName } from '../sql/commands/index.ts'
import { integerOf } from '../sql/column.ts'
import { SQLITE_DIALECT } from '../sql/dialects.ts'
import { MIGRATIONS } from '../sql/migrations/index.ts'
import { migrateOnce } from '../sql/migrations/run-migrations.ts'
import type { MigrationPlan } from '../sql/migrations/run-migrations.ts'
import { SQLITE_WORDS } from '../sql/migrations/schema-words.ts'
import { runProgram } from '../sql/run-program.ts'
import type { OnStatement, SqlContext, SqlProgram, SqlStatement } from '../sql/sql-driver.ts'
import { SIZES, SqliteConnection } from './sqlite-connection.ts'
import type { Durability, SqliteSizes } from './sqlite-connection.ts'
import { sqliteCode, translateCommitError, translateSqliteError } from './sqlite-errors.ts'

/** What the writer is opened with; plain data, for a thread. */
export interface WriterSettings {
  readonly file: string
  readonly durability: Durability
  /** False: a schema that is not up to date is refused. Default true. */
  readonly migrate?: boolean
  /** Default: `SIZES`. */
  readonly sizes?: SqliteSizes
}

/** One command on its way to the writer. */
export interface WriterCommand {
  readonly name: CommandName
  readonly input: unknown
  /** The store's time, in milliseconds. */
  readonly now: number
}

/** What became of a command. */
export type WriterAnswer = { readonly outcome: unknown } | { readonly error: Error }

/** How many numbers of the commit sequence are set aside at a time. */
const SEQUENCE_BLOCK = 4096

const RESERVED = 'SELECT reserved FROM commit_sequence WHERE id = 1'
const RESERVE = 'UPDATE commit_sequence SET reserved = ? WHERE id = 1'

const TABLE_IS_THERE: SqlStatement = { sql: "SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'", values: [] }

/** The one that writes: runs groups of commands, each group as one transaction with one fsync. Lives in its thread, or inline. */
export class SqliteWriter {
  readonly #connection: SqliteConnection
  readonly #file: string
  readonly #mayMigrate: boolean
  readonly #onStatement: OnStatement | undefined
  #nextSequence = 1
  /** Every number up to this one may have been given out by a commit. */
  #reserved = 0
  #broken = false
  #groups = 0
  #commands = 0

  constructor({ file, durability, migrate = true, sizes = SIZES }: WriterSettings, onStatement?: OnStatement) {
    this.#file = file
    this.#mayMigrate = migrate
    this.#onStatement = onStatement
    this.#connection = SqliteConnection.openWriter(file, { durability, sizes })
  }

  /** How many transactions and commands were committed. */
  get counters(): { readonly groups: number; readonly commands: number } {
    return { groups: this.#groups, commands: this.#commands }
  }

  /** Brings the schema up to date, or refuses one that is not. To be called once, first. `plan` is for tests of migrations. */
  migrate(now: number, plan: MigrationPlan = { migrations: MIGRATIONS, words: SQLITE_WORDS, store: basename(this.#file) }): void {
    try {
      const steps = this.#mayMigrate ? plan : { ...plan, lookOnly: TABLE_IS_THERE }
      const program = (): SqlProgram<boolean> => migrateOnce(this.#context(now), steps)
      // An index of all objects is sorted, which would take some 200 MiB of memory for a million of them.
      this.#connection.keepTemporary('in files')
      while (this.#transaction('migrate', () => runProgram(program(), this.#executor('migrate'))));
      this.#connection.keepTemporary('in memory')
      const [row] = this.#connection.execute({ sql: RESERVED, values: [] })
      this.#reserved = integerOf(row?.[0])
      this.#nextSequence = this.#reserved + 1
    } catch (error) {
      throw translateSqliteError(error, this.#file)
    }
  }

  /**
   * Runs a group. A command that throws is left out, and the others run again: nothing of the group was visible or
   * acknowledged yet. Cheaper than a savepoint a command, which copies each page that two commands touch.
   */
  run(group: readonly WriterCommand[]): readonly WriterAnswer[] {
    const answers: WriterAnswer[] = Array.from({ length: group.length })
    let left = group.map((_, index) => index)
    while (left.length > 0) {
      const failed = this.#attempt(group, left, answers)
      if (failed === null) break
      left = left.filter((index) => index !== failed)
    }
    return answers
  }

  /** Fills in the answers of `left`. Gives back which command threw, null where the transaction was decided for all. */
  #attempt(group: readonly WriterCommand[], left: readonly number[], answers: WriterAnswer[]): number | null {
    const fail = (error: Error): null => {
      for (const index of left) answers[index] = { error }
      return null
    }
    if (this.#broken) return fail(this.#brokenError())
    let running: number | null = null
    const before = { next: this.#nextSequence, reserved: this.#reserved }
    try {
      this.#transaction(group[left[0] ?? 0]?.name ?? '', () => {
        for (const index of left) {
          running = index
          answers[index] = { outcome: this.#runOne(group[index]) }
        }
        running = null
        this.#reserveSequence()
      })
      this.#groups += 1
      this.#commands += left.length
      return null
    } catch (error) {
      this.#nextSequence = before.next
      this.#reserved = before.reserved
      if (running === null) return fail(error instanceof Error ? error : new Error(String(error)))
      answers[running] = { error: translateSqliteError(error, this.#file) }
      return running
    }
  }

  #runOne(command: WriterCommand | undefined): unknown {
    if (command === undefined) return null
    // The name says which input it is: both were made by `SqliteDriver.command`.
    const make = COMMANDS[command.name] as (context: SqlContext, input: unknown) => SqlProgram<unknown>
    return runProgram(make(this.#context(command.now), command.input), this.#executor(command.name))
  }

  #context(now: number): SqlContext {
    return { dialect: SQLITE_DIALECT, now, lockScope: '', sequence: () => this.#nextSequence++ }
  }

  #executor(command: string): (statement: SqlStatement) => ReturnType<SqliteConnection['execute']> {
    const connection = this.#connection
    const onStatement = this.#onStatement
    if (onStatement === undefined) return (statement) => connection.execute(statement)
    let index = 0
    return (statement) => {
      onStatement({ command, index: index++, text: statement.sql })
      return connection.execute(statement)
    }
  }

  #transaction<T>(command: string, run: () => T): T {
    this.#begin()
    try {
      const result = run()
      this.#commit(command)
      return result
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /** Never throws: what went wrong before is what the commands are told. */
  #rollBack(): void {
    try {
      if (this.#connection.inTransaction) this.#connection.run('ROLLBACK')
    } catch {
      this.#broken = true
    }
  }

  #begin(): void {
    try {
      this.#connection.run('BEGIN IMMEDIATE')
    } catch (error) {
      throw translateSqliteError(error, this.#file)
    }
  }

  #commit(command: string): void {
    try {
      this.#onStatement?.({ command, index: -1, text: 'COMMIT' })
      this.#connection.run('COMMIT')
    } catch (error) {
      // After a failed fsync the kernel may call pages clean that never reached the disk: asking again proves nothing.
      if (sqliteCode(error)?.startsWith('SQLITE_IOERR') === true) this.#broken = true
      throw translateCommitError(error, { file: this.#file, command })
    }
  }

  /** The table is always at or ahead of what is given out: a crash leaves a gap, never a number twice. */
  #reserveSequence(): void {
    if (this.#nextSequence <= this.#reserved + 1) return
    this.#reserved = this.#nextSequence + SEQUENCE_BLOCK
    this.#connection.execute({ sql: RESERVE, values: [this.#reserved] })
  }

  #brokenError(): StorageError {
    const reason = 'the disk failed during a commit; close the store and open it again'
    return new StorageError('StoreUnavailable', { store: basename(this.#file), reason })
  }

  /** For idle moments: readers are faster, and the next start is, when the WAL is short. */
  checkpoint(): void {
    if (this.#broken) return
    try {
      this.#connection.checkpoint()
    } catch {
      // On a full disk the database cannot grow. Nothing is lost: the WAL has it all, and the next commit says what is wrong.
    }
  }

  close(): void {
    this.#connection.close()
  }
}
