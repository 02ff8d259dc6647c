import { CopyObjectCommand } from '@aws-sdk/client-s3'
import type { BlobKey, CallOptions, StoredBlob } from '@stowage/core/backend'
import { copySource, copyParts } from './copy-parts.ts'
import { cutRanges } from './cut-ranges.ts'
import { getObjectFacts } from './find-object.ts'
import type { FailedCall } from './errors.ts'
import { etagOf } from './incomplete-answer.ts'
import { PART_SIZE_MAX } from './options.ts'
import { removeObject } from './remove-object.ts'
import { resolveOutcome } from './resolve-outcome.ts'
import { attempt, objectOf } from './store.ts'
import type { Store } from './store.ts'

/** Copies a blob inside the service: in one request up to 5 GiB, beyond that in parts of 1 GiB. */
export async function copyBlob(
  store: Store,
  { from, to }: { readonly from: BlobKey; readonly to: BlobKey },
  options?: CallOptions,
): Promise<StoredBlob> {
  const signal = options?.signal
  signal?.throwIfAborted()
  const { size, crc32 } = await getObjectFacts(store, from, { operation: 'copy', signal })
  if (size > PART_SIZE_MAX) {
    await copyParts(store, to, { ranges: cutRanges(from, size), operation: 'copy', size, signal })
    return { size }
  }
  const call: FailedCall = { operation: 'copy', key: from, request: 'CopyObject' }
  try {
    const { CopyObjectResult } = await attempt(store, { call, signal }, (sent) =>
      store.client.send(new CopyObjectCommand({ ...objectOf(store, to), CopySource: copySource(store, from) }), sent),
    )
    etagOf(CopyObjectResult?.ETag, call)
  } catch (error) {
    await resolveOutcome(store, to, { error, signal, expected: { size, crc32 } }).catch(async (reason: unknown) => {
      await removeObject(store, to).catch(() => undefined)
      throw reason
    })
  }
  return { size }
}
