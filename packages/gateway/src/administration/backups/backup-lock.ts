import { join } from 'node:path'
import { isStorageError, StorageError } from '@stowage/core'
import { takeSqliteLock } from '@stowage/core/sqlite'
import type { SqliteLock } from '@stowage/core/sqlite'

/** Beside what `takeSqliteLock` is told. */
const LOCK = 'backup'

/** The file that a directory of backups is locked by. */
export const BACKUP_LOCK_FILE: string = `${LOCK}.lock`

/** Has a directory of backups alone, from before anything in it is changed until nothing is any more. Throws `DirectoryInUse`. */
export function lockForBackup(directory: string): SqliteLock {
  return take(directory, false)
}

/**
 * Keeps a directory of backups as it is while it is read, beside others who read it. Throws `DirectoryInUse` where a backup is under way. Where
 * no lock can be taken (a disk that is mounted to be read only, one that has no locks) nobody makes backups either, and it is read without.
 */
export function lockForReading(directory: string): SqliteLock {
  try {
    return take(directory, true)
  } catch (error) {
    if (!isStorageError(error) || error.code !== 'StoreUnavailable') throw error
    return { release: () => undefined }
  }
}

function take(directory: string, shared: boolean): SqliteLock {
  try {
    return takeSqliteLock(join(directory, LOCK), { shared })
  } catch (cause) {
    if (!isStorageError(cause) || cause.code !== 'DirectoryInUse') throw cause
    const what = shared ? 'Something is being backed up into' : 'Something is being backed up into, or restored from,'
    throw new StorageError('DirectoryInUse', { directory }, { cause, message: `${what} ${directory} just now.` })
  }
}
