import { StorageError } from '../../errors/storage-error.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { writeOrRefuse } from './copy-tables.ts'

/**
 * Gives up the move of a store, begun or done: it may be served again, and a copy that is not finished never will be. Where the move was
 * done, the other store must not be used any more, nor have been: both name the same blobs. Gives back what that one is called. The
 * store is open, and was made with `openMarked`. Rejects with `StoreNotUsable` where it was not moved.
 */
export async function takeBackMetadata({ copying }: MetadataStore): Promise<string> {
  const mark = await copying.readMark()
  if (mark === null || (mark.body.state !== 'moving' && mark.body.state !== 'moved')) {
    throw new StorageError('StoreNotUsable', { reason: 'it is not one that has been moved, or was being moved' })
  }
  await writeOrRefuse(copying, { expected: mark.version, mark: null })
  const { to } = mark.body
  return typeof to === 'string' ? to : 'another store'
}
