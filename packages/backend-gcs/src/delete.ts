import type { BlobKey, CallOptions } from '@stowage/core/backend'
import pLimit from 'p-limit'
import { translate } from './errors.ts'
import { isMissing } from './missing-object.ts'
import { objectPath } from './object-path.ts'
import { readRefusal } from './refusal.ts'
import { withRetries } from './retry.ts'
import type { Store } from './store.ts'

/**
 * Deletes blobs, a bounded number at a time; after a failure nothing new begins. The JSON API has no call for many: its batches are
 * single calls in one envelope, counted and paid for one by one.
 */
export async function deleteBlobs(store: Store, keys: readonly BlobKey[], options?: CallOptions): Promise<void> {
  const signal = options?.signal
  signal?.throwIfAborted()
  const limit = pLimit({ concurrency: store.options.concurrency, rejectOnClear: false })
  let failure: { readonly error: unknown } | null = null
  const deletions = keys.map((key) =>
    limit(async () => {
      if (failure !== null) return
      try {
        await deleteObject(store, key, signal)
      } catch (error) {
        failure ??= { error: signal?.aborted === true ? signal.reason : translate(error, { operation: 'delete' }) }
      }
    }),
  )
  // All have stopped by then: a caller that cleans up after a failure meets nobody.
  await Promise.all(deletions)
  rethrow(failure)
}

function rethrow(failure: { readonly error: unknown } | null): void {
  if (failure !== null) throw failure.error
}

/** Deletes one object; one that is not there is fine. */
export async function deleteObject(store: Store, key: BlobKey, signal?: AbortSignal): Promise<void> {
  await withRetries({ options: store.options, signal }, async () => {
    const answer = await store.transport.call({ method: 'DELETE', target: objectPath(store.options, key), signal })
    if (answer.status >= 200 && answer.status <= 299) return
    const refusal = readRefusal(answer.status, answer.headers, answer.body)
    if (!(await isMissing(store, { refusal, key, signal }))) throw refusal
  })
}
