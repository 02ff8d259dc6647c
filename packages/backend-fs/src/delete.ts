import type { BlobKey, CallOptions } from '@stowage/core/backend'
import { mapBounded } from './bounded.ts'
import { errorCode, translate } from './errors.ts'
import { blobPath } from './paths.ts'
import type { Store } from './store.ts'

/**
 * Removes blobs, and syncs their directories: the caller forgets them after this, and a blob that came back in a power
 * cut would be nobody's.
 */
export async function deleteBlobs(store: Store, keys: readonly BlobKey[], options?: CallOptions): Promise<void> {
  const signal = options?.signal
  signal?.throwIfAborted()
  store.health.check('delete')
  try {
    await mapBounded(keys, async (key) => {
      signal?.throwIfAborted()
      await unlinkIfThere(store, `${store.root}/${blobPath(key).file}`)
      if (store.unreadable.get(key) === 'left behind') store.unreadable.delete(key)
    })
    const { directorySync } = store
    if (directorySync === null) return
    // Also where nothing was there: an earlier call may have removed it and died before its sync.
    const directories = new Set(keys.map((key) => blobPath(key).directory))
    await mapBounded([...directories], (directory) => ignoreMissing(directorySync.sync(`${store.root}/${directory}`)))
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : translate(error, { operation: 'delete' })
  }
}

function unlinkIfThere(store: Store, file: string): Promise<void> {
  return ignoreMissing(store.fileSystem.unlink(file))
}

async function ignoreMissing(call: Promise<void>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}
