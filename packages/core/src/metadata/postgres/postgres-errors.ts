import { isStorageError, StorageError } from '../../errors/storage-error.ts'

/** The SQLSTATE of an error that the server sent, or null: the connection broke, or it is a mistake of ours. */
export function sqlState(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null
}

/** Whether the transaction was undone only because another one was in its way: it may be run again. */
export function isConflict(error: unknown): boolean {
  const state = sqlState(error)
  return state === '40001' || state === '40P01'
}

/** Whether the connection can be trusted no more. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error)
  if (state !== null) return /^(?:08|57P)/.test(state)
  return error instanceof Error && ('errno' in error || /connection|socket|timeout/i.test(error.message))
}

/** What a fault of Postgres before COMMIT is to the engine: nothing was changed. */
export function translatePostgresError(error: unknown): Error {
  if (isStorageError(error)) return error
  const state = sqlState(error)
  if (state === '53100') return new StorageError('StorageFull', { where: 'postgres' }, { cause: error, retryable: true })
  if (state === '22021' || state === '22P05') {
    const reason = 'holds a character that Postgres cannot keep, such as U+0000'
    return new StorageError('InvalidArgument', { argument: 'text', reason }, { cause: error })
  }
  const reason = state === null ? (isConnectionLost(error) ? 'the connection is lost' : undefined) : reasonOf(state)
  if (reason === undefined) return error instanceof Error ? error : new Error(String(error))
  return new StorageError('StoreUnavailable', { store: 'postgres', reason }, { cause: error, retryable: true })
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^08|^57P/, 'the connection is lost'],
  [/^53/, 'the server is short of resources'],
  [/^28|^3D/, 'the server refuses the connection'],
  [/^40/, 'other transactions were in the way, again and again'],
  [/^25006/, 'the server is read-only'],
  [/^5[58]|^57014/, 'the server could not finish the statement'],
  [/^XX/, 'the server reports damage'],
]

function reasonOf(state: string): string | undefined {
  const reason = REASONS.find(([pattern]) => pattern.test(state))?.[1]
  return reason === undefined ? undefined : `${reason} (${state})`
}

/** What a fault of COMMIT is: with a lost connection nobody knows whether the server got it. */
export function translateCommitError(error: unknown, command: string): Error {
  const state = sqlState(error)
  const certain = state !== null && !/^(?:08|57P|XX|58)/.test(state)
  return certain || isStorageError(error)
    ? translatePostgresError(error)
    : new StorageError('OutcomeUnknown', { command }, { cause: error })
}
