import { Readable } from 'node:stream'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { isStorageError } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import { isUnsaid, statusOf } from './errors.ts'
import type { FailedCall } from './errors.ts'
import { attempt, objectOf } from './store.ts'
import type { Store } from './store.ts'

/** A request that failed, and how to ask again. */
export interface UnexplainedFailure {
  /** What it failed with, in the engine's words. */
  readonly error: unknown
  /** For errors: what it was a part of. */
  readonly operation: FailedCall['operation']
  /** Aborting rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * What a failure is about, where it is a 404 without a word of S3: the answer to a HEAD has no body, and whatever stands between us and the
 * service has 404s of its own. A GET of one byte tells: `BlobNotFound` where the service says that the object is not there, or what it says
 * instead. Where it finds the object, and for all other failures, the error as it was.
 */
export async function explainNotFound(store: Store, key: BlobKey, { error, operation, signal }: UnexplainedFailure): Promise<unknown> {
  if (!isStorageError(error) || !isUnsaid(error.cause)) return error
  const command = new GetObjectCommand({ ...objectOf(store, key), Range: 'bytes=0-0' })
  try {
    const { Body } = await attempt(store, { call: { operation, key, request: 'GetObject' }, signal }, (options) =>
      store.client.send(command, options),
    )
    if (Body instanceof Readable) Body.destroy()
    return error
  } catch (reason) {
    // An empty object has no first byte, and is there.
    if (isStorageError(reason) && statusOf(reason.cause) === 416) return error
    return reason
  }
}
