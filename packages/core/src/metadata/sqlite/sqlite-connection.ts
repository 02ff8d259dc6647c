import Database from 'better-sqlite3'
import { LRUCache } from 'lru-cache'
import { StorageError } from '../../errors/storage-error.ts'
import type { SqlRow, SqlRows, SqlStatement } from '../sql/sql-driver.ts'
import { definePredicateFunction } from './predicate-function.ts'
import { translateSqliteError } from './sqlite-errors.ts'

/** How much of a crash a commit survives: the power's (`full`), the process's (`process`), none (`none`, temporary stores). */
export type Durability = 'full' | 'process' | 'none'

const SYNCHRONOUS = { full: 'FULL', process: 'NORMAL', none: 'OFF' } as const

/** Where two connections may write a WAL without losing it: https://sqlite.org/wal.html, the reset bug, fixed in 3.51.3. */
const VERSION_MIN = [3, 51, 3] as const
const PAGE_SIZE = 16_384
const BUSY_TIMEOUT_MS = 5000
/** A WAL is moved into the database when so much of what it may hold is there: whoever reads meanwhile must not make it grow beyond. */
const WAL_SHARE = 1 / 4
const STATEMENTS_CACHED = 500

/** How much one file may take of what all files share. */
export interface SqliteSizes {
  /** Bytes of memory for pages, of each of the two connections. */
  readonly cacheSizeMax: number
  /** Bytes that the WAL keeps on the disk. */
  readonly walSizeMax: number
}

/** For a store that has the process to itself. */
export const SIZES: SqliteSizes = {
  // What is not in it comes from the system's cache; with 64 MiB neither puts nor gets cost less.
  cacheSizeMax: 8 * 1024 ** 2,
  // A WAL that stays this large is written in place; one that shrinks must grow again, at several milliseconds a commit.
  walSizeMax: 256 * 1024 ** 2,
}

/** One connection: statements cached by their text, rows by position. */
export class SqliteConnection {
  readonly #database: Database.Database
  readonly #statements = new LRUCache<string, Database.Statement>({ max: STATEMENTS_CACHED })

  private constructor(database: Database.Database) {
    this.#database = database
  }

  /** Opens the one connection that writes, and makes the file where it is not there. */
  static openWriter(
    file: string,
    { durability, sizes }: { readonly durability: Durability; readonly sizes: SqliteSizes },
  ): SqliteConnection {
    return open(file, (): SqliteConnection => {
      const database = new Database(file, { timeout: BUSY_TIMEOUT_MS })
      // Of effect only before the first page is written.
      database.pragma(`page_size = ${PAGE_SIZE}`)
      database.pragma('journal_mode = WAL')
      database.pragma(`synchronous = ${SYNCHRONOUS[durability]}`)
      database.pragma(`wal_autocheckpoint = ${Math.ceil((sizes.walSizeMax * WAL_SHARE) / PAGE_SIZE)}`)
      database.pragma(`journal_size_limit = ${sizes.walSizeMax}`)
      return new SqliteConnection(prepare(database, sizes))
    })
  }

  /** Opens a connection that only reads; the writer has made the file. */
  static openReader(file: string, sizes: SqliteSizes): SqliteConnection {
    return open(file, () => new SqliteConnection(prepare(new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS }), sizes)))
  }

  /** Runs a statement. Throws what better-sqlite3 throws. */
  execute({ sql, values }: SqlStatement): SqlRows {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(planOnce(sql))
      if (statement.reader) statement.raw(true)
      this.#statements.set(sql, statement)
    }
    // Positional rows of a statement that this store wrote: the codecs check each column they read.
    if (statement.reader) return statement.all(values) as SqlRow[]
    statement.run(values)
    return NO_ROWS
  }

  /** Runs a statement that has neither values nor rows. */
  run(sql: string): void {
    this.execute({ sql, values: [] })
  }

  /** Whether a transaction is open. */
  get inTransaction(): boolean {
    return this.#database.inTransaction
  }

  /** Where sorting keeps its rows. In memory until this is called; files lie in the system's temporary directory, and only where the rows are many. */
  keepTemporary(where: 'in files' | 'in memory'): void {
    this.#database.pragma(`temp_store = ${where === 'in files' ? 'FILE' : 'MEMORY'}`)
  }

  /** Moves what the WAL holds into the database, as far as no reader needs it. */
  checkpoint(): void {
    this.#database.pragma('wal_checkpoint(PASSIVE)')
  }

  close(): void {
    this.#database.close()
  }
}

const NO_ROWS: SqlRows = []

/**
 * Keeps SQLite from planning a statement anew each time its values change. For a bare `column = ?` its planner looks at
 * the value (does it make a poor filter, as 0 and 1 do?), and from then on each new value makes the plan void: 40 µs for a
 * lookup with a join instead of 5. So it does for `LIMIT ?`: 27 µs for the seek of a listing instead of 8. A unary plus
 * changes no value and hides it. Upstream this is what QPSG turns off, which better-sqlite3 cannot. For the same reason the
 * schema has no partial indexes.
 */
function planOnce(sql: string): string {
  return sql.replace(/(=|\bIS|\bLIMIT|\bOFFSET)\s+\?/g, '$1 +?')
}

function open(file: string, connect: () => SqliteConnection): SqliteConnection {
  try {
    return connect()
  } catch (error) {
    throw translateSqliteError(error, file)
  }
}

function prepare(database: Database.Database, { cacheSizeMax }: SqliteSizes): Database.Database {
  const version = String(database.prepare('SELECT sqlite_version()').pluck().get())
  if (!isRecent(version)) {
    database.close()
    const reason = `SQLite ${version} may lose a WAL; at least ${VERSION_MIN.join('.')} is needed`
    throw new StorageError('StoreUnavailable', { store: 'sqlite', reason })
  }
  database.pragma('foreign_keys = OFF')
  database.pragma('temp_store = MEMORY')
  database.pragma(`cache_size = -${Math.ceil(cacheSizeMax / 1024)}`)
  definePredicateFunction(database)
  return database
}

function isRecent(version: string): boolean {
  const parts = version.split('.').map(Number)
  for (const [index, min] of VERSION_MIN.entries()) {
    const part = parts[index] ?? 0
    if (part !== min) return part > min
  }
  return true
}
