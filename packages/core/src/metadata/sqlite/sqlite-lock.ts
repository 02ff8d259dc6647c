import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { StorageError } from '../../errors/storage-error.ts'
import { sqliteCode, translateSqliteError } from './sqlite-errors.ts'

/** That this process, and no other, has the store open. The operating system lets go of it when the process dies. */
export interface SqliteLock {
  release(): void
}

/**
 * Takes the lock of a database file, or throws `DirectoryInUse` at once. Node has no file locks, SQLite has: the lock is a
 * tiny database beside the file, held in an exclusive transaction that never ends.
 */
export function takeSqliteLock(file: string): SqliteLock {
  let database: Database.Database | null = null
  try {
    database = new Database(`${file}.lock`, { timeout: 0 })
    database.pragma('locking_mode = EXCLUSIVE')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY') !== true) throw translateSqliteError(error, file)
    const directory = dirname(file)
    throw new StorageError('DirectoryInUse', { directory }, { cause: error })
  }
  const held = database
  return { release: () => void held.close() }
}
