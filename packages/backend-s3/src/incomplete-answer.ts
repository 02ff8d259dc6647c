import { StorageError } from '@stowage/core/backend'
import { BACKEND_NAME } from './errors.ts'
import type { FailedCall } from './errors.ts'

/**
 * A 2xx without what it has to carry: perhaps not from the service, and nobody knows what it stands for. Of a write it leaves the outcome
 * open, as an answer that was lost does.
 */
export function incompleteAnswer(call: FailedCall): StorageError<'BackendUnavailable'> {
  return new StorageError(
    'BackendUnavailable',
    { backend: BACKEND_NAME, operation: call.operation },
    {
      retryable: true,
      cause: Object.assign(new Error('the answer is not one of S3'), { code: 'IncompleteAnswer' }),
      message: `S3 could not ${call.operation}: the service left out what an answer has to say (${call.request}).`,
    },
  )
}

/**
 * The ETag of an answer; fails where there is none. Every S3 names what it has written, or gives, by one. Whatever else answers 200 (the page
 * of a proxy, of a web server at the address of old) has taken no bytes, and gives none of ours.
 */
export function etagOf(etag: string | undefined, call: FailedCall): string {
  if (etag === undefined || etag === '') throw incompleteAnswer(call)
  return etag
}
