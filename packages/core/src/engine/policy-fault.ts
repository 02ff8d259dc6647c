import { isStorageError } from '../errors/storage-error.ts'
import type { SessionContext } from './context.ts'

/** Tells the observer of a policy that could not be evaluated over a row: the caller is only refused, and somebody must mend it. */
export function reportPolicyFault({ engine }: SessionContext, error: unknown): void {
  if (isStorageError(error) && error.code === 'PolicyFailed') engine.observer.event('policy.failed', { error })
}
