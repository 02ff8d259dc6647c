import type { CommandInput, CommandName, CommandOutcome } from './commands/index.ts'

/** One statement: text with `?` where a value goes, in both databases. `sql-template-tag`'s `Sql` is one. The text is the cache key. */
export interface SqlStatement {
  readonly sql: string
  readonly values: readonly unknown[]
  /** Nobody looks at its rows: a driver may send it and go on, and gives back none. What it throws ends the program a statement later. */
  readonly unanswered?: true
  /** It may take as long as it does. Only for `command` and `readConsistent`; what follows in the same transaction may, too. */
  readonly patient?: true
}

/** What a column holds: integers are numbers, JSON is text, flags are 0 or 1, bytes are a `Uint8Array`. */
export type SqlValue = string | number | Uint8Array | null

/** A row by position: the columns in the order in which the statement names them. */
export type SqlRow = readonly SqlValue[]
/** What a statement gave back, in its order; empty for a write without RETURNING. */
export type SqlRows = readonly SqlRow[]

/**
 * Code between statements: yields a statement, receives its rows (none for a write without RETURNING), and may look at
 * them in plain JS before the next. The same program runs in the SQLite writer thread and over a Postgres connection.
 * A command checks everything before its first write, so that a refusal never has to undo anything.
 */
export type SqlProgram<T> = Generator<SqlStatement, T, SqlRows>

/** Where the two databases read differently. All are pieces of SQL text. */
export interface SqlDialect {
  readonly name: 'sqlite' | 'postgres'
  /** A table function over one parameter, a JSON array: rows with the column `value`, to be taken apart with `->>`. */
  readonly each: string
  /** The function that finds a text in another: where it begins, in code points from 1; 0 where it is not. */
  readonly position: string
  /**
   * Behind `objects t`: reads it by the index of owners. SQLite, where nobody gathers statistics, takes the primary key for as good, and then looks
   * at the objects of everybody. Nothing on Postgres, which gathers them itself.
   */
  readonly byOwner: string
  /** The next value of the commit sequence, or NULL where the driver hands it out itself (`SqlContext.sequence`). */
  readonly nextSequence: string
  /** The store's time in milliseconds, or NULL where the driver sets it (`SqlContext.now`). */
  readonly storeTime: string
  /** Behind a SELECT: locks its rows against everybody; nothing on SQLite, where a command is alone. */
  readonly forUpdate: string
  /** Behind a SELECT: keeps its rows from being deleted until the commit. */
  readonly forKeyShare: string
  /** Whether `lock` takes locks at all. */
  readonly locks: boolean
}

/** What a program is given beside its input. */
export interface SqlContext {
  readonly dialect: SqlDialect
  /** The store's time in milliseconds, where the driver sets it; null where the database's own clock is to be asked. */
  readonly now: number | null
  /** Begins the names of advisory locks, so that the schemas of one database do not wait for each other. */
  readonly lockScope: string
  /** The next value of the commit sequence where the driver hands it out (SQLite); `selected` is what `nextSequence` gave. */
  sequence(selected: SqlValue): number
}

/** Runs programs. Translates every fault of the database into a `StorageError`. */
export interface SqlDriver {
  readonly name: string
  readonly dialect: SqlDialect
  /** How many keys one bulk command may carry: others wait for it. More are for the store to split. */
  readonly keysPerCommand: number
  /** Connects, and runs the migrations. Rejects with `SchemaTooNew`, `SchemaTooOld`, `DirectoryInUse` or `StoreUnavailable`. */
  open(): Promise<void>
  close(): Promise<void>
  /** Runs one command as one atomic, durable unit. */
  command<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutcome<N>>
  /** Runs a program of exactly one statement, without a transaction around it. */
  read<T>(program: ReadProgram<T>, options?: ReadOptions): Promise<T>
  /** Runs a program whose statements see one state of the database. */
  readConsistent<T>(program: ReadProgram<T>, options?: ReadOptions): Promise<T>
  /** How old the state may be that is read with `mayLag`, in milliseconds; 0 where it is always the newest. */
  readonly lagMilliseconds: number
  /** Lets programs that only read see one state of the database, one after the other, for as long as `use` takes. */
  readHeld<T>(use: (read: HeldRead) => Promise<T>): Promise<T>
}
/** How a program may be read. */
export interface ReadOptions {
  /** Whether the state that it sees may be as old as `lagMilliseconds`. Default: the newest. */
  readonly mayLag?: boolean | undefined
}
/** A program that only reads. Runs in the caller's thread, so it may close over what it likes. */
export type ReadProgram<T> = (context: SqlContext) => SqlProgram<T>

/** Runs one program after the other over one state of the database. */
export type HeldRead = <T>(program: ReadProgram<T>) => Promise<T>

/** The fault injection of the drivers, for tests: called before each statement; what it throws counts as a fault of the database. */
export type OnStatement = (info: { readonly command: string; readonly index: number; readonly text: string }) => void
