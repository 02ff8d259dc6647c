import { AssertionError } from 'node:assert'
import { isStorageError, StorageError } from '../../errors/storage-error.ts'
import type { StorageErrorCode, StorageErrorDetails } from '../../errors/error-details.ts'

/** An error as it crosses between threads: structured cloning forgets classes. */
export interface FaultWire {
  /** Null for a mistake of ours. */
  readonly code: StorageErrorCode | null
  readonly details: StorageErrorDetails[StorageErrorCode] | null
  readonly retryable: boolean
  readonly message: string
  readonly stack: string
  /** What the database said. */
  readonly cause: string | null
}

/** Takes an error apart for the other thread. */
export function encodeFault(error: Error): FaultWire {
  const cause = error.cause instanceof Error ? error.cause.message : null
  const common = { message: error.message, stack: error.stack ?? '', cause }
  if (!isStorageError(error)) return { code: null, details: null, retryable: false, ...common }
  return { code: error.code, details: error.details, retryable: error.retryable, ...common }
}

/** Puts an error together again. */
export function decodeFault({ code, details, retryable, message, stack, cause }: FaultWire): Error {
  if (code === null || details === null) {
    const error = new AssertionError({ message })
    error.stack = stack
    return error
  }
  return new StorageError(code, details, { retryable, message, ...(cause === null ? {} : { cause: new Error(cause) }) })
}
