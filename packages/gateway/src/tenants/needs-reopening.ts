import { isStorageError } from '@stowage/core'

/** Whether this goes away when a store is closed and opened again, as where the thread is gone that writes it; what may pass by itself does not. */
export function needsReopening(error: unknown): boolean {
  return isStorageError(error) && error.code === 'StoreUnavailable' && !error.retryable
}
