import { SQLITE_DIALECT } from '../sql/dialects.ts'
import { runProgram } from '../sql/run-program.ts'
import type { ReadProgram, SqlContext } from '../sql/sql-driver.ts'
import { SqliteConnection } from './sqlite-connection.ts'
import type { SqliteSizes } from './sqlite-connection.ts'
import { translateSqliteError } from './sqlite-errors.ts'

const ANY_ROW = 'SELECT version FROM policy_state'

/** The connection that reads, on the caller's thread: a lookup is faster than a message. */
export class SqliteReader {
  readonly #file: string
  readonly #connection: SqliteConnection
  readonly #now: () => number

  constructor(file: string, { now, sizes }: { readonly now: () => number; readonly sizes: SqliteSizes }) {
    this.#file = file
    this.#connection = SqliteConnection.openReader(file, sizes)
    this.#now = now
  }

  /** Runs a program; with `consistent`, all its statements see one state. */
  read<T>(program: ReadProgram<T>, consistent: boolean): T {
    const connection = this.#connection
    try {
      if (consistent) connection.run('BEGIN')
      try {
        return runProgram(program(this.#context()), (statement) => connection.execute(statement))
      } finally {
        if (consistent) connection.run('COMMIT')
      }
    } catch (error) {
      throw translateSqliteError(error, this.#file)
    }
  }

  /** From now on, until it is closed, it sees this one state. */
  hold(): void {
    try {
      this.#connection.run('BEGIN')
      // The state is that of the first statement, not of BEGIN.
      this.#connection.run(ANY_ROW)
    } catch (error) {
      throw translateSqliteError(error, this.#file)
    }
  }

  #context(): SqlContext {
    return { dialect: SQLITE_DIALECT, now: this.#now(), lockScope: '', sequence: () => 0 }
  }

  close(): void {
    this.#connection.close()
  }
}
