import { join } from 'node:path'
import { isStorageError, StorageError } from '@stowage/core'
import { takeSqliteLock } from '@stowage/core/sqlite'
import type { SqliteLock } from '@stowage/core/sqlite'

/** Beside what `takeSqliteLock` is told. */
const LOCK = 'backup'

/** The file that a directory of backups is locked by. */
export const BACKUP_LOCK_FILE = `${LOCK}.lock`

/** Has a directory of backups alone, from before anything in it is changed until nothing is any more. Throws `DirectoryInUse`. */
export function lockForBackup(directory: string): SqliteLock {
  try {
    return takeSqliteLock(join(directory, LOCK))
  } catch (cause) {
    if (!isStorageError(cause) || cause.code !== 'DirectoryInUse') throw cause
    throw new StorageError('DirectoryInUse', { directory }, { cause, message: `Something is being backed up into ${directory} just now.` })
  }
}
