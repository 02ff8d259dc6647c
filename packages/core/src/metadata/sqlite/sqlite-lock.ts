import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { StorageError } from '../../errors/storage-error.ts'
import { sqliteCode, translateSqliteError } from './sqlite-errors.ts'

/** That this process, and no other, has the store open. The operating system lets go of it when the process dies. */
export interface SqliteLock {
  release(): void
}

/** How a lock is held. */
export interface SqliteLockOptions {
  /** Beside others that share it: only who wants it alone is refused, and refuses. Default false. */
  readonly shared?: boolean
}

/** Others who look into the file at the same moment are gone by then; who has the lock is not. Milliseconds. */
const WAIT_MS = 20

/**
 * Takes the lock of a database file, or of whatever has that name, or throws `DirectoryInUse` after some milliseconds. Node has no file locks,
 * SQLite has: the lock is a tiny database beside the file, `FILE.lock`, held in a transaction that never ends. Nobody else may open and close that
 * file in this process: POSIX forgets a process's locks with any of its descriptors.
 */
export function takeSqliteLock(file: string, { shared = false }: SqliteLockOptions = {}): SqliteLock {
  let database: Database.Database | null = null
  try {
    database = new Database(`${file}.lock`, { timeout: WAIT_MS })
    // An empty database is begun with a journal of its own, and its end waits for the disk: milliseconds, and nothing is ever written here.
    database.pragma('journal_mode = MEMORY')
    // Not `locking_mode = EXCLUSIVE`: two that begin at once would each keep what the other one waits for. A transaction shares from its first read on.
    database.exec(shared ? 'BEGIN; SELECT 1 FROM sqlite_schema' : 'BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY') !== true) throw translateSqliteError(error, file)
    const directory = dirname(file)
    throw new StorageError('DirectoryInUse', { directory }, { cause: error })
  }
  const held = database
  return { release: () => void held.close() }
}
