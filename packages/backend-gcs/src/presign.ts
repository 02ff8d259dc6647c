import { StorageError } from '@stowage/core/backend'
import type { BlobKey, CallOptions } from '@stowage/core/backend'
import { BACKEND_NAME, Closed, CredentialsFailure, mayPass, translate } from './errors.ts'
import { inTime } from './in-time.ts'
import { objectName } from './object-path.ts'
import { orAborted } from './or-aborted.ts'
import type { Store } from './store.ts'

/** The longest time a URL is good for, in seconds: nobody can take it back. */
export const PRESIGN_SECONDS_MAX: number = 60

/** What a URL may be made for. */
export interface PresignOptions extends CallOptions {
  /** 1 to 60. */
  readonly expiresInSeconds: number
  /** The `content-type` of the answer. Default: the object's own. */
  readonly contentType?: string
}

/**
 * A URL (V4) that reads the blob from the service itself, good for at most 60 seconds. Credentials with a private key sign here; those
 * of a machine ask IAM to (`signBlob`), one request each, which may take `idleTimeoutSeconds`.
 */
export async function presignGet(store: Store, key: BlobKey, { expiresInSeconds, contentType, signal }: PresignOptions): Promise<URL> {
  if (!Number.isInteger(expiresInSeconds) || expiresInSeconds < 1 || expiresInSeconds > PRESIGN_SECONDS_MAX) {
    throw new StorageError('InvalidArgument', { argument: 'expiresInSeconds', reason: `must be 1 to ${PRESIGN_SECONDS_MAX} whole seconds` })
  }
  const accessibleAt = store.options.clock()
  // Whole seconds, as the signature counts them.
  accessibleAt.setMilliseconds(0)
  const expires = new Date(accessibleAt.getTime() + expiresInSeconds * 1000)
  const file = store.client.bucket(store.options.bucket).file(objectName(store.options, key))
  try {
    const signed = file.getSignedUrl({
      version: 'v4',
      action: 'read',
      accessibleAt,
      expires,
      ...(contentType === undefined ? {} : { responseType: contentType }),
    })
    const timely = inTime(signed, { seconds: store.options.idleTimeoutSeconds, signal })
    const [url = ''] = await orAborted(timely, store.closed)
    return new URL(url)
  } catch (cause) {
    if (signal?.aborted === true) throw signal.reason
    if (cause instanceof Closed) throw translate(cause, { operation: 'presign' })
    const retryable = mayPass(new CredentialsFailure(cause))
    const message = retryable
      ? 'No signature was to be had for Cloud Storage; the same call may succeed later.'
      : 'These credentials for Cloud Storage cannot sign: a service account with its private key can, and so can one that may call signBlob of IAM.'
    throw new StorageError('BackendUnavailable', { backend: BACKEND_NAME, operation: 'presign' }, { cause, retryable, message })
  }
}
