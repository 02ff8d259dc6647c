import type { BlobKey, CallOptions } from '@stowage/core/backend'
import pLimit from 'p-limit'
import { translate } from './errors.ts'
import { isMissing } from './missing-object.ts'
import { objectPath } from './object-path.ts'
import { readRefusal } from './refusal.ts'
import { withRetries } from './retry.ts'
import type { Store } from './store.ts'

/**
 * Deletes blobs, a bounded number at a time; after a failure nothing new begins, and nothing is tried again. The JSON API has no call for many: its batches are
 * single calls in one envelope, counted and paid for one by one.
 */
export async function deleteBlobs(store: Store, keys: readonly BlobKey[], options?: CallOptions): Promise<void> {
  const signal = options?.signal
  signal?.throwIfAborted()
  const limit = pLimit({ concurrency: store.options.concurrency, rejectOnClear: false })
  let failure: { readonly error: unknown } | null = null
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  const deletions = keys.map((key) =>
    limit(async () => {
      if (failure !== null) return
      try {
        await deleteObject(store, key, { signal, repeats: stop.signal })
      } catch (error) {
        failure ??= { error: signal?.aborted === true ? signal.reason : translate(error, { operation: 'delete' }) }
        stop.abort(error)
      }
    }),
  )
  // All have stopped by then: a caller that cleans up after a failure meets nobody.
  await Promise.all(deletions)
  signal?.removeEventListener('abort', onAbort)
  rethrow(failure)
}

function rethrow(failure: { readonly error: unknown } | null): void {
  if (failure !== null) throw failure.error
}

/** What ends a deletion. */
export interface DeletionSignals {
  readonly signal?: AbortSignal | undefined
  /** Ends only its repetitions: the request that is under way goes on to its answer. Default: `signal`. */
  readonly repeats?: AbortSignal
}

/** Deletes one object; one that is not there is fine. */
export async function deleteObject(store: Store, key: BlobKey, { signal, repeats }: DeletionSignals = {}): Promise<void> {
  await withRetries({ store, signal: repeats ?? signal }, async () => {
    const answer = await store.transport.call({ method: 'DELETE', target: objectPath(store.options, key), signal })
    if (answer.status >= 200 && answer.status <= 299) return
    const refusal = readRefusal(answer.status, answer.headers, answer.body)
    if (!(await isMissing(store, { refusal, key, signal }))) throw refusal
  })
}
