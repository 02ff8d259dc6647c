import { basename } from 'node:path'
import { isStorageError, StorageError } from '../../errors/storage-error.ts'

/** SQLite's own code, such as `SQLITE_FULL`, or null for an error that is not SQLite's. */
export function sqliteCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  return error.code.startsWith('SQLITE_') ? error.code : null
}

/** What a fault of SQLite is to the engine: nothing was changed. Mistakes of ours (`SQLITE_ERROR`, assertions) stay what they are. */
export function translateSqliteError(error: unknown, file: string): Error {
  if (isStorageError(error)) return error
  const code = sqliteCode(error)
  if (code === null) return systemError(error)
  const store = basename(file)
  if (code === 'SQLITE_FULL') return new StorageError('StorageFull', { where: store }, { cause: error, retryable: true })
  if (code === 'SQLITE_ERROR' && error instanceof Error) {
    if (RELATION_FAULT.test(error.message)) return relationFault(error)
    // Only tables of relations are made while the engine runs.
    if (/^table "relation_.*already exists$/.test(error.message)) {
      return new StorageError('Conflict', { what: 'a table of that name is there already' }, { cause: error })
    }
  }
  if (/^SQLITE_CONSTRAINT_(?:PRIMARYKEY|UNIQUE|ROWID)$/.test(code)) {
    return new StorageError('Conflict', { what: 'an id that must be new is taken' }, { cause: error, retryable: true })
  }
  if (/^SQLITE_CONSTRAINT_(?:CHECK|NOTNULL)$/.test(code)) {
    return new StorageError('InvalidArgument', { argument: 'value', reason: 'is none that this column may hold' }, { cause: error })
  }
  const reason = REASONS.find(([pattern]) => pattern.test(code))?.[1]
  if (reason === undefined) return error instanceof Error ? error : new Error(String(error))
  return new StorageError('StoreUnavailable', { store, reason: `${reason} (${code})` }, { cause: error, retryable: true })
}

/** The table of a relation, and columns as predicates name them. */
const RELATION_FAULT = /^no such table: (?:main\.)?relation_|^no such column: r\d+\./

function relationFault(cause: Error): StorageError {
  return new StorageError('PolicyFailed', { reason: 'a relation that it looks into is not there, or may not be read' }, { cause })
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_(?:BUSY|LOCKED)/, 'the database is locked'],
  [/^SQLITE_READONLY/, 'the database cannot be written to'],
  [/^SQLITE_CANTOPEN/, 'the database cannot be opened'],
  [/^SQLITE_IOERR/, 'the disk reported an error'],
  [/^SQLITE_(?:CORRUPT|NOTADB)/, 'the database is damaged'],
  [/^SQLITE_NOMEM/, 'out of memory'],
]

/** Opening may fail before SQLite has a word: no such directory, for one. */
function systemError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  if (error instanceof TypeError && error.message.startsWith('Cannot open database')) {
    return new StorageError(
      'StoreUnavailable',
      { store: 'sqlite', reason: 'the directory of the database does not exist' },
      { cause: error },
    )
  }
  return error
}

/** What a fault of COMMIT is: with an I/O error nobody knows whether the commit reached the disk. */
export function translateCommitError(error: unknown, context: { readonly file: string; readonly command: string }): Error {
  const code = sqliteCode(error)
  if (code === null || !code.startsWith('SQLITE_IOERR')) return translateSqliteError(error, context.file)
  return new StorageError('OutcomeUnknown', { command: context.command }, { cause: error })
}
