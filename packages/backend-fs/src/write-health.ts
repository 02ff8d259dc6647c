import { StorageError } from '@stowage/core/backend'
import { BACKEND_NAME } from './errors.ts'

/**
 * Whether this backend may still write.
 *
 * After a failed fsync the kernel may have dropped the pages it could not write, and the next fsync may say that all
 * is well (PostgreSQL's fsyncgate). So nothing is tried again: every later write is refused until the backend is
 * opened anew, and somebody has looked at the disk.
 */
export class WriteHealth {
  #refusal: { readonly reason: string; readonly cause: unknown } | null = null

  /** Remembers that a sync failed. The first failure is the one that is told. */
  syncFailed(cause: unknown): void {
    this.#refusal ??= { reason: 'A sync to the disk failed; no write is accepted until the backend is opened again.', cause }
  }

  /** No more writes: the backend is closed. */
  close(): void {
    this.#refusal ??= { reason: 'The backend is closed.', cause: undefined }
  }

  /** Throws `BackendUnavailable` where writes are refused. */
  check(operation: 'put' | 'delete'): void {
    if (this.#refusal === null) return
    const { reason, cause } = this.#refusal
    throw new StorageError('BackendUnavailable', { backend: BACKEND_NAME, operation }, { cause, message: reason })
  }
}
