import { isStorageError, StorageError } from '../../errors/storage-error.ts'

/** The SQLSTATE of an error that the server sent, or null: the connection broke, or it is a mistake of ours. */
export function sqlState(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  // The system has names of five letters, too: EPIPE.
  return /^[0-9A-Z]{5}$/.test(error.code) && !('errno' in error) ? error.code : null
}

/** Other transactions in the way, and what others give back soon: memory and the table of locks (53200). */
const UNDONE = new Set(['40001', '40P01', '53200'])
/** No connection to be had just now, and a server that starts or recovers. */
const BUSY = new Set(['53200', '53300', '57P03'])

/** Whether the transaction was undone for a reason that passes: it may be run again. */
export function isTransient(error: unknown): boolean {
  return UNDONE.has(sqlState(error) ?? '')
}

/** Whether a connection that was refused may be had a moment later. */
export function isBusy(error: unknown): boolean {
  return BUSY.has(sqlState(error) ?? '')
}

/** Whether the connection can be trusted no more. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error)
  if (state !== null) return /^(?:08|57P|25P0[34])/.test(state)
  return error instanceof Error && ('errno' in error || /connection|socket|timeout/i.test(error.message))
}

/** A table that is not there, or is another one, or may not be read. */
const RELATION_FAULTS = new Set(['42P01', '42703', '42501', '3F000', '42883'])
/** Of our statements, those that look into a relation name a table in quotes. */
const LOOKS_INTO_RELATION = /\b(?<!DELETE )FROM "/

/** What a fault of this statement is, where it is one of a relation that it looks into; any other comes back as it is. */
export function relationFault(error: unknown, statement: string): unknown {
  const state = sqlState(error)
  if (state === null) return error
  const found = RELATION_FAULTS.has(state) && LOOKS_INTO_RELATION.test(statement)
  if (!found && !(state === '42P01' && statement.includes('"relation_'))) return error
  return new StorageError('PolicyFailed', { reason: 'a relation that it looks into is not there, or may not be read' }, { cause: error })
}

/** What a fault of Postgres before COMMIT is to the engine: nothing was changed. */
export function translatePostgresError(error: unknown): Error {
  if (isStorageError(error)) return error
  const state = sqlState(error)
  if (state === '53100') return new StorageError('StorageFull', { where: 'postgres' }, { cause: error, retryable: true })
  if (state === '22021' || state === '22P05') {
    return invalid('text', 'holds a character that Postgres cannot keep, such as U+0000', error)
  }
  // Of our own statements none casts what may not be cast: a policy's predicate did.
  if (state !== null && Object.hasOwn(PREDICATE_FAULTS, state)) {
    return new StorageError('PolicyFailed', { reason: PREDICATE_FAULTS[state] ?? '' }, { cause: error })
  }
  if (state === '54000') return invalid('text', 'is longer than Postgres can index', error)
  if (state === '23502' || state === '23514') return invalid('value', 'is none that this column may hold', error)
  // Only tables of relations are made while the engine runs.
  if (state === '42P07') return new StorageError('Conflict', { what: 'a table of that name is there already' }, { cause: error })
  if (state === '2BP01') return new StorageError('Conflict', { what: 'something in the database depends on the table' }, { cause: error })
  if (state === '23505') return new StorageError('Conflict', { what: 'an id that must be new is taken' }, { cause: error, retryable: true })
  const reason = state === null ? (isConnectionLost(error) ? 'the connection is lost' : undefined) : reasonOf(state)
  if (reason === undefined) return error instanceof Error ? error : new Error(String(error))
  return new StorageError('StoreUnavailable', { store: 'postgres', reason }, { cause: error, retryable: true })
}

/** What evaluating a predicate may raise. */
const PREDICATE_FAULTS: Readonly<Record<string, string>> = {
  '22P02': 'a text is not of the type that it is cast to',
  '22003': 'a number is out of range',
  '22023': 'an argument is none that its function takes',
  '22025': 'a LIKE pattern ends with an escape',
}

function invalid(argument: string, reason: string, cause: unknown): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason }, { cause })
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^08|^57P|^25P0[34]/, 'the connection is lost'],
  [/^53/, 'the server is short of resources'],
  [/^28|^3D/, 'the server refuses the connection'],
  [/^42501/, 'the server does not let this user'],
  [/^40/, 'other transactions were in the way, again and again'],
  [/^25006/, 'the server is read-only'],
  [/^42P01|^3F000/, 'its tables are not there'],
  [/^5[458]|^57014/, 'the server could not finish the statement'],
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
