import type { StorageErrorCode, StorageErrorDetails } from './error-details.ts'
import { errorSentence } from './error-sentences.ts'

const MARK = Symbol.for('stowage.storage-error')

/** What an error carries besides its code and details. */
export interface StorageErrorOptions {
  /** What failed below: kept for logs, never shown to a client. */
  readonly cause?: unknown
  /** Whether the same call may succeed later without the caller changing anything. Default false. */
  readonly retryable?: boolean
  /** A sentence with the values that matter; never a secret, never a path of the host. Default: that of `errorSentence`. */
  readonly message?: string
}

/** The one error class of the engine. Switch on `code`; never on the class, never on the message. */
export class StorageError<C extends StorageErrorCode = StorageErrorCode> extends Error {
  override readonly name = 'StorageError'
  readonly code: C
  readonly details: StorageErrorDetails[C]
  /** True when the same call may succeed later without the caller changing anything. */
  readonly retryable: boolean

  constructor(code: C, details: StorageErrorDetails[C], options: StorageErrorOptions = {}) {
    super(options.message ?? errorSentence(code, details), options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = details
    this.retryable = options.retryable ?? false
    Object.defineProperty(this, MARK, { value: true })
  }
}

/** Any storage error, narrowed per code by a `switch`. */
export type AnyStorageError = { [C in StorageErrorCode]: StorageError<C> }[StorageErrorCode]

/** Recognises the error even when two copies of the package are installed; `instanceof` does not. */
export function isStorageError(error: unknown): error is AnyStorageError {
  return typeof error === 'object' && error !== null && MARK in error
}
