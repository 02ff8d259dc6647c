import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { isStorageError } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import type { FailedCall } from './errors.ts'
import { explainNotFound } from './explain-not-found.ts'
import { etagOf, incompleteAnswer } from './incomplete-answer.ts'
import { attempt, objectOf } from './store.ts'
import type { Store } from './store.ts'

/** What the service says of an object. */
export interface FoundObject {
  /** In bytes. */
  readonly size: number
  readonly etag: string
  /** CRC-32 of all its bytes, where the service keeps one. */
  readonly crc32: string | null
}

/** The object of a blob; fails with `BlobNotFound` where there is none. */
export async function getObjectFacts(
  store: Store,
  key: BlobKey,
  { operation, signal }: { readonly operation: FailedCall['operation']; readonly signal?: AbortSignal | undefined },
): Promise<FoundObject> {
  const call: FailedCall = { operation, key, request: 'HeadObject' }
  // A HEAD has no body that the vendor's client would check by this; it is only asked for what it knows.
  const answer = await attempt(store, { call, signal }, (options) =>
    store.client.send(new HeadObjectCommand({ ...objectOf(store, key), ChecksumMode: 'ENABLED' }), options),
  ).catch(async (error: unknown) => {
    throw await explainNotFound(store, key, { error, operation, signal })
  })
  if (answer.ContentLength === undefined) throw incompleteAnswer(call)
  return { size: answer.ContentLength, etag: etagOf(answer.ETag, call), crc32: wholeCrc32(answer) }
}

/** The same, or null where there is none. */
export async function findObject(store: Store, key: BlobKey, signal: AbortSignal): Promise<FoundObject | null> {
  try {
    return await getObjectFacts(store, key, { operation: 'put', signal })
  } catch (error) {
    if (isStorageError(error) && error.code === 'BlobNotFound') return null
    throw error
  }
}

/** The CRC-32 of the whole object, if that is what an answer carries: one made of the sums of parts says nothing of the bytes in a row. */
export function wholeCrc32(answer: {
  readonly ChecksumCRC32?: string | undefined
  readonly ChecksumType?: string | undefined
}): string | null {
  const { ChecksumCRC32: sum, ChecksumType: type } = answer
  return sum === undefined || type === 'COMPOSITE' || sum.includes('-') ? null : sum
}
