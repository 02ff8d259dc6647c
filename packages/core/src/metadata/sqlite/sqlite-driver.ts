import { StorageError } from '../../errors/storage-error.ts'
import type { CommandInput, CommandName, CommandOutcome } from '../sql/commands/index.ts'
import { SQLITE_DIALECT } from '../sql/dialects.ts'
import type { HeldRead, ReadProgram, SqlDialect, SqlDriver } from '../sql/sql-driver.ts'
import { takeSqliteLock } from './sqlite-lock.ts'
import type { SqliteLock } from './sqlite-lock.ts'
import type { SqliteSizes } from './sqlite-connection.ts'
import { SqliteReader } from './sqlite-reader.ts'
import type { WriterGate } from './writer-gate.ts'

/** What the driver is made of. */
export interface SqliteDriverOptions {
  /** Makes, or finds, the database's file, and says what to do when the store is closed. */
  readonly place: () => Promise<{ readonly file: string; readonly remove: () => Promise<void> }>
  /** Makes the way to the writer of that file. */
  readonly writer: (file: string) => WriterGate
  /** Of the reader's connection. */
  readonly sizes: SqliteSizes
  /** The store's time, in milliseconds. */
  readonly now: () => number
}

interface Opened {
  readonly file: string
  readonly lock: SqliteLock
  readonly writer: WriterGate
  readonly reader: SqliteReader
  readonly remove: () => Promise<void>
}

/** A key takes about a tenth of a millisecond of the one writer. */
const KEYS_PER_COMMAND = 100

/** SQLite: one writer, one reader, one owner. */
export class SqliteDriver implements SqlDriver {
  readonly name = 'sqlite'
  readonly dialect: SqlDialect = SQLITE_DIALECT
  readonly keysPerCommand: number = KEYS_PER_COMMAND
  readonly lagMilliseconds = 0
  readonly #options: SqliteDriverOptions
  #opened: Opened | null = null

  constructor(options: SqliteDriverOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    const { place, writer: makeWriter, now, sizes } = this.#options
    const { file, remove } = await place()
    const undo: (() => void | Promise<void>)[] = [remove]
    try {
      const lock = takeSqliteLock(file)
      undo.push(() => lock.release())
      const writer = makeWriter(file)
      await writer.open()
      undo.push(() => writer.close())
      this.#opened = { file, lock, writer, reader: new SqliteReader(file, { now, sizes }), remove }
    } catch (error) {
      for (const step of undo.reverse()) await step()
      throw error
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened
    if (opened === null) return
    this.#opened = null
    // The writer last: whoever closes the last connection moves the WAL into the database, and a reader may not.
    opened.reader.close()
    await opened.writer.close()
    opened.lock.release()
    await opened.remove()
  }

  command<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutcome<N>> {
    const opened = this.#opened
    if (opened === null) return Promise.reject(closed())
    // The outcome is the program's of that name: see `COMMANDS`.
    return opened.writer.submit({ name, input, now: this.#options.now() }) as Promise<CommandOutcome<N>>
  }

  read<T>(program: ReadProgram<T>): Promise<T> {
    return this.#read(program, false)
  }

  readConsistent<T>(program: ReadProgram<T>): Promise<T> {
    return this.#read(program, true)
  }

  async readHeld<T>(use: (read: HeldRead) => Promise<T>): Promise<T> {
    const opened = this.#opened
    if (opened === null) throw closed()
    // A connection of its own: those of everybody else must see what is new.
    const { now, sizes } = this.#options
    const reader = new SqliteReader(opened.file, { now, sizes })
    try {
      reader.hold()
      return await use(async (program) => reader.read(program, false))
    } finally {
      reader.close()
    }
  }

  #read<T>(program: ReadProgram<T>, consistent: boolean): Promise<T> {
    if (this.#opened === null) return Promise.reject(closed())
    try {
      return Promise.resolve(this.#opened.reader.read(program, consistent))
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

function closed(): StorageError {
  return new StorageError('StoreUnavailable', { store: 'sqlite', reason: 'the store is not open' })
}
