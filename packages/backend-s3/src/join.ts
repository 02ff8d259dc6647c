import { StorageError } from '@stowage/core/backend'
import type { BlobKey, JoinFacet, JoinOptions, StoredBlob } from '@stowage/core/backend'
import { copyParts } from './copy-parts.ts'
import { getObjectFacts } from './find-object.ts'
import { PART_COUNT_MAX, PART_SIZE_MAX, PART_SIZE_MIN } from './options.ts'
import type { Store } from './store.ts'

/** Joins blobs by UploadPartCopy: each source is one part, so the limits are those of parts. It needs no names on its way. */
export function joinFacet(store: Store): JoinFacet {
  return {
    sourceCountMax: PART_COUNT_MAX,
    sourceSizeMin: PART_SIZE_MIN,
    sourceSizeMax: PART_SIZE_MAX,
    sourceSizesEqual: store.options.joinSizesEqual,
    join: (to, sources, options) => joinBlobs(store, { to, sources }, options),
  }
}

async function joinBlobs(
  store: Store,
  { to, sources }: { readonly to: BlobKey; readonly sources: readonly BlobKey[] },
  { signal }: JoinOptions,
): Promise<StoredBlob> {
  signal?.throwIfAborted()
  if (sources.length === 0 || sources.length > PART_COUNT_MAX) {
    throw new StorageError('InvalidArgument', { argument: 'sources', reason: `are 1 to ${PART_COUNT_MAX}` })
  }
  await copyParts(store, to, { ranges: sources.map((from) => ({ from })), operation: 'join', size: null, signal })
  const { size } = await getObjectFacts(store, to, { operation: 'join', signal })
  return { size }
}
