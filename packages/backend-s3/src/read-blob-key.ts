import { BLOB_KEY_LENGTH_MAX, parseBlobKey } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import type { Store } from './store.ts'

/** The blob that an object of this name holds; null for objects that are none of ours. */
export function readBlobKey(store: Store, name: string | undefined): BlobKey | null {
  const { prefix } = store.options
  if (name === undefined || !name.startsWith(prefix) || name.length > prefix.length + BLOB_KEY_LENGTH_MAX) return null
  const flat = name.slice(prefix.length)
  if (flat.includes('/')) return null
  try {
    return parseBlobKey(flat.replaceAll('.', '/'))
  } catch {
    return null
  }
}
