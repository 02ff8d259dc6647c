import { HeadBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { CallOptions } from '@stowage/core/backend'
import { statusOf } from './errors.ts'
import { attempt } from './store.ts'
import type { Store } from './store.ts'

/** Asks for the bucket, so that what is wrong is known before the first blob: address, credentials, permissions, the bucket itself. */
export async function initBucket(store: Store, options?: CallOptions): Promise<void> {
  const { bucket: Bucket, prefix: Prefix } = store.options
  const signal = options?.signal
  let failure: unknown
  try {
    await attempt(store, { call: { operation: 'init', request: 'HeadBucket' }, signal }, (sent) =>
      store.client.send(new HeadBucketCommand({ Bucket }), sent),
    )
    return
  } catch (error) {
    signal?.throwIfAborted()
    failure = error
  }
  const status = failure instanceof Error ? statusOf(failure.cause) : null
  // No answer at all, or one that says all there is.
  if (status === null || status >= 500) throw failure
  // The answer to a HEAD has no body: only a GET tells why. Where it works, the bucket is there, and HeadBucket was the one thing forbidden.
  await attempt(store, { call: { operation: 'init', request: 'ListObjectsV2' }, signal }, (sent) =>
    store.client.send(new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 }), sent),
  )
}
