import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import type { BlobKey } from '@stowage/core/backend'
import { attempt, objectOf } from './store.ts'
import type { Store } from './store.ts'
import { CLEAN_UP_MS } from './upload.ts'

/** Removes what a failed write may have left under its name. */
export async function removeObject(store: Store, key: BlobKey): Promise<void> {
  await attempt(store, { call: { operation: 'put', request: 'DeleteObject' }, signal: AbortSignal.timeout(CLEAN_UP_MS) }, (options) =>
    store.client.send(new DeleteObjectCommand(objectOf(store, key)), options),
  )
}
